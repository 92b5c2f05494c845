// kafkajs: a client that speaks to us, on the versions of its time, without asking what we support below them.

import { Kafka, logLevel, Partitioners, type CompressionTypes } from 'kafkajs'
import type { TestRecord } from './records.ts'

export const kafkaJs = (bootstrap: string): Kafka =>
  new Kafka({ clientId: 'kafkajs-test', brokers: [bootstrap], logLevel: logLevel.NOTHING })

export async function createTopic(
  bootstrap: string,
  topic: string,
  partitionCount = 1,
  configs: Readonly<Record<string, string>> = {},
): Promise<void> {
  const admin = kafkaJs(bootstrap).admin()
  await admin.connect()
  try {
    const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }))
    await admin.createTopics({ topics: [{ topic, numPartitions: partitionCount, configEntries }], waitForLeaders: false }) // it gives up on a Kafka that takes a moment
  } finally {
    await admin.disconnect()
  }
}

/** All records in one batch of partition 0. Answers the batch's first offset. */
export async function produceWithKafkaJs(
  bootstrap: string,
  topic: string,
  records: readonly TestRecord[],
  compression: CompressionTypes,
): Promise<number> {
  const producer = kafkaJs(bootstrap).producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  try {
    const messages = records.map(({ key, value, headers }) => ({ key, value, partition: 0, headers: headersOf(headers) }))
    const [sent] = await producer.send({ topic, messages, compression })
    return Number(sent!.baseOffset)
  } finally {
    await producer.disconnect()
  }
}

/** It takes an object: several headers of one name are an array. */
function headersOf(headers: TestRecord['headers']): Record<string, string | string[]> {
  const byName: Record<string, string | string[]> = {}
  for (const [name, value] of headers) {
    const earlier = byName[name]
    byName[name] = earlier === undefined ? (value as string) : [earlier, value as string].flat()
  }
  return byName
}
