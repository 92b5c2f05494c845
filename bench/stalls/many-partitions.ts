// 10,000 partitions in one topic, 1,000 in another: what touches all of them at once.

import { setTimeout as sleep } from 'node:timers/promises'
import { LATEST } from '../../src/client/admin.ts'
import { describeConfigs } from '../../src/wire/messages/describe-configs.ts'
import { describeTopicPartitions } from '../../src/wire/messages/describe-topic-partitions.ts'
import { fetch } from '../../src/wire/messages/fetch.ts'
import { listOffsets } from '../../src/wire/messages/list-offsets.ts'
import { metadata } from '../../src/wire/messages/metadata.ts'
import { offsetCommit } from '../../src/wire/messages/offset-commit.ts'
import { offsetFetch } from '../../src/wire/messages/offset-fetch.ts'
import { produce } from '../../src/wire/messages/produce.ts'
import { encodeBatch } from '../../src/wire/records/record.ts'
import { count, frameOf, type Scene, type Stage } from './stage.ts'

const LARGE = 'large'
const SMALL = 'small'
const LARGE_PARTITIONS = 10_000
const SMALL_PARTITIONS = 1_000
const CLIENTS = 20
const ROUNDS = 10
const PAGE = 2000

const allMetadata = frameOf(metadata, 12, { topics: null })
const indexes = count(LARGE_PARTITIONS)

export const manyPartitions: Scene = {
  name: '10,000 partitions',
  async play(stage) {
    await stage.step('create a topic with 1,000', () => stage.createTopics([SMALL], SMALL_PARTITIONS))
    await stage.step('create a topic with 10,000', () => stage.createTopics([LARGE], LARGE_PARTITIONS))
    await stage.step('produce to 1,000 in one request', () => produceTo(stage, SMALL, count(SMALL_PARTITIONS)))
    await stage.step('produce to 10,000, 1,000 a request', () => produceToLarge(stage))
    await askForAll(stage)
    await commitAll(stage)
    await stage.restart('start after a stop, all asked at once', 'stop', () => askAtOnce(stage))
    await stage.restart('start after kill -9, all asked at once', 'kill', () => askAtOnce(stage))
    await stage.step('recovery in the background', () => sleep(5000))
    await stage.step('delete the topic with 1,000', () => stage.deleteTopics([SMALL]))
    await stage.step('delete the topic with 10,000', () => stage.deleteTopics([LARGE]))
  },
}

async function askForAll(stage: Stage): Promise<void> {
  await stage.step('metadata of all', () => exchange(stage, allMetadata))
  await stage.step(`metadata of all, ${CLIENTS} clients, again and again`, () => byClients(stage, allMetadata))
  await stage.step('DescribeTopicPartitions of all', async () => {
    for (let partitionIndex = 0; partitionIndex < LARGE_PARTITIONS; partitionIndex += PAGE)
      await stage.request(describeTopicPartitions, 0, {
        topics: [{ name: LARGE }],
        responsePartitionLimit: PAGE,
        cursor: { topicName: LARGE, partitionIndex },
      })
  })
  await stage.step('ListOffsets of all', () => exchange(stage, offsetsFrame(LATEST)))
  await stage.step('ListOffsets of all by time', () => exchange(stage, offsetsFrame(1)))
  await stage.step(`ListOffsets of all, ${CLIENTS} clients`, () => byClients(stage, offsetsFrame(LATEST), 1))
  await stage.step('fetch all in one request', () => exchange(stage, fetchFrame()))
  await stage.step(`fetch all in one request, ${CLIENTS} clients`, () => byClients(stage, fetchFrame(), 1))
  await stage.step('DescribeConfigs of both topics', async () => {
    const resources = [SMALL, LARGE].map((resourceName) => ({ resourceType: 2, resourceName, configurationKeys: null }))
    await stage.request(describeConfigs, 4, { resources, includeSynonyms: true, includeDocumentation: true })
  })
}

async function commitAll(stage: Stage): Promise<void> {
  const partitions = indexes.map((partitionIndex) => ({ partitionIndex, committedOffset: 1, committedMetadata: '' }))
  const commit = (groupId: string) => frameOf(offsetCommit, 8, { groupId, memberId: '', topics: [{ name: LARGE, partitions }] })
  await stage.step('OffsetCommit of 10,000', () => exchange(stage, commit('first')))
  await stage.step('OffsetCommit of 10,000, 20 groups', async () => {
    const connections = await stage.connections(CLIENTS)
    await Promise.all(connections.map((connection, index) => connection.exchange(commit(`group-${index}`))))
    for (const connection of connections) connection.close()
  })
  const groups = [{ groupId: 'first', memberId: null, memberEpoch: -1, topics: null }]
  await stage.step('OffsetFetch of 10,000', () => exchange(stage, frameOf(offsetFetch, 9, { groupId: 'first', topics: null, groups })))
}

/** As clients do that were connected when the broker went. */
async function askAtOnce(stage: Stage): Promise<void> {
  const frames = [allMetadata, offsetsFrame(LATEST), fetchFrame()]
  const connections = await stage.connections(CLIENTS)
  await Promise.all(connections.map((connection, index) => connection.exchange(frames[index % frames.length]!)))
  for (const connection of connections) connection.close()
}

async function produceToLarge(stage: Stage): Promise<void> {
  for (let start = 0; start < LARGE_PARTITIONS; start += SMALL_PARTITIONS)
    await produceTo(stage, LARGE, indexes.slice(start, start + SMALL_PARTITIONS))
}

async function produceTo(stage: Stage, name: string, partitions: readonly number[]): Promise<void> {
  const records = await encodeBatch({ records: [{ timestamp: Date.now(), key: null, value: Buffer.alloc(1000) }] })
  const topicData = [{ name, partitionData: partitions.map((index) => ({ index, records })) }]
  const { responses } = await stage.request(produce, 9, { acks: -1, timeoutMs: 60_000, topicData })
  for (const { index, errorCode } of responses[0]!.partitionResponses)
    if (errorCode !== 0) throw new Error(`error ${errorCode} for ${index}`)
}

const offsetsFrame = (timestamp: number): Buffer =>
  frameOf(listOffsets, 7, {
    replicaId: -1,
    topics: [{ name: LARGE, partitions: indexes.map((partitionIndex) => ({ partitionIndex, timestamp })) }],
  })

const fetchFrame = (): Buffer =>
  frameOf(fetch, 12, {
    maxWaitMs: 500,
    minBytes: 1,
    topics: [{ topic: LARGE, partitions: indexes.map((partition) => ({ partition, fetchOffset: 0, partitionMaxBytes: 1 << 20 })) }],
  })

async function exchange(stage: Stage, frame: Buffer): Promise<void> {
  const connection = await stage.connect()
  await connection.exchange(frame)
  connection.close()
}

async function byClients(stage: Stage, frame: Buffer, rounds = ROUNDS): Promise<void> {
  const connections = await stage.connections(CLIENTS)
  const ask = async (connection: (typeof connections)[number]): Promise<void> => {
    for (let round = 0; round < rounds; round++) await connection.exchange(frame)
    connection.close()
  }
  await Promise.all(connections.map(ask))
}
