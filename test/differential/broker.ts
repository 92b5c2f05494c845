// The broker that is asked, as a case sees it: a fresh connection for each question, the topics that every run makes first, and answers in the
// form in which those of two brokers can be compared.

import { setTimeout } from 'node:timers/promises'
import { createTopics } from '../../src/wire/messages/create-topics.ts'
import { findCoordinator } from '../../src/wire/messages/find-coordinator.ts'
import { initProducerId } from '../../src/wire/messages/init-producer-id.ts'
import { listOffsets } from '../../src/wire/messages/list-offsets.ts'
import { metadata } from '../../src/wire/messages/metadata.ts'
import { offsetFetch } from '../../src/wire/messages/offset-fetch.ts'
import { produce } from '../../src/wire/messages/produce.ts'
import type { Api, Draft, Infer } from '../../src/wire/schema.ts'
import { buildBatch } from '../support/batch-builder.ts'
import { ConnectionClosed, WireConnection } from '../support/wire-connection.ts'
import { normalised, ZERO_ID, type Known } from './normalise.ts'

/** Of both brokers: so that no group waits for members that do not come. */
export const BROKER_CONFIGS: Readonly<Record<string, string>> = { 'group.initial.rebalance.delay.ms': '0' }

export const CLOSED = 'the connection closes'
const SILENCE = 'there is no answer'
const ANSWERED_WITHIN_MS = 5000
const CREATED_WITHIN_MS = 20_000

/** `records` holds ten records of one key in two batches of five, a second apart; the others are empty. */
const TOPICS: Readonly<Record<string, { partitions: number; configs?: Record<string, string> }>> = {
  records: { partitions: 2 },
  empty: { partitions: 1 },
  written: { partitions: 1 },
  compacted: { partitions: 1, configs: { 'cleanup.policy': 'compact' } },
  under_score: { partitions: 1 },
  small: { partitions: 1, configs: { 'max.message.bytes': '300' } },
  'append-time': { partitions: 1, configs: { 'message.timestamp.type': 'LogAppendTime' } },
  'no-old-timestamps': { partitions: 1, configs: { 'message.timestamp.before.max.ms': '1000' } },
}

export class AskedBroker {
  readonly #bootstrap: string
  readonly topicIds = new Map<string, string>()
  leaderEpoch = -1
  brokerId = -1
  #newTopicCount = 0
  #groups: Promise<void> | undefined

  private constructor(bootstrap: string) {
    this.#bootstrap = bootstrap
  }

  static async prepare(bootstrap: string): Promise<AskedBroker> {
    const broker = new AskedBroker(bootstrap)
    await broker.#createTopics(TOPICS)
    await broker.#waitForProducerIds()
    for (const baseTimestamp of [1000n, 2000n]) {
      const records = Array.from({ length: 5 }, (_, index) => ({
        key: 'key',
        value: `${baseTimestamp} ${index}`,
        timestampDelta: 10 * index,
      }))
      const response = await broker.request(produce, 9, producing('records', 0, buildBatch({ records, baseTimestamp })))
      const { errorCode } = response.responses[0]!.partitionResponses[0]!
      if (errorCode !== 0) throw new Error(`the records of the cases were refused: error ${errorCode}`)
    }
    return broker
  }

  /** The answer as it is. */
  async request<A extends Api>(api: A, version: number, request: Draft<A['request']>): Promise<Infer<A['response']>> {
    return this.onConnection((connection) => connection.request(api, version, request))
  }

  /** The answer in comparable form, or that there is none. */
  async ask<A extends Api>(api: A, version: number, request: Draft<A['request']>): Promise<unknown> {
    return this.onConnection((connection) => this.askOn(connection, api, version, request))
  }

  async askOn<A extends Api>(connection: WireConnection, api: A, version: number, request: Draft<A['request']>): Promise<unknown> {
    const answer = await answerOf(connection.request(api, version, request))
    return typeof answer === 'string' ? answer : this.comparable(answer)
  }

  /** For frames that no codec of ours would write: the bytes of the answer, or that there is none. */
  async exchange(frame: Buffer): Promise<Buffer | string> {
    return this.onConnection((connection) => answerOf(connection.exchange(frame)))
  }

  async onConnection<T>(use: (connection: WireConnection) => Promise<T>): Promise<T> {
    const connection = await WireConnection.connect(this.#bootstrap)
    try {
      return await use(connection)
    } finally {
      connection.close()
    }
  }

  comparable(response: unknown): unknown {
    const known: Known = { leaderEpoch: this.leaderEpoch, brokerId: this.brokerId, topicIds: this.topicIds }
    return normalised(response, known)
  }

  /** An empty topic that no other case writes to. */
  async newTopic(configs: Record<string, string> = {}, partitions = 1): Promise<string> {
    const name = `case-${++this.#newTopicCount}`
    await this.#createTopics({ [name]: { partitions, configs } })
    return name
  }

  /** The topic of that name, empty and of one partition when a case asks for it first. */
  async makeTopic(name: string): Promise<void> {
    if (!this.topicIds.has(name)) await this.#createTopics({ [name]: { partitions: 1 } })
  }

  /** In Kafka a coordinator needs a moment to read its partition when the first group asks for one: `__consumer_offsets` is made by it. */
  async waitForGroups(): Promise<void> {
    this.#groups ??= this.#allCoordinators()
    await this.#groups
  }

  async #allCoordinators(): Promise<void> {
    const ids = Array.from({ length: 1000 }, (_, index) => `anybody-${index}`) // of every partition some
    const isReady = async (): Promise<boolean> => {
      const { coordinators } = await this.request(findCoordinator, 4, { coordinatorKeys: ids })
      if (coordinators.some(({ errorCode }) => errorCode !== 0)) return false
      const { groups } = await this.request(offsetFetch, 8, { groups: ids.map((groupId) => ({ groupId, topics: null })) })
      return groups.every(({ errorCode }) => errorCode === 0)
    }
    while (!(await isReady())) await setTimeout(20)
  }

  async #createTopics(wanted: typeof TOPICS): Promise<void> {
    const topics = Object.entries(wanted).map(([name, { partitions, configs = {} }]) => ({
      name,
      numPartitions: partitions,
      replicationFactor: 1,
      assignments: [],
      configs: Object.entries(configs).map(([config, value]) => ({ name: config, value })),
    }))
    await this.request(createTopics, 7, { topics })
    const asked = topics.map(({ name }) => ({ name, topicId: ZERO_ID }))
    const deadline = Date.now() + CREATED_WITHIN_MS
    for (;;) {
      const response = await this.request(metadata, 12, { topics: asked, allowAutoTopicCreation: false })
      if (response.topics.every(({ errorCode }) => errorCode === 0) && (await this.#leads(wanted))) {
        for (const topic of response.topics) this.topicIds.set(topic.name!, topic.topicId)
        this.leaderEpoch = response.topics[0]!.partitions[0]!.leaderEpoch
        this.brokerId = response.brokers[0]!.nodeId
        return
      }
      if (Date.now() > deadline) throw new Error('the topics of the cases did not appear')
    }
  }

  /** A Kafka that has just started gets its first ones from the controller, and meanwhile refuses. */
  async #waitForProducerIds(): Promise<void> {
    const request = { transactionalId: null, transactionTimeoutMs: 60_000 }
    while ((await this.request(initProducerId, 4, request)).errorCode !== 0) await setTimeout(20)
  }

  /** In Kafka a topic is seen in metadata a moment before its partitions can be asked. */
  async #leads(wanted: typeof TOPICS): Promise<boolean> {
    const topics = Object.entries(wanted).map(([name, { partitions }]) => ({
      name,
      partitions: Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, timestamp: -1 })),
    }))
    const response = await this.request(listOffsets, 4, { replicaId: -1, topics })
    return response.topics.every(({ partitions }) => partitions.every(({ errorCode }) => errorCode === 0))
  }
}

async function answerOf<T>(answer: Promise<T>): Promise<T | string> {
  const timer = new AbortController()
  const silence = setTimeout(ANSWERED_WITHIN_MS, SILENCE, { signal: timer.signal }).catch(() => SILENCE)
  try {
    return await Promise.race([answer, silence])
  } catch (error) {
    if (error instanceof ConnectionClosed) return CLOSED
    throw error
  } finally {
    timer.abort()
  }
}

/** A Produce request (below version 13) of one batch. */
export const producing = (
  name: string,
  index: number,
  records: Buffer | null,
  options: { acks?: number; transactionalId?: string } = {},
) => ({
  transactionalId: options.transactionalId ?? null,
  acks: options.acks ?? -1,
  timeoutMs: 30_000,
  topicData: [{ name, partitionData: [{ index, records }] }],
})
