// Fetch sessions: several requests after one another, whose answers depend on what was asked and answered before. Ids are random: what is compared is
// whether there is one.

import { setTimeout } from 'node:timers/promises'
import { createTopics } from '../../../src/wire/messages/create-topics.ts'
import { deleteTopics } from '../../../src/wire/messages/delete-topics.ts'
import { fetch } from '../../../src/wire/messages/fetch.ts'
import { metadata } from '../../../src/wire/messages/metadata.ts'
import { produce } from '../../../src/wire/messages/produce.ts'
import type { Draft } from '../../../src/wire/schema.ts'
import { buildBatch } from '../../support/batch-builder.ts'
import { producing, type AskedBroker } from '../broker.ts'
import { UNKNOWN_ID, type Case } from './case.ts'

type FetchRequest = Draft<typeof fetch.request>
type AskedTopic = FetchRequest['topics'][number]
type AskedPartition = AskedTopic['partitions'][number]

const BY_NAME = 12
const BY_ID = 17
const NO_PARTITIONS = [] as const

const partitionAt = (fetchOffset: number, changes: Partial<AskedPartition> = {}): AskedPartition => ({
  partition: 0,
  fetchOffset,
  partitionMaxBytes: 1_000_000,
  ...changes,
})
const named = (topic: string, fetchOffset = 0, changes: Partial<AskedPartition> = {}): AskedTopic => ({
  topic,
  partitions: [partitionAt(fetchOffset, changes)],
})
const withId = (topicId: string, fetchOffset = 0, changes: Partial<AskedPartition> = {}): AskedTopic => ({
  topicId,
  partitions: [partitionAt(fetchOffset, changes)],
})

/** Asks with the session that the first answer gave and the epoch that comes next, where the request does not say otherwise. */
class AskedSession {
  readonly answers: unknown[] = []
  readonly broker: AskedBroker
  readonly #version: number
  sessionId = 0
  #epoch = 0

  constructor(broker: AskedBroker, version: number) {
    this.broker = broker
    this.#version = version
  }

  async ask(topics: readonly AskedTopic[], changes: Partial<FetchRequest> = {}, version = this.#version): Promise<void> {
    const request = { maxWaitMs: 0, minBytes: 0, forgottenTopicsData: [], sessionId: this.sessionId, sessionEpoch: this.#epoch }
    const response = await this.broker.request(fetch, version, { ...request, topics: [...topics], ...changes })
    if (changes.sessionEpoch === undefined) this.#epoch++
    if (this.sessionId === 0) this.sessionId = response.sessionId
    this.answers.push(this.broker.comparable(response))
  }
}

const sessionCase = (title: string, version: number, play: (session: AskedSession, broker: AskedBroker) => Promise<void>): Case => ({
  title: `Fetch v${version}, session: ${title}`,
  async ask(broker) {
    const session = new AskedSession(broker, version)
    await play(session, broker)
    return session.answers
  },
})

async function append(broker: AskedBroker, topic: string, partition = 0): Promise<void> {
  const response = await broker.request(produce, 9, producing(topic, partition, buildBatch()))
  const { errorCode } = response.responses[0]!.partitionResponses[0]!
  if (errorCode !== 0) throw new Error(`a record for ${topic} was refused: error ${errorCode}`)
}

/** Waits until fetches of the topic by name find it, or do not. In Kafka a topic comes and goes a moment after it was said. */
async function untilFetchable(broker: AskedBroker, topic: string, isThere: boolean): Promise<void> {
  for (;;) {
    const { responses } = await broker.request(fetch, 4, { maxWaitMs: 0, minBytes: 0, topics: [named(topic)] })
    if ((responses[0]!.partitions[0]!.errorCode === 0) === isThere) return
    await setTimeout(20)
  }
}

async function deleteTopic(broker: AskedBroker, topic: string): Promise<void> {
  await broker.request(deleteTopics, 5, { topicNames: [topic], timeoutMs: 10_000 })
  await untilFetchable(broker, topic, false)
}

async function createTopic(broker: AskedBroker, name: string, numPartitions = 1): Promise<string> {
  const topic = { name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }
  const response = await broker.request(createTopics, 7, { topics: [topic] })
  if (response.topics[0]!.errorCode !== 0) throw new Error(`topic ${name} was refused: error ${response.topics[0]!.errorCode}`)
  await untilFetchable(broker, name, true)
  return response.topics[0]!.topicId
}

async function idOf(broker: AskedBroker, name: string): Promise<string> {
  const response = await broker.request(metadata, 12, { topics: [{ name }], allowAutoTopicCreation: false })
  return response.topics[0]!.topicId
}

const epochs: Case[] = [
  sessionCase('epochs that are not the next one', BY_NAME, async (session) => {
    await session.ask([named('records')])
    await session.ask(NO_PARTITIONS, { sessionEpoch: 2 })
    await session.ask(NO_PARTITIONS, { sessionEpoch: -2 })
    await session.ask(NO_PARTITIONS, { sessionEpoch: 0x7fff_ffff })
    await session.ask(NO_PARTITIONS)
    await session.ask(NO_PARTITIONS, { sessionEpoch: 1 })
    await session.ask(NO_PARTITIONS)
  }),
  sessionCase('a new one in place of the old', BY_NAME, async (session) => {
    await session.ask([named('records')])
    const old = session.sessionId
    await session.ask([named('empty')], { sessionEpoch: 0 })
    await session.ask(NO_PARTITIONS, { sessionId: old, sessionEpoch: 1 })
  }),
  sessionCase('ended with its id and epoch -1', BY_NAME, async (session) => {
    await session.ask([named('records')])
    await session.ask([named('records', 10)], { sessionEpoch: -1 })
    await session.ask(NO_PARTITIONS)
  }),
  sessionCase('a new one without partitions', BY_NAME, async (session) => {
    await session.ask(NO_PARTITIONS)
    await session.ask(NO_PARTITIONS)
    await session.ask([named('records')])
  }),
  sessionCase('a new one without partitions that then gets some', BY_NAME, async (session) => {
    await session.ask(NO_PARTITIONS)
    await session.ask([named('records')])
    await session.ask(NO_PARTITIONS)
  }),
  sessionCase('ids in a session of names', BY_NAME, async (session, broker) => {
    await session.ask([named('records')])
    await session.ask([withId(broker.topicIds.get('empty')!)], { sessionEpoch: 1 }, BY_ID)
    await session.ask([withId(broker.topicIds.get('empty')!)], { sessionEpoch: 5 }, BY_ID)
    await session.ask([named('empty')])
  }),
  sessionCase('names in a session of ids', BY_ID, async (session, broker) => {
    await session.ask([withId(broker.topicIds.get('records')!)])
    await session.ask([named('empty')], { sessionEpoch: 1 }, BY_NAME)
    await session.ask(NO_PARTITIONS, { sessionEpoch: 1 }, BY_NAME)
    await session.ask([withId(broker.topicIds.get('empty')!)])
  }),
  sessionCase('another request goes on with it while one waits', BY_NAME, async (session, broker) => {
    await session.ask([named('empty')])
    const waiting = broker.request(fetch, BY_NAME, {
      maxWaitMs: 1000,
      minBytes: 1,
      sessionId: session.sessionId,
      sessionEpoch: 1,
      topics: [],
      forgottenTopicsData: [],
    })
    await setTimeout(300)
    await session.ask(NO_PARTITIONS, { sessionEpoch: 2 })
    const { errorCode, responses } = await waiting
    session.answers.push(broker.comparable({ errorCode, responses }))
    await session.ask(NO_PARTITIONS, { sessionEpoch: 3 })
  }),
]

const changes: Case[] = [
  sessionCase('records that come later', BY_NAME, async (session, broker) => {
    const topic = await broker.newTopic()
    await session.ask([named(topic), named('empty'), named('records', 10)])
    await session.ask(NO_PARTITIONS)
    await append(broker, topic)
    await session.ask(NO_PARTITIONS)
    await session.ask([named(topic, 1)])
    await session.ask(NO_PARTITIONS)
    await append(broker, topic)
    await session.ask([named(topic, 2)]) // nothing to read, but another high watermark
    await session.ask(NO_PARTITIONS)
  }),
  sessionCase('records that come later', BY_ID, async (session, broker) => {
    const topic = await broker.newTopic()
    const topicId = await idOf(broker, topic)
    await session.ask([withId(topicId), withId(broker.topicIds.get('empty')!), withId(UNKNOWN_ID)])
    await session.ask(NO_PARTITIONS)
    await append(broker, topic)
    await session.ask(NO_PARTITIONS)
    await session.ask([withId(topicId, 1)])
    await session.ask(NO_PARTITIONS)
  }),
  sessionCase('the same partition twice', BY_NAME, async (session) => {
    await session.ask([{ topic: 'records', partitions: [partitionAt(0), partitionAt(5)] }])
    await session.ask([named('records', 10), named('records', 5)])
    await session.ask([named('records', 10)])
    await session.ask(NO_PARTITIONS)
  }),
  sessionCase('forgotten: what is not there, what is asked for too, everything', BY_NAME, async (session) => {
    const forgetting = (topic: string, partitions: number[]) => ({ forgottenTopicsData: [{ topic, partitions }] })
    await session.ask([named('records'), named('empty')], forgetting('records', [0]))
    await session.ask(NO_PARTITIONS, forgetting('records', [7, -1, 7]))
    await session.ask(NO_PARTITIONS, forgetting('never there', [0]))
    await session.ask([named('records', 5)], forgetting('records', [0]))
    await session.ask(NO_PARTITIONS)
    await session.ask([named('records', 5)])
    await session.ask([named('records', 5)], { forgottenTopicsData: ['records', 'empty'].map((topic) => ({ topic, partitions: [0, 0] })) })
    await session.ask(NO_PARTITIONS)
  }),
  sessionCase('forgotten by id', BY_ID, async (session, broker) => {
    const [records, empty] = [broker.topicIds.get('records')!, broker.topicIds.get('empty')!]
    await session.ask([withId(records), withId(empty, 5), withId(UNKNOWN_ID)])
    await session.ask(NO_PARTITIONS, { forgottenTopicsData: [UNKNOWN_ID, records].map((topicId) => ({ topicId, partitions: [0] })) })
    await session.ask([withId(empty)])
    await session.ask(NO_PARTITIONS)
  }),
  sessionCase('errors, each time, and what heals', BY_NAME, async (session, broker) => {
    const wrong = { currentLeaderEpoch: broker.leaderEpoch + 1 }
    await session.ask([named('records', 11), named('empty', 0, wrong), named('unknown'), named('written', 0, { partition: 9 })])
    await session.ask(NO_PARTITIONS)
    await session.ask([named('records', 10), named('empty', 0)])
    await session.ask(NO_PARTITIONS)
    await session.ask([named('records', -1)])
    await session.ask([named('records', 10)])
  }),
  sessionCase('a truncation', BY_NAME, async (session, broker) => {
    const ahead = { lastFetchedEpoch: broker.leaderEpoch, currentLeaderEpoch: broker.leaderEpoch }
    await session.ask([named('records', 20, ahead)])
    await session.ask(NO_PARTITIONS)
    await session.ask([named('records', 10, ahead)])
    await session.ask(NO_PARTITIONS)
  }),
  sessionCase('another isolation level', BY_NAME, async (session) => {
    await session.ask([named('records', 5)], { isolationLevel: 1 })
    await session.ask(NO_PARTITIONS, { isolationLevel: 0 })
    await session.ask([named('records', 10)], { isolationLevel: 1 })
    await session.ask(NO_PARTITIONS, { isolationLevel: 0 })
  }),
  sessionCase('limits', BY_NAME, async (session) => {
    await session.ask([named('records', 0, { partitionMaxBytes: 0 })], { maxBytes: 0 })
    await session.ask(NO_PARTITIONS, { maxBytes: 0 })
    await session.ask([named('records', 0, { partitionMaxBytes: 1 })])
    await session.ask(NO_PARTITIONS, { minBytes: -1, maxWaitMs: -1 })
    await session.ask([named('records', 0, { partitionMaxBytes: 0x7fff_ffff })], { minBytes: 0x7fff_ffff, maxBytes: 0x7fff_ffff })
  }),
  {
    title: 'Fetch v12, session: partitions take turns',
    async ask(broker) {
      const topic = await broker.newTopic({}, 4)
      for (const partition of [0, 1, 2, 3]) await append(broker, topic, partition)
      const partitions = [0, 1, 2, 3].map((partition) => partitionAt(0, { partition }))
      const turns: (number | undefined)[] = []
      let sessionId = 0
      for (const sessionEpoch of [0, 1, 2, 3, 4, 5, 6, 7]) {
        const request = { maxWaitMs: 0, minBytes: 0, maxBytes: 1, forgottenTopicsData: [], sessionId, sessionEpoch }
        const response = await broker.request(fetch, BY_NAME, { ...request, topics: sessionEpoch === 0 ? [{ topic, partitions }] : [] })
        sessionId = response.sessionId
        const told = response.responses.flatMap((each) => each.partitions)
        turns.push(told.find(({ records }) => records !== null && records.length > 0)?.partitionIndex)
      }
      return turns
    },
  },
]

const topics: Case[] = [
  sessionCase('a topic that is deleted and made again', BY_NAME, async (session, broker) => {
    const topic = await broker.newTopic()
    await append(broker, topic)
    await session.ask([named(topic, 1), named('empty')])
    await deleteTopic(broker, topic)
    await session.ask(NO_PARTITIONS)
    await session.ask(NO_PARTITIONS)
    await createTopic(broker, topic)
    await session.ask(NO_PARTITIONS)
    await session.ask([named(topic, 0)])
    await append(broker, topic)
    await session.ask(NO_PARTITIONS)
  }),
  sessionCase('a topic that is deleted and made again', BY_ID, async (session, broker) => {
    const topic = await broker.newTopic()
    await append(broker, topic)
    const oldId = await idOf(broker, topic)
    await session.ask([withId(oldId, 1), withId(broker.topicIds.get('empty')!)])
    await deleteTopic(broker, topic)
    await session.ask(NO_PARTITIONS)
    await session.ask([withId(oldId, 1)])
    const newId = await createTopic(broker, topic)
    await session.ask(NO_PARTITIONS)
    await session.ask([withId(newId, 0)])
    await session.ask([withId(newId, 0)], { forgottenTopicsData: [{ topicId: oldId, partitions: [0] }] })
    await append(broker, topic)
    await session.ask(NO_PARTITIONS)
  }),
  sessionCase('a topic that comes later', BY_NAME, async (session, broker) => {
    await session.ask([named('comes-later'), named('empty')])
    await session.ask(NO_PARTITIONS)
    await createTopic(broker, 'comes-later')
    await session.ask(NO_PARTITIONS)
    await session.ask(NO_PARTITIONS)
    await deleteTopic(broker, 'comes-later')
  }),
]

export const fetchSessions: Case[] = [...epochs, ...changes, ...topics]
