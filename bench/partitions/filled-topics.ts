// Topics of many partitions with the same bytes in each: filled through the protocol, and asked whether they are all there.

import { sampleBatch } from '../../src/cli/bench/sample-batch.ts'
import { LATEST } from '../../src/client/admin.ts'
import { fetch } from '../../src/wire/messages/fetch.ts'
import { listOffsets } from '../../src/wire/messages/list-offsets.ts'
import { metadata } from '../../src/wire/messages/metadata.ts'
import { produce } from '../../src/wire/messages/produce.ts'
import { createTopics } from '../../test/support/create-topics.ts'
import { offsetAt } from '../../test/support/offset-at.ts'
import { WireConnection } from '../../test/support/wire-connection.ts'

export interface FilledTopic {
  readonly name: string
  readonly partitions: number
}

const BATCH_BYTES = 50_000
const RECORD_BYTES = 1000
const WRITERS = 4
const PATIENCE_MS = 60_000

export function filledTopics(partitions: number, partitionsPerTopic = 100): FilledTopic[] {
  const most = Math.min(partitions, partitionsPerTopic)
  return Array.from({ length: Math.ceil(partitions / most) }, (_, index) => ({
    name: `filled-${index}`,
    partitions: Math.min(most, partitions - index * most),
  }))
}

export async function createAll(bootstrap: string, topics: readonly FilledTopic[], durability?: string): Promise<void> {
  const connection = await WireConnection.connect(bootstrap)
  const configs = durability === undefined ? {} : { durability }
  for (const { name, partitions } of topics) await createTopics(connection, [name], partitions, configs)
  connection.close()
}

export async function fillAll(bootstrap: string, topics: readonly FilledTopic[], bytesPerPartition: number): Promise<void> {
  const { batch: records } = await sampleBatch({ recordBytes: RECORD_BYTES, batchBytes: BATCH_BYTES }, 'none')
  const indexes = topics.flatMap(({ name, partitions }) => Array.from({ length: partitions }, (_, index) => ({ name, index }))).values()
  const write = async (): Promise<void> => {
    const connection = await WireConnection.connect(bootstrap)
    for (const { name, index } of indexes) {
      const request = { acks: -1, timeoutMs: PATIENCE_MS, topicData: [{ name, partitionData: [{ index, records }] }] }
      for (let bytes = 0; bytes < bytesPerPartition; bytes += BATCH_BYTES) {
        const { responses } = await connection.request(produce, 9, request)
        const { errorCode } = responses[0]!.partitionResponses[0]!
        if (errorCode !== 0) throw new Error(`error ${errorCode} for ${name}-${index}`)
      }
    }
    connection.close()
  }
  await Promise.all(Array.from({ length: WRITERS }, write))
}

/** Throws while a partition has no leader. */
export async function askForLeaders(connection: WireConnection, topics: readonly FilledTopic[]): Promise<void> {
  const answer = await connection.request(metadata, 9, { topics: topics.map(({ name }) => ({ name })) })
  const led = answer.topics.flatMap(({ partitions }) => partitions).filter(({ errorCode, leaderId }) => errorCode === 0 && leaderId >= 0)
  const count = topics.reduce((sum, { partitions }) => sum + partitions, 0)
  if (led.length !== count) throw new Error(`${led.length} of ${count} partitions have a leader`)
}

/** The last batch of a partition in the middle of them. */
export async function fetchOne(connection: WireConnection, topics: readonly FilledTopic[]): Promise<void> {
  const { name: topic, partitions } = topics[topics.length >> 1]!
  const partition = partitions >> 1
  const fetchOffset = (await offsetAt(connection, topic, partition, LATEST)) - 1
  const { responses } = await connection.request(fetch, 12, {
    maxWaitMs: 1000,
    minBytes: 1,
    topics: [{ topic, partitions: [{ partition, fetchOffset, partitionMaxBytes: 1 << 20 }] }],
  })
  if (!responses[0]!.partitions[0]!.records?.length) throw new Error('fetched nothing')
}

/** For the end of every partition, which must be whole. */
export async function askAll(connection: WireConnection, topics: readonly FilledTopic[], bytesPerPartition: number): Promise<void> {
  const asked = topics.map(({ name, partitions }) => ({
    name,
    partitions: Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, timestamp: LATEST })),
  }))
  const answer = await connection.request(listOffsets, 7, { replicaId: -1, topics: asked })
  const offsets = answer.topics.flatMap(({ partitions }) => partitions.map(({ offset }) => offset))
  const least = bytesPerPartition / RECORD_BYTES
  if (offsets.some((offset) => offset < least)) throw new Error(`a partition is too short: ${Math.min(...offsets)} records`)
}
