// The files of a partition move between Ottla and a real Kafka, both stopped meanwhile: the other serves the same records,
// finds the same ones by timestamp, knows the producers, and goes on appending.

import { copyFileSync, existsSync, readdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { newTopic, startOttla, temporaryFolder, type TestBroker } from '../support/broker-process.ts'
import { startKafka } from '../support/kafka-process.ts'
import { describeWith } from '../support/test-clients.ts'
import { buildBatch } from '../support/batch-builder.ts'
import { WireConnection } from '../support/wire-connection.ts'
import { produce } from '../../src/wire/messages/produce.ts'
import { ownBatches, segmentFiles } from './drivers/segment-dump.ts'
import { ConfluentKafka } from './drivers/confluent-kafka.ts'
import { content, record, type ReadRecord } from './drivers/records.ts'
import { createVarietyTopic, writeVariety } from './variety.ts'

interface Side {
  readonly name: string
  readonly dataFolder: string
  start(): Promise<TestBroker>
}

describeWith('kafka', 'confluent-kafka')('the segment files of a partition', () => {
  let running: TestBroker | undefined

  afterEach(async () => {
    await running?.stop()
    running = undefined
  })

  async function started<T>(side: Side, use: (bootstrap: string, client: ConfluentKafka) => Promise<T>): Promise<T> {
    running = await side.start()
    const client = new ConfluentKafka(running.bootstrap)
    try {
      return await use(running.bootstrap, client)
    } finally {
      client.close()
      await running.stop()
      running = undefined
    }
  }

  const sides = (): { ottla: Side; kafka: Side } => {
    const [ottlaFolder, kafkaFolder] = [temporaryFolder(), temporaryFolder()]
    return {
      ottla: { name: 'Ottla', dataFolder: ottlaFolder, start: () => startOttla({ dataFolder: ottlaFolder }) },
      kafka: { name: 'Kafka', dataFolder: join(kafkaFolder, 'data'), start: () => startKafka(kafkaFolder) },
    }
  }

  it.each([
    { from: 'ottla', to: 'kafka', title: 'of Ottla are served by a Kafka' },
    { from: 'kafka', to: 'ottla', title: 'of a Kafka are served by Ottla' },
  ] as const)('$title', async ({ from, to }) => {
    const { [from]: writer, [to]: reader } = sides()
    const topic = newTopic('exchanged')

    const { written, read, middle } = await started(writer, async (bootstrap, client) => {
      await createVarietyTopic(bootstrap, topic)
      const written = await writeVariety(bootstrap, topic, client)
      const read = await client.consume(topic, { offset: 0 }, written.length)
      return { written, read, middle: await firstAtOrAfter(client, topic, read) }
    })
    expect(read.map(content)).toEqual(written)

    await started(reader, async (bootstrap, client) => {
      await createVarietyTopic(bootstrap, topic)
      await client.produce(topic, [record('to be', 'replaced')])
    })
    moveSegments(join(writer.dataFolder, `${topic}-0`), join(reader.dataFolder, `${topic}-0`))

    await started(reader, async (bootstrap, client) => {
      expect(await client.watermarks(topic)).toEqual([0, written.length])
      expect(await client.consume(topic, { offset: 0 }, written.length)).toEqual(read)
      expect(await firstAtOrAfter(client, topic, read)).toEqual(middle)
      await expectKnownProducer(bootstrap, topic, join(writer.dataFolder, `${topic}-0`))
      const [delivered] = await client.produce(topic, [record('one', 'more')])
      expect(delivered!.offset).toBe(written.length)
    })

    // and once more, now that the reader has written and closed files of its own beside those it was given
    await started(reader, async (_, client) => {
      expect((await client.consume(topic, { offset: 0 }, written.length + 1)).slice(0, -1)).toEqual(read)
    })
  })
})

/** What a search by timestamp answers in the middle of the partition. */
async function firstAtOrAfter(client: ConfluentKafka, topic: string, records: readonly ReadRecord[]): Promise<ReadRecord> {
  const { timestamp } = records[Math.floor(records.length / 2)]!
  return (await client.consume(topic, { timestamp }, 1))[0]!
}

/** A batch that its producer sends again is answered with the offset that it got from the other broker. */
async function expectKnownProducer(bootstrap: string, topic: string, folder: string): Promise<void> {
  const idempotent = segmentFiles(folder, '.log')
    .flatMap(ownBatches)
    .filter(({ producerId }) => producerId >= 0)
  const { producerId, producerEpoch, baseSequence, baseOffset, count } = idempotent.at(-1)!
  const records = Array.from({ length: count }, () => ({ value: 'again' }))
  const batch = buildBatch({ records, producerId, producerEpoch, baseSequence })
  const connection = await WireConnection.connect(bootstrap)
  const topicData = [{ name: topic, partitionData: [{ index: 0, records: batch }] }]
  const response = await connection.request(produce, 9, { acks: -1, timeoutMs: 30_000, topicData })
  connection.close()
  expect(response.responses[0]!.partitionResponses[0]).toMatchObject({ errorCode: 0, baseOffset })
}

/** All of one partition's files but its partition.metadata, which says whose topic it is. */
function moveSegments(source: string, target: string): void {
  expect(existsSync(join(target, 'partition.metadata'))).toBe(true)
  const isKept = (name: string): boolean => name === 'partition.metadata'
  for (const name of readdirSync(target)) if (!isKept(name)) rmSync(join(target, name), { recursive: true })
  for (const name of readdirSync(source)) if (!isKept(name)) copyFileSync(join(source, name), join(target, basename(name)))
}
