// A member of a group of the consumer protocol (KIP-848), as little as it can be: it says that it is alive, does at once what it is told, and says so.

import { randomUUID } from 'node:crypto'
import { errorName } from '../../src/wire/error-codes.ts'
import { consumerGroupHeartbeat } from '../../src/wire/messages/consumer-group-heartbeat.ts'
import type { WireConnection } from './wire-connection.ts'

export interface ConsumerMemberOptions {
  readonly groupId: string
  readonly topic: string
  readonly rebalanceTimeoutMs: number
  /** Of the broker's; null for the one that it prefers. */
  readonly assignor?: string | null
}

interface TopicPartitions {
  readonly topicId: string
  readonly partitions: number[]
}

const LEAVING_EPOCH = -1

export class ConsumerMember {
  readonly #options: ConsumerMemberOptions
  readonly #memberId = randomUUID()
  #owned: TopicPartitions[] = []
  epoch = 0
  /** Whether the broker knows what it has: it is said when that has changed. */
  isSettled = false

  constructor(options: ConsumerMemberOptions) {
    this.#options = options
  }

  get partitionCount(): number {
    return this.#owned.reduce((sum, { partitions }) => sum + partitions.length, 0)
  }

  /** One heartbeat; the first one joins. It gives up, and takes, at once. */
  async beat(connection: WireConnection): Promise<void> {
    const assigned = await this.#send(connection, this.isSettled ? null : this.#owned)
    this.isSettled = assigned === undefined
    this.#owned = assigned ?? this.#owned
  }

  async leave(connection: WireConnection): Promise<void> {
    this.epoch = LEAVING_EPOCH
    await this.#send(connection, null)
  }

  async #send(connection: WireConnection, topicPartitions: TopicPartitions[] | null): Promise<TopicPartitions[] | undefined> {
    const { groupId, topic, rebalanceTimeoutMs, assignor: serverAssignor = null } = this.#options
    const joining = this.epoch === 0 ? { rebalanceTimeoutMs, subscribedTopicNames: [topic], serverAssignor } : {}
    const request = { groupId, memberId: this.#memberId, memberEpoch: this.epoch, topicPartitions, ...joining }
    const { errorCode, errorMessage, memberEpoch, assignment } = await connection.request(consumerGroupHeartbeat, 1, request)
    if (errorCode !== 0) throw new Error(`a heartbeat of ${groupId} is answered ${errorName(errorCode)}: ${errorMessage}`)
    this.epoch = memberEpoch
    return assignment?.topicPartitions
  }
}
