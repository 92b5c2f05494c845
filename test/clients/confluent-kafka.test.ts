// confluent-kafka for Python, on a librdkafka of today (kcat brings one of 2023).

import { afterAll, beforeAll, expect, it } from 'vitest'
import { CODECS } from '../../src/wire/records/codecs.ts'
import { brokerUnderTest, newTopic, type TestBroker } from '../support/broker-process.ts'
import { describeWith } from '../support/test-clients.ts'
import { WireReader } from '../support/wire-reader.ts'
import { ConfluentKafka } from './drivers/confluent-kafka.ts'
import { createTopic } from './drivers/kafkajs.ts'
import { content, record, type TestRecord } from './drivers/records.ts'

describeWith('confluent-kafka')('confluent-kafka for Python', () => {
  let broker: TestBroker
  let client: ConfluentKafka

  beforeAll(async () => {
    broker = await brokerUnderTest()
    client = new ConfluentKafka(broker.bootstrap)
  })

  afterAll(async () => {
    client?.close()
    await broker?.stop()
  })

  async function newPartitions(partitionCount = 1): Promise<string> {
    const topic = newTopic('confluent')
    await createTopic(broker.bootstrap, topic, partitionCount)
    return topic
  }

  const numbered = (count: number): TestRecord[] =>
    Array.from({ length: count }, (_, index) => record(`key ${index}`, `value ${index}`, [['n', String(index)]]))

  it.each(CODECS)('reads back what it wrote with %s, compressed as it came', async (codec) => {
    const topic = await newPartitions()
    // librdkafka sends a batch as it is when compressing does not make it smaller, as with one short record.
    const records = Array.from({ length: 2000 }, (_, index) => record(`key ${index}`, `value ${index} `.repeat(40)))
    const delivered = await client.produce(topic, records, { 'compression.type': codec, 'linger.ms': 20 })
    expect(delivered.map(({ offset }) => offset)).toEqual(records.map((_, index) => index))
    expect((await client.consume(topic, { offset: 0 }, records.length)).map(content)).toEqual(records)
    const wire = await WireReader.connect(broker.bootstrap)
    const { batches } = await wire.fetchBatches(topic, 0, 0)
    expect(new Set(batches.map((batch) => batch.codec))).toEqual(new Set([codec]))
    wire.close()
  })

  it('writes as an idempotent producer, in order and once', async () => {
    const topic = await newPartitions()
    const records = numbered(3000)
    await client.produce(topic, records, { 'enable.idempotence': true, 'batch.num.messages': 11 })
    expect(await client.watermarks(topic)).toEqual([0, records.length])
    expect((await client.consume(topic, { offset: 0 }, records.length)).map(content)).toEqual(records)
  })

  it('spreads keys over partitions, and reads each of them', async () => {
    const topic = await newPartitions(4)
    const delivered = await client.produce(topic, numbered(400))
    for (const partition of [0, 1, 2, 3]) {
      const there = delivered.filter((one) => one.partition === partition)
      expect(there.length).toBeGreaterThan(0)
      const read = await client.consume(topic, { offset: 0 }, there.length, { partition })
      expect(read.map(({ offset, value }) => [offset, value])).toEqual(there.map(({ offset, index }) => [offset, `value ${index}`]))
    }
  })

  it('seeks back and forth in a partition', async () => {
    const topic = await newPartitions()
    await client.produce(topic, numbered(100), { 'linger.ms': 20 })
    const values = async (offset: number, seekTo: number): Promise<(string | null)[]> =>
      (await client.consume(topic, { offset }, 3, { seekTo })).map(({ value }) => value)
    expect(await values(80, 7)).toEqual(['value 7', 'value 8', 'value 9'])
    expect(await values(0, 61)).toEqual(['value 61', 'value 62', 'value 63'])
  })

  it('starts at the first record at or after a timestamp', async () => {
    const topic = await newPartitions()
    const records = [1000, 3000, 2000, 4000].map((timestamp) => ({ ...record(String(timestamp), 'v'), timestamp }))
    for (const one of records) await client.produce(topic, [one])
    const startingAt = async (timestamp: number): Promise<number> => (await client.consume(topic, { timestamp }, 1))[0]!.offset
    expect(await startingAt(0)).toBe(0)
    expect(await startingAt(1000)).toBe(0)
    expect(await startingAt(1001)).toBe(1)
    expect(await startingAt(3000)).toBe(1)
    expect(await startingAt(3001)).toBe(3)
  })

  it('hears that it asks past the end, and starts over where it is told to', async () => {
    const topic = await newPartitions()
    await client.produce(topic, numbered(3))
    const [first] = await client.consume(topic, { offset: 1000 }, 1, {}, { 'auto.offset.reset': 'earliest' })
    expect(first!.offset).toBe(0)
  })

  it('adds partitions, alters configs and deletes records', async () => {
    const topic = await newPartitions()
    await client.produce(topic, numbered(5))
    const set = { 'retention.ms': '3600000', 'cleanup.policy': 'compact,delete' }
    expect(await client.administer(topic, { partitions: 4, set, offset: 3 })).toEqual({
      partitions: 4,
      configs: set,
      lowWatermark: 3,
      controller: 1,
    })
    expect(await client.watermarks(topic)).toEqual([3, 5])
  })
})
