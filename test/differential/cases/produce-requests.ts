// Produce requests whose batches are good, and whose trouble lies elsewhere: acks, topics, limits of the topic, sequences.

import { fetch } from '../../../src/wire/messages/fetch.ts'
import { metadata } from '../../../src/wire/messages/metadata.ts'
import { produce } from '../../../src/wire/messages/produce.ts'
import { encodeRequest } from '../../../src/wire/frame.ts'
import { buildBatch } from '../../support/batch-builder.ts'
import { CLOSED, producing, type AskedBroker } from '../broker.ts'
import { ZERO_ID } from '../normalise.ts'
import { requests, UNKNOWN_ID, type Case } from './case.ts'

const good = buildBatch()
const byId = (topicId: string) => ({ acks: -1, timeoutMs: 30_000, topicData: [{ topicId, partitionData: [{ index: 0, records: good }] }] })

/** The batches of one idempotent producer, sent one after the other to a new topic: the answers' errors and offsets. */
const sequences = (title: string, batches: readonly { epoch?: number; sequence: number; count?: number }[]): Case => ({
  title: `Produce v9, idempotent: ${title}`,
  async ask(broker) {
    const topic = await broker.newTopic()
    const answers: unknown[] = []
    for (const { epoch = 0, sequence, count = 1 } of batches) {
      const records = Array.from({ length: count }, () => ({ value: 'v' }))
      const batch = buildBatch({ records, producerId: 123_456, producerEpoch: epoch, baseSequence: sequence })
      const response = await broker.request(produce, 9, producing(topic, 0, batch))
      const { errorCode, baseOffset } = response.responses[0]!.partitionResponses[0]!
      answers.push(broker.comparable({ errorCode, baseOffset }))
    }
    return answers
  },
})

/** What a connection still answers after a request that gets no answer. */
const withoutAcks = (title: string, topic: string, records: Buffer | null): Case => ({
  title: `Produce v9, acks=0: ${title}`,
  ask: (broker) =>
    broker.onConnection(async (connection) => {
      connection.send(Buffer.concat(encodeRequest(produce, 9, 7, 'no-acks', producing(topic, 0, records, { acks: 0 }))))
      const answer = await broker.askOn(connection, metadata, 12, { topics: [] })
      return answer === CLOSED ? CLOSED : 'the next request is answered'
    }),
})

async function storedTimestamp(broker: AskedBroker, attributes: number): Promise<unknown> {
  const { responses } = await broker.request(produce, 9, producing('append-time', 0, buildBatch({ attributes, baseTimestamp: 5n })))
  const produced = responses[0]!.partitionResponses[0]!
  if (produced.errorCode !== 0) return broker.comparable({ errorCode: produced.errorCode })
  const fetched = await broker.request(fetch, 12, {
    maxWaitMs: 0,
    minBytes: 0,
    topics: [{ topic: 'append-time', partitions: [{ partition: 0, fetchOffset: produced.baseOffset, partitionMaxBytes: 1 }] }],
    forgottenTopicsData: [],
  })
  const stored = fetched.responses[0]!.partitions[0]!.records!
  const isItsTime = stored.readBigInt64BE(35) === BigInt(produced.logAppendTimeMs)
  return {
    ...(broker.comparable({ errorCode: produced.errorCode }) as object),
    attributes: stored.readInt16BE(21),
    hasTheAnsweredTime: isItsTime,
  }
}

const large = buildBatch({ records: [{ value: 'x'.repeat(300) }] })
const past = buildBatch({ baseTimestamp: 1000n })
const SEQUENCE_MAX = 0x7fff_ffff

export const produceRequests: Case[] = [
  ...requests(produce, 9, {
    'acks=2': producing('written', 0, good, { acks: 2 }),
    'acks=-2': producing('written', 0, good, { acks: -2 }),
    'acks=2 and a bad batch': producing('written', 0, buildBatch({ crcError: 1 }), { acks: 2 }),
    'an unknown topic': producing('unknown', 0, good),
    'an illegal topic name': producing('il/legal', 0, good),
    'an empty topic name': producing('', 0, good),
    'an unknown partition': producing('written', 9, good),
    'a negative partition': producing('written', -1, good),
    'no topics': { acks: -1, timeoutMs: 1000, topicData: [] },
    'a topic without partitions': { acks: -1, timeoutMs: 1000, topicData: [{ name: 'written', partitionData: [] }] },
    'a batch larger than max.message.bytes': producing('small', 0, large),
    'a record without key on a compacted topic': producing(
      'compacted',
      0,
      buildBatch({ records: [{ key: 'k', value: 'v' }, { value: 'v' }] }),
    ),
    'a tombstone on a compacted topic': producing('compacted', 0, buildBatch({ records: [{ key: 'k', value: null }] })),
    'timestamps before message.timestamp.before.max.ms': producing('no-old-timestamps', 0, past),
  }),
  ...requests(produce, 13, {
    'an unknown topic id': byId(UNKNOWN_ID),
    'the zero topic id': byId(ZERO_ID),
  }),
  {
    title: 'Produce v13: a topic by id',
    ask: async (broker) => broker.ask(produce, 13, byId(broker.topicIds.get(await broker.newTopic())!)),
  },
  {
    title: 'Produce v9: good, unknown and damaged partitions in one request',
    async ask(broker) {
      const topic = await broker.newTopic()
      const partitionData = [
        { index: 0, records: good },
        { index: 1, records: good },
      ]
      const damaged = [{ index: 0, records: buildBatch({ crcError: 1 }) }]
      const topics = [
        { name: topic, partitionData },
        { name: 'small', partitionData: damaged },
      ]
      return broker.ask(produce, 9, { acks: -1, timeoutMs: 30_000, topicData: topics })
    },
  },
  {
    title: 'Produce v9: the timestamp type and time that LogAppendTime stores',
    ask: async (broker) => [await storedTimestamp(broker, 0), await storedTimestamp(broker, 8)],
  },
  withoutAcks('a good batch', 'written', good),
  withoutAcks('an unknown topic', 'unknown', good),
  withoutAcks('a damaged batch', 'written', buildBatch({ crcError: 1 })),
  withoutAcks('no batch', 'written', Buffer.alloc(0)),
  sequences('starts anywhere where it is unknown', [{ sequence: 42 }, { sequence: 43 }]),
  sequences('a repeated batch gets its first offset', [
    { sequence: 0, count: 3 },
    { sequence: 3 },
    { sequence: 0, count: 3 },
    { sequence: 3 },
  ]),
  sequences('a batch of which only part is known', [
    { sequence: 0, count: 3 },
    { sequence: 1, count: 2 },
    { sequence: 0, count: 4 },
  ]),
  sequences(
    'the five last batches are known',
    [0, 1, 2, 3, 4, 5, 1, 0].map((sequence) => ({ sequence })),
  ),
  sequences('a gap', [{ sequence: 0 }, { sequence: 2 }, { sequence: 1 }]),
  sequences('a gap after a batch of several', [{ sequence: 0, count: 5 }, { sequence: 4 }, { sequence: 6 }, { sequence: 5 }]),
  sequences('wraps around', [{ sequence: SEQUENCE_MAX - 1, count: 2 }, { sequence: 0 }, { sequence: 1 }]),
  sequences('wraps around inside a batch', [
    { sequence: SEQUENCE_MAX - 1, count: 4 },
    { sequence: 2 },
    { sequence: SEQUENCE_MAX - 1, count: 4 },
  ]),
  sequences('a newer epoch starts at 0', [
    { sequence: 0 },
    { epoch: 1, sequence: 1 },
    { epoch: 1, sequence: 0 },
    { epoch: 1, sequence: 1 },
  ]),
  sequences('an older epoch', [
    { epoch: 5, sequence: 0 },
    { epoch: 4, sequence: 1 },
    { epoch: 5, sequence: 1 },
  ]),
]
