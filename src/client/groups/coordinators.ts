// Which broker coordinates a group, and what it is asked: until it answers, for brokers come and go, and a coordinator reads its groups first.

import { type Clock, systemClock } from '../../lib/clock.ts'
import { findCoordinator } from '../../wire/messages/find-coordinator.ts'
import type { Api, Draft, Infer } from '../../wire/schema.ts'
import { refuse } from '../answers.ts'
import { type Cluster, mayPass, retried } from '../cluster.ts'
import type { Address } from '../connection.ts'

const GROUP_KEY = 0
const RETRY_MS = 30_000

export interface Coordinator extends Address {
  readonly brokerId: number
}

export interface CoordinatorsOptions {
  readonly clock?: Clock
  /** How long an answer that may pass is asked for again. */
  readonly retryMs?: number
}

export class Coordinators {
  readonly cluster: Cluster
  readonly #clock: Clock
  readonly #retryMs: number
  readonly #known = new Map<string, Coordinator>()

  constructor(cluster: Cluster, { clock = systemClock, retryMs = RETRY_MS }: CoordinatorsOptions = {}) {
    this.cluster = cluster
    this.#clock = clock
    this.#retryMs = retryMs
  }

  /** Throws a Refusal, or Disconnected. */
  of(groupId: string): Promise<Coordinator> {
    return this.#retried(() => this.#find(groupId))
  }

  /** Asks the coordinator of the group. `check` throws the Refusal that an answer stands for; one that may pass is tried again, perhaps elsewhere. */
  ask<A extends Api>(
    groupId: string,
    api: A,
    request: Draft<A['request']>,
    check: (response: Infer<A['response']>) => void,
  ): Promise<Infer<A['response']>> {
    return this.tried(groupId, (brokerId) => this.#askBroker(brokerId, api, request, check))
  }

  /** Tries until it succeeds with the group's coordinator, or fails for good. */
  tried<T>(groupId: string, attempt: (brokerId: number) => Promise<T>): Promise<T> {
    return this.#retried(() => this.once(groupId, attempt))
  }

  /** For those who try again by themselves: the next attempt looks for the coordinator when this one fails in a way that may pass. */
  async once<T>(groupId: string, attempt: (brokerId: number) => Promise<T>): Promise<T> {
    try {
      const { brokerId } = this.#known.get(groupId) ?? (await this.#find(groupId))
      return await attempt(brokerId)
    } catch (error) {
      if (mayPass(error)) this.#known.delete(groupId)
      throw error
    }
  }

  async #askBroker<A extends Api>(brokerId: number, api: A, request: Draft<A['request']>, check: (response: Infer<A['response']>) => void) {
    const response = await this.cluster.askBroker(brokerId, api, request)
    check(response)
    return response
  }

  async #find(groupId: string): Promise<Coordinator> {
    const response = await this.cluster.ask(findCoordinator, { key: groupId, keyType: GROUP_KEY, coordinatorKeys: [groupId] })
    const { errorCode, errorMessage, nodeId: brokerId, host, port } = response.coordinators[0] ?? response
    refuse(errorCode, errorMessage)
    const found = { brokerId, host, port }
    this.cluster.knowBroker(brokerId, found)
    this.#known.set(groupId, found)
    return found
  }

  #retried<T>(attempt: () => Promise<T>): Promise<T> {
    return retried(attempt, { clock: this.#clock, forMs: this.#retryMs })
  }
}
