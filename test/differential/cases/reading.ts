// Fetch, ListOffsets and OffsetForLeaderEpoch over the ten records of `records`: two batches, offsets 0-4 at 1000-1040 ms and 5-9 at 2000-2040 ms.

import { fetch } from '../../../src/wire/messages/fetch.ts'
import { listOffsets } from '../../../src/wire/messages/list-offsets.ts'
import { offsetForLeaderEpoch } from '../../../src/wire/messages/offset-for-leader-epoch.ts'
import type { Draft } from '../../../src/wire/schema.ts'
import type { AskedBroker } from '../broker.ts'
import { ZERO_ID } from '../normalise.ts'
import { requests, UNKNOWN_ID, type Case } from './case.ts'

type FetchRequest = Draft<typeof fetch.request>
type FetchPartition = FetchRequest['topics'][number]['partitions'][number]

const reading = (topic: string, changes: Partial<FetchPartition> = {}, request: Partial<FetchRequest> = {}): FetchRequest => ({
  maxWaitMs: 0,
  minBytes: 0,
  topics: [{ topic, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1_000_000, ...changes }] }],
  forgottenTopicsData: [],
  ...request,
})

const readingById = (topicId: string, changes: Partial<FetchPartition> = {}): FetchRequest => {
  const { topics, ...rest } = reading('', changes)
  return { ...rest, topics: [{ topicId, partitions: topics[0]!.partitions }] }
}

const fetches: Case[] = [
  ...requests(fetch, 12, {
    'from the start': reading('records'),
    'inside a batch': reading('records', { fetchOffset: 7 }),
    'at the end': reading('records', { fetchOffset: 10 }),
    'past the end': reading('records', { fetchOffset: 11 }),
    'at a negative offset': reading('records', { fetchOffset: -1 }),
    'less than a batch': reading('records', { partitionMaxBytes: 1 }),
    'no bytes of a partition': reading('records', { partitionMaxBytes: 0 }),
    'no bytes at all': reading('records', {}, { maxBytes: 0 }),
    'a negative number of bytes': reading('records', {}, { maxBytes: -1 }),
    'a negative number of bytes of a partition': reading('records', { partitionMaxBytes: -1 }),
    'an empty partition': reading('empty'),
    'an unknown topic': reading('unknown'),
    'an unknown partition': reading('records', { partition: 9 }),
    'the largest partition': reading('records', { partition: 0x7fff_ffff }),
    'the largest offset': reading('records', { fetchOffset: Number.MAX_SAFE_INTEGER }),
    'a negative partition': reading('records', { partition: -1 }),
    'read committed': reading('records', {}, { isolationLevel: 1 }),
    'an unknown isolation level': reading('records', {}, { isolationLevel: 2 }),
    'the current leader epoch': (broker) => reading('records', { currentLeaderEpoch: broker.leaderEpoch }),
    'a newer leader epoch': (broker) => reading('records', { currentLeaderEpoch: broker.leaderEpoch + 1 }),
    'a last fetched epoch that is current': (broker) =>
      reading('records', { fetchOffset: 5, currentLeaderEpoch: broker.leaderEpoch, lastFetchedEpoch: broker.leaderEpoch }),
    'a last fetched epoch at an offset past the end': (broker) =>
      reading('records', { fetchOffset: 20, lastFetchedEpoch: broker.leaderEpoch }),
    'a last fetched epoch that is newer': (broker) => reading('records', { fetchOffset: 5, lastFetchedEpoch: broker.leaderEpoch + 5 }),
    'an unknown session': reading('records', {}, { sessionId: 12_345, sessionEpoch: 1 }),
    'a session of epoch 0 with an id': reading('records', {}, { sessionId: 12_345, sessionEpoch: 0 }),
    'a new session': reading('records', {}, { sessionId: 0, sessionEpoch: 0 }),
    'no partitions, without a session': { ...reading('records'), topics: [] },
    'the same partition twice': {
      ...reading('records'),
      topics: [
        { topic: 'records', partitions: [0, 5].map((fetchOffset) => ({ partition: 0, fetchOffset, partitionMaxBytes: 1_000_000 })) },
      ],
    },
  }),
  ...requests(fetch, 4, {
    'from the start': reading('records'),
    'past the end': reading('records', { fetchOffset: 11 }),
    'an unknown topic': reading('unknown'),
  }),
  ...requests(fetch, 17, {
    'from the start': (broker) => readingById(broker.topicIds.get('records')!),
    'an unknown topic id': readingById(UNKNOWN_ID),
    'the zero topic id': readingById(ZERO_ID),
    'an unknown partition': (broker) => readingById(broker.topicIds.get('records')!, { partition: 9 }),
  }),
  { title: 'Fetch v12, session: what changed, what is forgotten, what is wrong', ask: session },
]

/** One session over its life; only what the next step needs is taken from an answer. */
async function session(broker: AskedBroker): Promise<unknown> {
  return broker.onConnection(async (connection) => {
    const answers: unknown[] = []
    const ask = async (request: FetchRequest): Promise<number> => {
      const response = await connection.request(fetch, 12, request)
      answers.push(broker.comparable(response))
      return response.sessionId
    }
    const bare = { topics: [] }
    const sessionId = await ask(reading('records', {}, { sessionEpoch: 0 }))
    await ask(reading('', {}, { ...bare, sessionId, sessionEpoch: 1 })) // the same records again: the position has not moved
    await ask(reading('records', { fetchOffset: 10 }, { sessionId, sessionEpoch: 2 }))
    await ask(reading('', {}, { ...bare, sessionId, sessionEpoch: 3 }))
    await ask(reading('empty', {}, { sessionId, sessionEpoch: 4 }))
    await ask(reading('unknown', {}, { sessionId, sessionEpoch: 5 }))
    await ask(reading('', {}, { ...bare, sessionId, sessionEpoch: 9 }))
    await ask(
      reading('records', { fetchOffset: 5 }, { sessionId, sessionEpoch: 6, forgottenTopicsData: [{ topic: 'empty', partitions: [0] }] }),
    )
    await ask(reading('', {}, { ...bare, sessionId, sessionEpoch: 7, forgottenTopicsData: [{ topic: 'records', partitions: [0] }] }))
    await ask(reading('records', {}, { sessionId, sessionEpoch: -1 }))
    await ask(reading('', {}, { ...bare, sessionId, sessionEpoch: 8 }))
    return answers
  })
}

type ListPartition = Draft<typeof listOffsets.request>['topics'][number]['partitions'][number]

const listing = (name: string, timestamp: number, changes: Partial<ListPartition> = {}, isolationLevel = 0) => ({
  replicaId: -1,
  isolationLevel,
  timeoutMs: 30_000,
  topics: [{ name, partitions: [{ partitionIndex: 0, timestamp, ...changes }] }],
})

const SPECIAL = {
  latest: -1,
  earliest: -2,
  'largest timestamp': -3,
  'earliest local': -4,
  'latest tiered': -5,
  'earliest pending upload': -6,
  'no such': -7,
}
const specials = Object.fromEntries(
  Object.entries(SPECIAL).flatMap(([name, timestamp]) => [
    [`${name} (${timestamp})`, listing('records', timestamp)],
    [`${name} (${timestamp}) of an empty partition`, listing('empty', timestamp)],
  ]),
)

const listings: Case[] = [
  ...Array.from({ length: 11 }, (_, index) => requests(listOffsets, index + 1, specials)).flat(),
  ...requests(listOffsets, 10, {
    'before every record': listing('records', 0),
    'the first timestamp': listing('records', 1000),
    'inside a batch': listing('records', 1015),
    'a timestamp inside a batch': listing('records', 1020),
    'between batches': listing('records', 1500),
    'the last timestamp': listing('records', 2040),
    'after every record': listing('records', 2041),
    'a timestamp of an empty partition': listing('empty', 0),
    'a very negative timestamp': listing('records', -1_000_000),
    'latest, read committed': listing('records', -1, {}, 1),
    'largest timestamp, read committed': listing('records', -3, {}, 1),
    'an unknown isolation level': listing('records', -1, {}, 2),
    'an unknown topic': listing('unknown', -1),
    'an illegal topic': listing('a/b', -1),
    'an unknown partition': listing('records', -1, { partitionIndex: 9 }),
    'a negative partition': listing('records', -1, { partitionIndex: -1 }),
    'the current leader epoch': (broker) => listing('records', -1, { currentLeaderEpoch: broker.leaderEpoch }),
    'a newer leader epoch': (broker) => listing('records', -1, { currentLeaderEpoch: broker.leaderEpoch + 1 }),
    'the same partition twice': {
      ...listing('records', -1),
      topics: [
        {
          name: 'records',
          partitions: [
            { partitionIndex: 0, timestamp: -1 },
            { partitionIndex: 0, timestamp: -2 },
            { partitionIndex: 1, timestamp: -1 },
          ],
        },
      ],
    },
    'no topics': { replicaId: -1, timeoutMs: 0, topics: [] },
    'as an unknown replica': { ...listing('records', -1), replicaId: 5 },
    'as a debugging replica': { ...listing('records', -1), replicaId: -2 },
  }),
]

const epochs = (topic: string, leaderEpoch: number, changes: { partition?: number; currentLeaderEpoch?: number } = {}) => ({
  topics: [{ topic, partitions: [{ partition: 0, leaderEpoch, ...changes }] }],
})

const leaderEpochs: Case[] = [
  ...requests(offsetForLeaderEpoch, 4, {
    'the current epoch': (broker) => epochs('records', broker.leaderEpoch),
    'the current epoch of an empty partition': (broker) => epochs('empty', broker.leaderEpoch),
    'a newer epoch': (broker) => epochs('records', broker.leaderEpoch + 1),
    'epoch -1': epochs('records', -1),
    'an unknown topic': epochs('unknown', 0),
    'an unknown partition': epochs('records', 0, { partition: 9 }),
    'with the current leader epoch': (broker) => epochs('records', broker.leaderEpoch, { currentLeaderEpoch: broker.leaderEpoch }),
    'with a newer leader epoch': (broker) => epochs('records', broker.leaderEpoch, { currentLeaderEpoch: broker.leaderEpoch + 1 }),
    'no topics': { topics: [] },
  }),
  ...requests(offsetForLeaderEpoch, 2, {
    'the current epoch': (broker) => epochs('records', broker.leaderEpoch),
    'an unknown topic': epochs('unknown', 0),
  }),
]

export const readingCases: Case[] = [...fetches, ...listings, ...leaderEpochs]
