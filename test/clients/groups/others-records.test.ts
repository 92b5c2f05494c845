// What the other clients wrote, read by the Node.js clients in a group: each record, with its key, its headers and every codec that the client reads.

import { KafkaClient } from '@kafkats/client'
import { stringDeserializers, Consumer } from '@platformatic/kafka'
import kafkajs from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Codec, CODECS, decompress } from '../../../src/wire/records/codecs.ts'
import { brokerUnderTest, newTopic, type TestBroker } from '../../support/broker-process.ts'
import { describeWith } from '../../support/test-clients.ts'
import { ConfluentKafka } from '../drivers/confluent-kafka.ts'
import { produceWithConsole } from '../drivers/console-tools.ts'
import { KafkaTools } from '../drivers/kafka-tools.ts'
import { createTopic, kafkaJs } from '../drivers/kafkajs.ts'
import { Kcat } from '../drivers/kcat.ts'
import { OttlaCli } from '../drivers/ottla-cli.ts'
import { record, type TestRecord } from '../drivers/records.ts'

const DECOMPRESSED_MAX_BYTES = 1 << 24
const records: readonly TestRecord[] = [
  record('key', 'value'),
  record('with headers', 'and a value', [
    ['trace', 'a1b2'],
    ['Überschrift', 'größer als früher'],
  ]),
  record('ключ', 'значение, 日本語, 🚀'),
  record('a tombstone', null),
  ...Array.from({ length: 200 }, (_, index) => record(`key ${index}`, `value ${index} `.repeat(20))),
]

interface Read {
  readonly offset: number
  readonly record: TestRecord
}

describeWith(
  'kcat',
  'kafka',
  'confluent-kafka',
)('the records of other clients, in a group', () => {
  const topics = new Map<Codec, string>()
  const written = 4 * records.length
  let broker: TestBroker

  beforeAll(async () => {
    broker = await brokerUnderTest({ flags: ['--set', 'group.initial.rebalance.delay.ms=0'] })
    const [kcat, ottla, tools] = [new Kcat(broker.bootstrap), new OttlaCli(broker.bootstrap), new KafkaTools()]
    const confluent = new ConfluentKafka(broker.bootstrap)
    try {
      for (const codec of CODECS) {
        const topic = newTopic(`written-with-${codec}`)
        await createTopic(broker.bootstrap, topic, 1)
        await kcat.produce(topic, records, ['-z', codec, '-X', 'linger.ms=100'])
        await produceWithConsole(tools, broker.bootstrap, topic, records, ['--compression-codec', codec])
        await ottla.produce(topic, records, ['--codec', codec])
        await confluent.produce(topic, records, { 'compression.type': codec, 'linger.ms': 20 })
        topics.set(codec, topic)
      }
    } finally {
      tools.close()
      confluent.close()
    }
  })

  afterAll(() => broker?.stop())

  /** What each of the four wrote, with what the reader makes of a tombstone. */
  const expected = (tombstone: string | null): Read[] =>
    Array.from({ length: written }, (_, offset) => {
      const one = records[offset % records.length]!
      return { offset, record: { ...one, value: one.value ?? tombstone } }
    })

  describe('kafkajs', () => {
    /** Its users plug in codecs; ours stand for theirs. */
    beforeAll(() => {
      const { Snappy, LZ4, ZSTD } = kafkajs.CompressionTypes
      for (const [type, codec] of [[Snappy, 'snappy'] as const, [LZ4, 'lz4'] as const, [ZSTD, 'zstd'] as const]) {
        const plugin = () => ({
          compress: () => Promise.reject(new Error('only reads')),
          decompress: (bytes: Buffer) => decompress(codec, bytes, DECOMPRESSED_MAX_BYTES),
        })
        Object.assign(kafkajs.CompressionCodecs, { [type]: plugin })
      }
    })

    it.each(CODECS)('reads all of them, written with %s', async (codec) => {
      const consumer = kafkaJs(broker.bootstrap).consumer({ groupId: newTopic('kafkajs'), maxWaitTimeInMs: 100 })
      await consumer.connect()
      await consumer.subscribe({ topic: topics.get(codec)!, fromBeginning: true })
      const read: Read[] = []
      await new Promise<void>((resolve, reject) => {
        const eachMessage = ({ message: { offset, key, value, headers } }: kafkajs.EachMessagePayload): Promise<void> => {
          const pairs = Object.entries(headers ?? {}).map(([name, text]) => [name, String(text)] as const)
          read.push({ offset: Number(offset), record: record(key?.toString() ?? null, value?.toString() ?? null, pairs) })
          if (read.length === written) resolve()
          return Promise.resolve()
        }
        consumer.run({ eachMessage }).catch(reject)
      })
      await consumer.disconnect()
      expect(read).toEqual(expected(null))
    })
  })

  describe('@kafkats/client', () => {
    const READABLE = ['none', 'gzip', 'snappy', 'lz4'] as const // zstd by packages that are not ours

    it.each(READABLE)('reads all of them, written with %s', async (codec) => {
      const client = new KafkaClient({ clientId: 'kafkats-test', brokers: [broker.bootstrap] })
      await client.connect()
      const consumer = client.consumer({ groupId: newTopic('kafkats'), autoOffsetReset: 'earliest', maxWaitMs: 100 })
      const read: Read[] = []
      await consumer.runEach(topics.get(codec)!, ({ offset, key, value, headers }) => {
        const pairs = Object.entries(headers).map(([name, text]) => [name, text.toString()] as const)
        const text = (value as Buffer | null)?.toString() ?? null // its type knows no tombstones
        read.push({ offset: Number(offset), record: record(key?.toString() ?? null, text, pairs) })
        if (read.length === written) consumer.stop()
        return Promise.resolve()
      })
      await client.disconnect()
      expect(read).toEqual(expected(null))
    })
  })

  describe('@platformatic/kafka', () => {
    const READABLE = ['none', 'gzip', 'lz4'] as const // snappy without the frame that Java's has, and zstd on a newer Node.js

    it.each(READABLE.flatMap((codec) => [[codec, 'classic'] as const, [codec, 'consumer'] as const]))(
      'reads all of them, written with %s, by the %s protocol',
      async (codec, groupProtocol) => {
        const consumer = new Consumer({
          clientId: 'platformatic-test',
          groupId: newTopic('platformatic'),
          bootstrapBrokers: [broker.bootstrap],
          deserializers: stringDeserializers,
          maxWaitTime: 100,
          groupProtocol,
        })
        const stream = await consumer.consume({ topics: [topics.get(codec)!], mode: 'committed', fallbackMode: 'earliest' })
        const read: Read[] = []
        for await (const { offset, key, value, headers } of stream) {
          read.push({ offset: Number(offset), record: record(key, value, [...headers]) })
          if (read.length === written) break
        }
        await new Promise((resolve) => {
          consumer.close(true, resolve)
        })
        expect(read).toEqual(expected(''))
      },
    )
  })
})
