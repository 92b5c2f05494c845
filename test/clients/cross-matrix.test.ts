// What one client writes, every other reads back identical: from the start, from an offset inside a batch, from a timestamp.

import { CompressionTypes } from 'kafkajs'
import { afterAll, beforeAll, expect, it, describe } from 'vitest'
import { CODECS, type Codec } from '../../src/wire/records/codecs.ts'
import { brokerUnderTest, newTopic, type TestBroker } from '../support/broker-process.ts'
import { WireReader } from '../support/wire-reader.ts'
import { describeWith } from '../support/test-clients.ts'
import { ConfluentKafka } from './drivers/confluent-kafka.ts'
import { consumeWithConsole, produceWithConsole } from './drivers/console-tools.ts'
import { KafkaTools } from './drivers/kafka-tools.ts'
import { createTopic, produceWithKafkaJs } from './drivers/kafkajs.ts'
import { Kcat } from './drivers/kcat.ts'
import { OttlaCli } from './drivers/ottla-cli.ts'
import { content, type ReadFrom, type ReadRecord, type TestRecord } from './drivers/records.ts'
import { firstRecords, laterRecords, linesInValues } from './samples.ts'

const KAFKAJS_CODECS = { none: CompressionTypes.None, gzip: CompressionTypes.GZIP }

let broker: TestBroker
let kcat: Kcat
let tools: KafkaTools
let confluentKafka: ConfluentKafka
let ottla: OttlaCli
let wire: WireReader

interface Writer {
  readonly client: string
  readonly codec: Codec
  readonly first: readonly TestRecord[]
  write(topic: string, records: readonly TestRecord[]): Promise<unknown>
}

const withLines = [...firstRecords, linesInValues]

const writers: Writer[] = [
  ...CODECS.map((codec) => ({
    client: 'kcat',
    codec,
    first: withLines.filter(({ key, value }) => !(key === null && value === null)), // kcat ignores an empty record
    write: (topic: string, records: readonly TestRecord[]) => kcat.produce(topic, records, ['-z', codec, '-X', 'linger.ms=500']),
  })),
  ...CODECS.map((codec) => ({
    client: 'ConsoleProducer',
    codec,
    first: firstRecords, // it reads lines
    write: (topic: string, records: readonly TestRecord[]) =>
      produceWithConsole(tools, broker.bootstrap, topic, records, ['--compression-codec', codec, '--command-property', 'linger.ms=500']),
  })),
  ...(['none', 'gzip'] as const).map((codec) => ({
    client: 'kafkajs',
    codec,
    first: withLines.filter(({ headers }) => headers.every(([, value]) => value !== null)), // it cannot send a header without value
    write: (topic: string, records: readonly TestRecord[]) => produceWithKafkaJs(broker.bootstrap, topic, records, KAFKAJS_CODECS[codec]),
  })),
  ...CODECS.map((codec) => ({
    client: 'ottla produce',
    codec,
    first: withLines,
    write: (topic: string, records: readonly TestRecord[]) => ottla.produce(topic, records, ['--codec', codec]),
  })),
]

const readers: { name: string; read: (topic: string, from: ReadFrom, count: number) => Promise<ReadRecord[]> }[] = [
  { name: 'kcat', read: (topic, from, count) => kcat.consume(topic, from, count) },
  { name: 'ConsoleConsumer', read: (topic, from, count) => consumeWithConsole(tools, broker.bootstrap, topic, from, count) },
  { name: 'ottla consume', read: (topic, from, count) => ottla.consume(topic, from, count) },
  { name: 'confluent-kafka', read: (topic, from, count) => confluentKafka.consume(topic, from, count) },
]

describeWith(
  'kcat',
  'kafka',
  'confluent-kafka',
)('the records of every writer, read by every reader', () => {
  beforeAll(async () => {
    broker = await brokerUnderTest()
    kcat = new Kcat(broker.bootstrap)
    tools = new KafkaTools()
    confluentKafka = new ConfluentKafka(broker.bootstrap)
    ottla = new OttlaCli(broker.bootstrap)
    wire = await WireReader.connect(broker.bootstrap)
  })

  afterAll(async () => {
    tools?.close()
    confluentKafka?.close()
    wire?.close()
    await broker?.stop()
  })

  describe.each(writers.map((writer) => [writer.client, writer.codec, writer] as const))(
    'what %s wrote with codec %s',
    (_, codec, writer) => {
      const written = [...writer.first, ...laterRecords]
      const insideOffset = writer.first.length + 57
      let topic: string
      let laterTimestamp: number

      beforeAll(async () => {
        topic = newTopic('matrix')
        await createTopic(broker.bootstrap, topic, 1, { 'max.message.bytes': '2000000' })
        await writer.write(topic, writer.first)
        await new Promise((resolve) => setTimeout(resolve, 5)) // so that the timestamps of the later ones are later
        laterTimestamp = Date.now()
        await writer.write(topic, laterRecords)
      })

      it('is read from the start by each of them, with the same offsets and timestamps', async () => {
        const [first, ...others] = await Promise.all(readers.map(({ read }) => read(topic, { offset: 0 }, written.length)))
        expect(first!.map(content)).toEqual(written)
        expect(first!.map(({ offset }) => offset)).toEqual(written.map((_, index) => index))
        for (const other of others) expect(other).toEqual(first)
      })

      it('lies in batches of several records, compressed as they came', async () => {
        const { batches } = await wire.fetchBatches(topic, 0, insideOffset)
        expect(batches[0]!.codec).toBe(codec)
        expect(batches[0]!.baseOffset).toBeLessThan(insideOffset)
        expect(batches[0]!.lastOffset).toBeGreaterThan(insideOffset)
      })

      for (const reader of readers) {
        it(`is read from an offset inside a batch by ${reader.name}`, async () => {
          const records = await reader.read(topic, { offset: insideOffset }, written.length - insideOffset)
          expect(records.map(content)).toEqual(written.slice(insideOffset))
          expect(records[0]!.offset).toBe(insideOffset)
        })

        it(`is read from a timestamp by ${reader.name}`, async () => {
          const records = await reader.read(topic, { timestamp: laterTimestamp }, laterRecords.length)
          expect(records.map(content)).toEqual(laterRecords)
          expect(records[0]!.offset).toBe(writer.first.length)
        })
      }
    },
  )
})
