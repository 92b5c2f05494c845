import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Cluster } from '../../src/client/cluster.ts'
import type { TopicMetadata } from '../../src/client/cluster.ts'
import { type AcknowledgedBatch, Producer, type ProducerOptions } from '../../src/client/produce.ts'
import { errorCode, type ErrorName } from '../../src/wire/error-codes.ts'
import { initProducerId } from '../../src/wire/messages/init-producer-id.ts'
import { produce } from '../../src/wire/messages/produce.ts'
import { BatchView } from '../../src/wire/records/batch.ts'
import { decompress } from '../../src/wire/records/codecs.ts'
import { readRecords } from '../../src/wire/records/record.ts'
import { ZERO_UUID } from '../../src/wire/uuid.ts'
import { ScriptedBroker } from './scripted-broker.ts'

const PRODUCER_ID = 4000

interface SentBatch {
  readonly partition: number
  readonly view: BatchView
  readonly values: string[]
}

let broker: ScriptedBroker
let cluster: Cluster
let topic: TopicMetadata
let sent: SentBatch[]
let acknowledged: AcknowledgedBatch[]
/** What the broker answers for the next batches; then NONE. */
let verdicts: (ErrorName | 'hang up')[]

const valuesOf = async (view: BatchView): Promise<string[]> =>
  [...readRecords(await decompress(view.codec, view.packedRecords, 1 << 20), view)].map(({ value }) => String(value))

beforeEach(async () => {
  sent = []
  acknowledged = []
  verdicts = []
  broker = await ScriptedBroker.start()
  broker.leads('orders', 3)
  broker.on(initProducerId, () => ({ errorCode: 0, producerId: PRODUCER_ID, producerEpoch: 0 }))
  const nextOffsets = [0, 100, 200]
  broker.on(produce, async ({ topicData }) => {
    const partitionResponses = []
    for (const { index, records } of topicData[0]!.partitionData) {
      const verdict = verdicts.shift() ?? 'NONE'
      const view = new BatchView(records!)
      sent.push({ partition: index, view, values: await valuesOf(view) })
      if (verdict === 'hang up') return 'hang up' as never
      const baseOffset = verdict === 'NONE' ? nextOffsets[index]! : -1
      if (verdict === 'NONE') nextOffsets[index]! += view.recordCount
      partitionResponses.push({ index, errorCode: errorCode(verdict), baseOffset })
    }
    return { responses: [{ name: 'orders', topicId: ZERO_UUID, partitionResponses }] }
  })
  cluster = new Cluster([broker.address])
  topic = (await cluster.topics(['orders']))[0]!
})
afterEach(async () => {
  cluster.close()
  await broker.stop()
})

const open = (options: ProducerOptions = {}) =>
  Producer.open(cluster, topic, { onAcknowledged: (batch) => acknowledged.push(batch), ...options })
const record = (value: string, partition = 0) => ({ partition, key: null, value: Buffer.from(value) })

describe('a producer', () => {
  it('gathers records into batches, one at a time on its way for each partition', async () => {
    const producer = await open()
    for (const value of ['a', 'b', 'c']) void producer.add(record(value))
    await producer.flush()
    expect(sent.map(({ partition, values }) => ({ partition, values }))).toEqual([{ partition: 0, values: ['a', 'b', 'c'] }])
    expect(acknowledged.map(({ partition, baseOffset, records }) => ({ partition, baseOffset, count: records.length }))).toEqual([
      { partition: 0, baseOffset: 0, count: 3 },
    ])
  })

  it('numbers its records for the broker, so that none is written twice', async () => {
    const producer = await open()
    for (const value of ['a', 'b', 'c', 'd']) {
      void producer.add(record(value))
      if (value !== 'a') await producer.flush()
    }
    expect(sent.map(({ view }) => [view.producerId, view.producerEpoch, view.baseSequence, view.recordCount])).toEqual([
      [PRODUCER_ID, 0, 0, 2],
      [PRODUCER_ID, 0, 2, 1],
      [PRODUCER_ID, 0, 3, 1],
    ])
  })

  it('that is not idempotent asks for no id', async () => {
    const producer = await open({ isIdempotent: false })
    void producer.add(record('a'))
    await producer.flush()
    expect(sent[0]!.view).toMatchObject({ producerId: -1, producerEpoch: -1, baseSequence: -1 })
    expect(broker.asked.map(({ name }) => name)).not.toContain('InitProducerId')
  })

  it.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('compresses with %s', async (codec) => {
    const producer = await open({ codec })
    void producer.add(record('a'.repeat(1000)))
    await producer.flush()
    expect(sent[0]!.view.codec).toBe(codec)
    expect(sent[0]!.values).toEqual(['a'.repeat(1000)])
  })

  it('closes a batch that has grown large enough', async () => {
    const producer = await open({ batchBytes: 1000 })
    for (const value of ['a', 'b', 'c']) void producer.add(record(value.repeat(600)))
    await producer.flush()
    expect(sent.map(({ values }) => values.map((value) => value[0]))).toEqual([['a', 'b'], ['c']])
  })

  it('sends the same batch again when the broker asks for that', async () => {
    verdicts = ['NOT_LEADER_OR_FOLLOWER', 'KAFKA_STORAGE_ERROR']
    const producer = await open()
    void producer.add(record('a'))
    await producer.flush()
    expect(sent.map(({ values, view }) => [...values, view.baseSequence])).toEqual([['a', 0], ['a', 0], ['a', 0]]) // prettier-ignore
    expect(acknowledged).toHaveLength(1)
  })

  it('sends it again over a new connection when the old one is cut, and keeps the order', async () => {
    verdicts = ['hang up']
    const producer = await open({ batchBytes: 1 })
    for (const value of ['a', 'b']) void producer.add(record(value))
    await producer.flush()
    expect(sent.map(({ values, view }) => [...values, view.baseSequence])).toEqual([['a', 0], ['a', 0], ['b', 1]]) // prettier-ignore
    expect(broker.connectionCount).toBe(2)
  })

  it('takes a batch that the broker had already as written', async () => {
    verdicts = ['DUPLICATE_SEQUENCE_NUMBER']
    const producer = await open()
    void producer.add(record('a'))
    await producer.flush()
    expect(acknowledged.map(({ baseOffset }) => baseOffset)).toEqual([-1])
  })

  it('halves a batch that the topic finds too large, and keeps the order', async () => {
    verdicts = ['MESSAGE_TOO_LARGE', 'MESSAGE_TOO_LARGE']
    const producer = await open()
    for (const value of ['a', 'b', 'c', 'd', 'e']) void producer.add(record(value))
    await producer.flush()
    expect(sent.map(({ values, view }) => [values.join(''), view.baseSequence])).toEqual([
      ['abcde', 0],
      ['ab', 0],
      ['a', 0],
      ['b', 1],
      ['cde', 2],
    ])
  })

  it('ends with what the broker refuses for good, and takes no more', async () => {
    verdicts = ['MESSAGE_TOO_LARGE']
    const producer = await open()
    void producer.add(record('a'))
    await expect(producer.flush()).rejects.toMatchObject({ error: 'MESSAGE_TOO_LARGE' })
    expect(() => producer.add(record('b'))).toThrow('larger than')
    expect(acknowledged).toEqual([])
  })

  it('ends when a batch finds no leader for too long', async () => {
    verdicts = ['NOT_LEADER_OR_FOLLOWER', 'NOT_LEADER_OR_FOLLOWER', 'NOT_LEADER_OR_FOLLOWER']
    const producer = await open({ deliveryTimeoutMs: 0 })
    void producer.add(record('a'))
    await expect(producer.flush()).rejects.toMatchObject({ error: 'NOT_LEADER_OR_FOLLOWER' })
  })

  it('makes who adds wait while its buffer is full', async () => {
    const producer = await open({ bufferBytes: 1000 })
    expect(producer.add(record('a'.repeat(500)))).toBeUndefined()
    const full = producer.add(record('b'.repeat(500)))
    expect(full).toBeInstanceOf(Promise)
    await full
    expect(acknowledged.flatMap(({ records }) => records)).toHaveLength(2)
  })

  it('puts a key where every Kafka client puts it', async () => {
    const producer = await open()
    for (const key of ['a', 'abc', 'orders']) void producer.add({ key: Buffer.from(key), value: Buffer.from(key) })
    await producer.flush()
    const partitions = sent.flatMap(({ partition, values }) => values.map((value) => [value, partition]))
    expect(Object.fromEntries(partitions)).toEqual({
      a: (-1563381124 & 0x7fffffff) % 3,
      abc: 479470107 % 3,
      orders: (-1029842276 & 0x7fffffff) % 3,
    })
  })

  it('puts records without a key together, and moves on after each batch', async () => {
    const producer = await open({ batchBytes: 100 })
    for (let count = 0; count < 100; count++) await producer.add({ key: null, value: Buffer.from('x'.repeat(20)) })
    await producer.flush()
    expect(sent.every(({ values }) => values.length === 3 || values.length === 1)).toBe(true)
    expect(new Set(sent.map(({ partition }) => partition)).size).toBe(3)
  })

  it('refuses a partition that the topic does not have', async () => {
    const producer = await open()
    expect(() => producer.add(record('a', 3))).toThrow('topic "orders" has no partition 3')
  })
})
