// A partition of every kind of batch: each codec, several producers, idempotent and not, small and large, over several segments of 1 MiB.

import { CompressionTypes } from 'kafkajs'
import { CODECS } from '../../src/wire/records/codecs.ts'
import type { ConfluentKafka } from './drivers/confluent-kafka.ts'
import { createTopic, produceWithKafkaJs } from './drivers/kafkajs.ts'
import { record, type TestRecord } from './drivers/records.ts'
import { firstRecords, laterRecords, noise } from './samples.ts'

export const createVarietyTopic = (bootstrap: string, topic: string): Promise<void> =>
  createTopic(bootstrap, topic, 1, { 'segment.bytes': String(1 << 20), 'index.interval.bytes': '2048' })

/** Answers the records in the order of their offsets. */
export async function writeVariety(bootstrap: string, topic: string, client: ConfluentKafka): Promise<TestRecord[]> {
  const written: TestRecord[] = []
  const text = noise(400_000)
  for (const codec of CODECS) {
    for (const isIdempotent of [false, true]) {
      const records = [...firstRecords, ...laterRecords, ...chunks(text, 400).map((value, index) => record(`${codec} ${index}`, value))]
      await client.produce(topic, records, {
        'compression.type': codec,
        'enable.idempotence': isIdempotent,
        'batch.num.messages': 50,
        'linger.ms': 5,
      })
      written.push(...records)
    }
  }
  await produceWithKafkaJs(bootstrap, topic, laterRecords, CompressionTypes.GZIP)
  return [...written, ...laterRecords]
}

function chunks(text: string, size: number): string[] {
  return Array.from({ length: Math.ceil(text.length / size) }, (_, index) => text.slice(index * size, (index + 1) * size))
}
