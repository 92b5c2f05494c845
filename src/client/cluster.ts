// The brokers of a cluster: where they are, who leads which partition, and a connection to each that is asked something. Opened from any one of them.

import type { Clock } from '../lib/clock.ts'
import { errorName, isRetriable, Refusal } from '../wire/error-codes.ts'
import { ZERO_UUID } from '../wire/uuid.ts'
import { apiVersions } from '../wire/messages/api-versions.ts'
import { metadata } from '../wire/messages/metadata.ts'
import type { Api, Draft, Infer } from '../wire/schema.ts'
import { type Address, Connection, type ConnectionOptions, Disconnected } from './connection.ts'

interface PartitionMetadata {
  readonly partition: number
  /** -1: there is none at the moment. */
  readonly leaderId: number
  readonly leaderEpoch: number
  readonly replicaIds: readonly number[]
  readonly inSyncReplicaIds: readonly number[]
}

export interface TopicMetadata {
  readonly name: string
  readonly topicId: string
  readonly isInternal: boolean
  /** By number. */
  readonly partitions: readonly PartitionMetadata[]
}

export class Cluster {
  readonly #bootstrap: readonly Address[]
  readonly #options: ConnectionOptions
  readonly #connections = new Map<string, Promise<Connection>>()
  #brokers = new Map<number, Address>()

  /** Nothing is opened before it is needed. */
  constructor(bootstrap: readonly Address[], options: ConnectionOptions = {}) {
    this.#bootstrap = bootstrap
    this.#options = options
  }

  /** Of every topic when `names` is null. Throws a Refusal for one that is not there. */
  async topics(names: readonly string[] | null, { mayCreate = false } = {}): Promise<TopicMetadata[]> {
    const asked = names?.map((name) => ({ topicId: ZERO_UUID, name })) ?? null
    const response = await this.ask(metadata, { topics: asked, allowAutoTopicCreation: mayCreate })
    this.#brokers = new Map(response.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]))
    return response.topics.map(({ errorCode, name, topicId, isInternal, partitions }) => {
      if (errorCode !== 0) throw new Refusal(errorName(errorCode))
      return {
        name: name!,
        topicId,
        isInternal,
        partitions: partitions
          .map((about) => ({
            partition: about.partitionIndex,
            leaderId: about.leaderId,
            leaderEpoch: about.leaderEpoch,
            replicaIds: about.replicaNodes,
            inSyncReplicaIds: about.isrNodes,
          }))
          .sort((a, b) => a.partition - b.partition),
      }
    })
  }

  /** Sends a request that any broker can answer. */
  async ask<A extends Api>(api: A, request: Draft<A['request']>): Promise<Infer<A['response']>> {
    return (await this.#anyConnection()).request(api, request)
  }

  /** Sends a request to the broker with this id, known from metadata. */
  async askBroker<A extends Api>(brokerId: number, api: A, request: Draft<A['request']>): Promise<Infer<A['response']>> {
    return (await this.connectionTo(brokerId)).request(api, request)
  }

  async connectionTo(brokerId: number): Promise<Connection> {
    const address = this.#brokers.get(brokerId)
    if (address === undefined) throw new Refusal('LEADER_NOT_AVAILABLE')
    return this.#connect(address)
  }

  /** The ids of all brokers. */
  async brokerIds(): Promise<number[]> {
    await this.topics([])
    return [...this.#brokers.keys()]
  }

  /** The level at which the cluster runs a feature, as `group.version`; 0 when it does not. */
  async featureLevel(name: string): Promise<number> {
    const { finalizedFeatures } = await this.ask(apiVersions, { clientSoftwareName: 'ottla', clientSoftwareVersion: 'any' })
    return finalizedFeatures.find((feature) => feature.name === name)?.maxVersionLevel ?? 0
  }

  /** Another answer than metadata told where the broker is. */
  knowBroker(brokerId: number, address: Address): void {
    this.#brokers.set(brokerId, address)
  }

  close(): void {
    for (const connection of this.#connections.values()) {
      connection.then(
        (opened) => opened.close(),
        () => undefined, // whoever asked for it was told
      )
    }
    this.#connections.clear()
  }

  async #anyConnection(): Promise<Connection> {
    let reason: unknown
    for (const address of this.#bootstrap) {
      try {
        return await this.#connect(address)
      } catch (error) {
        if (!(error instanceof Disconnected)) throw error
        reason ??= error
      }
    }
    throw reason
  }

  async #connect(address: Address): Promise<Connection> {
    const key = `${address.host}:${address.port}`
    const known = this.#connections.get(key)
    if (known !== undefined && (await known).isOpen) return known
    const opening = Connection.open(address, this.#options)
    this.#connections.set(key, opening)
    opening.catch(() => this.#connections.delete(key))
    return opening
  }
}

/** Partitions by the id of the broker that leads them. Throws a Refusal for one that does not exist, or has no leader. */
export function byLeader(topic: TopicMetadata, partitions: Iterable<number>): Map<number, number[]> {
  const led = new Map<number, number[]>()
  for (const partition of partitions) {
    const about = topic.partitions.find((candidate) => candidate.partition === partition)
    if (about === undefined) throw new Refusal('UNKNOWN_TOPIC_OR_PARTITION', `topic "${topic.name}" has no partition ${partition}`)
    if (about.leaderId === -1)
      throw new Refusal('LEADER_NOT_AVAILABLE', `partition ${partition} of topic "${topic.name}" has no leader at the moment`)
    const others = led.get(about.leaderId)
    if (others === undefined) led.set(about.leaderId, [partition])
    else others.push(partition)
  }
  return led
}

/** Whether what failed may succeed in a while, perhaps with another broker. */
export function mayPass(error: unknown): boolean {
  return error instanceof Disconnected || (error instanceof Refusal && isRetriable(error.error))
}

const RETRY_BACKOFF_MS = 200

/** Tries until it succeeds, fails for good, or has failed for `forMs`. */
export async function retried<T>(attempt: () => Promise<T>, { clock, forMs }: { clock: Clock; forMs: number }): Promise<T> {
  const deadlineMs = clock.monotonic() + forMs
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (!mayPass(error) || clock.monotonic() >= deadlineMs) throw error
    }
    await new Promise<void>((resolve) => void clock.after(RETRY_BACKOFF_MS, resolve))
  }
}
