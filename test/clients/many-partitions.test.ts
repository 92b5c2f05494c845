// Real clients that read a topic of 1,000 partitions, all of them assigned, through a recorder that shows what they ask. Kafka's own consumer keeps a
// fetch session: it must get one, and then ask only for what moved. librdkafka (kcat, confluent-kafka) sends all partitions each time, and
// @platformatic/kafka asks for a new session each time, without ever using one.

import { Admin, Consumer } from '@platformatic/kafka'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { errorName } from '../../src/wire/error-codes.ts'
import { createTopics } from '../../src/wire/messages/create-topics.ts'
import { fetch } from '../../src/wire/messages/fetch.ts'
import { produce } from '../../src/wire/messages/produce.ts'
import { encodeBatch } from '../../src/wire/records/record.ts'
import { newTopic } from '../support/broker-process.ts'
import { FetchRecorder, type RecordedFetch } from '../support/fetch-recorder.ts'
import { describeWith } from '../support/test-clients.ts'
import { WireConnection } from '../support/wire-connection.ts'
import { AssignedReader } from './drivers/assigned-reader.ts'
import { ConfluentKafka } from './drivers/confluent-kafka.ts'
import { Kcat } from './drivers/kcat.ts'

const PARTITION_COUNT = 1000
const RECORDS_EACH = 3
const RECORD_COUNT = PARTITION_COUNT * RECORDS_EACH
const VALUE = 'a value'

/** The topic, with as many records in each partition. */
async function fillTopic(bootstrap: string): Promise<string> {
  const name = newTopic('many')
  const connection = await WireConnection.connect(bootstrap)
  const topic = { name, numPartitions: PARTITION_COUNT, replicationFactor: 1, assignments: [], configs: [] }
  await connection.request(createTopics, 5, { topics: [topic], timeoutMs: 60_000 })
  await append(connection, name, [...Array(PARTITION_COUNT).keys()], RECORDS_EACH)
  connection.close()
  return name
}

async function append(connection: WireConnection, topic: string, partitions: readonly number[], count = 1): Promise<void> {
  const records = await encodeBatch({
    records: Array.from({ length: count }, () => ({ timestamp: Date.now(), key: null, value: Buffer.from(VALUE) })),
  })
  const topicData = [{ name: topic, partitionData: partitions.map((index) => ({ index, records: Buffer.from(records) })) }]
  const { responses } = await connection.request(produce, 9, { transactionalId: null, acks: -1, timeoutMs: 30_000, topicData })
  const errors = responses[0]!.partitionResponses.map(({ errorCode }) => errorCode)
  expect(errors).toEqual(partitions.map(() => 0))
}

describe('a topic of 1,000 partitions', () => {
  let recorder: FetchRecorder
  let topic: string

  beforeAll(async () => {
    recorder = await FetchRecorder.start()
    topic = await fillTopic(recorder.bootstrap)
  })

  afterAll(() => recorder?.stop())

  /** What is asked while `use` runs. */
  async function recorded(use: () => Promise<unknown>): Promise<RecordedFetch[]> {
    recorder.fetches.length = 0
    await use()
    return [...recorder.fetches]
  }

  /** What the first request of a session is answered. */
  async function errorOfSession(sessionId: number): Promise<string> {
    const connection = await WireConnection.connect(recorder.bootstrap)
    const request = { maxWaitMs: 0, minBytes: 0, sessionId, sessionEpoch: 1, topics: [], forgottenTopicsData: [] }
    const { errorCode } = await connection.request(fetch, 13, request)
    connection.close()
    return errorName(errorCode)
  }

  describeWith('kafka')('read by Kafka’s consumer', () => {
    it('comes whole, and then costs requests of only what moved', async () => {
      const written = await fillTopic(recorder.bootstrap)
      const reader = new AssignedReader(recorder.bootstrap)
      await reader.assign(written, PARTITION_COUNT)
      const first = await recorded(async () =>
        expect(await reader.read(RECORD_COUNT)).toEqual({ count: RECORD_COUNT, bytes: RECORD_COUNT * VALUE.length }),
      )
      expect(first[0]).toMatchObject({ sessionId: 0, sessionEpoch: 0, partitionCount: PARTITION_COUNT })

      const connection = await WireConnection.connect(recorder.bootstrap)
      const appendAndRead = async (partition: number): Promise<void> => {
        await append(connection, written, [partition])
        expect(await reader.read(1)).toEqual({ count: 1, bytes: VALUE.length })
      }
      await appendAndRead(0) // by now it has told that it has read all
      const later = await recorded(async () => {
        for (const partition of [700, 7, 999]) await appendAndRead(partition)
      })
      connection.close()
      reader.close()
      const sessionIds = new Set(later.map(({ sessionId }) => sessionId))
      expect(sessionIds.size).toBe(1)
      expect(sessionIds.has(0)).toBe(false)
      expect(Math.max(...later.map(({ partitionCount }) => partitionCount))).toBe(1)
      expect(Math.max(...later.map(({ size }) => size))).toBeLessThan(250) // a full one has 30,000 bytes and more
    })
  })

  describeWith('kcat')('read by kcat', () => {
    it('comes whole', async () => {
      const output = await new Kcat(recorder.bootstrap).run(['-C', '-t', topic, '-o', 'beginning', '-e', '-q', '-f', '%p\\n'])
      const counts = new Map<string, number>()
      for (const partition of output.trimEnd().split('\n')) counts.set(partition, (counts.get(partition) ?? 0) + 1)
      expect(counts.size).toBe(PARTITION_COUNT)
      expect(Math.min(...counts.values())).toBe(RECORDS_EACH)
    })
  })

  describeWith('confluent-kafka')('read by confluent-kafka', () => {
    it('comes whole', async () => {
      const client = new ConfluentKafka(recorder.bootstrap)
      const counts = await client.countAll(topic, PARTITION_COUNT, RECORD_COUNT)
      client.close()
      expect(counts).toEqual(counts.map(() => RECORDS_EACH))
    })
  })

  describe('read by @platformatic/kafka', () => {
    it('comes whole, and the sessions that it asks for and does not use stay one', async () => {
      const client = { clientId: 'platformatic-test', bootstrapBrokers: [recorder.bootstrap] }
      const admin = new Admin(client)
      const consumer = new Consumer({ ...client, groupId: 'unused' })
      const { topics, brokers } = await admin.metadata({ topics: [topic] })
      const [node] = [...brokers.keys()]
      const read = async () =>
        consumer.fetch({
          node: node!,
          maxWaitTime: 100,
          minBytes: 1,
          maxBytes: 10 << 20,
          topics: [
            {
              topicId: topics.get(topic)!.id,
              partitions: Array.from({ length: PARTITION_COUNT }, (_, partition) => ({
                partition,
                currentLeaderEpoch: -1,
                fetchOffset: 0n,
                lastFetchedEpoch: -1,
                partitionMaxBytes: 1 << 20,
              })),
            },
          ],
        })
      const sessionIds: number[] = []
      const asked = await recorded(async () => {
        for (let fetches = 0; fetches < 3; fetches++) {
          const { sessionId, responses } = await read()
          sessionIds.push(sessionId)
          const partitions = responses.flatMap((response) => response.partitions)
          expect(partitions).toHaveLength(PARTITION_COUNT)
          expect(partitions.every(({ highWatermark }) => highWatermark >= BigInt(RECORDS_EACH))).toBe(true)
        }
      })
      await consumer.close()
      await admin.close()
      expect(asked.map(({ sessionId, sessionEpoch }) => [sessionId, sessionEpoch])).toEqual([
        [0, 0],
        [0, 0],
        [0, 0],
      ])
      expect(await Promise.all(sessionIds.map(errorOfSession))).toEqual([
        'FETCH_SESSION_ID_NOT_FOUND',
        'FETCH_SESSION_ID_NOT_FOUND',
        'NONE',
      ])
    })
  })
})
