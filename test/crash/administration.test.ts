// What an administrator changed, and was told of, is there after kill -9; what was under way is there whole or not at all.

import { setTimeout } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { createPartitions } from '../../src/wire/messages/create-partitions.ts'
import { createTopics } from '../../src/wire/messages/create-topics.ts'
import { deleteRecords } from '../../src/wire/messages/delete-records.ts'
import { describeConfigs } from '../../src/wire/messages/describe-configs.ts'
import { incrementalAlterConfigs } from '../../src/wire/messages/incremental-alter-configs.ts'
import { listOffsets } from '../../src/wire/messages/list-offsets.ts'
import { metadata } from '../../src/wire/messages/metadata.ts'
import { produce } from '../../src/wire/messages/produce.ts'
import { buildBatch } from '../support/batch-builder.ts'
import { startOttla, temporaryFolder, type OttlaOptions, type OttlaProcess } from '../support/broker-process.ts'
import { ConnectionClosed, WireConnection } from '../support/wire-connection.ts'

const TOPIC = 'administered'
const [TOPIC_RESOURCE, BROKER_RESOURCE, GROUP_RESOURCE] = [2, 4, 32] as const
const GROWING_ROUNDS = 10

async function create(connection: WireConnection): Promise<void> {
  const topics = [{ name: TOPIC, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }]
  await connection.request(createTopics, 7, { topics })
}

async function send(connection: WireConnection, index: number): Promise<number> {
  const request = {
    acks: -1,
    timeoutMs: 10_000,
    topicData: [{ name: TOPIC, partitionData: [{ index, records: buildBatch({ records: [{ value: 'v' }] }) }] }],
  }
  return (await connection.request(produce, 9, request)).responses[0]!.partitionResponses[0]!.errorCode
}

const grow = (connection: WireConnection, count: number) =>
  connection.request(createPartitions, 3, { topics: [{ name: TOPIC, count, assignments: null }], timeoutMs: 10_000, validateOnly: false })

async function partitionCount(connection: WireConnection): Promise<number> {
  const { topics } = await connection.request(metadata, 9, { topics: [{ name: TOPIC }], allowAutoTopicCreation: false })
  return topics[0]!.partitions.length
}

const CHANGES = [
  { resourceType: TOPIC_RESOURCE, resourceName: TOPIC, name: 'flush.ms', value: '12345' },
  { resourceType: BROKER_RESOURCE, resourceName: '1', name: 'log.roll.ms', value: '54321' },
  { resourceType: GROUP_RESOURCE, resourceName: 'group', name: 'consumer.session.timeout.ms', value: '50000' },
]

it.each<OttlaOptions['durability']>(['fsync', 'os'])('has every change that was answered, with durability %s', async (durability) => {
  const dataFolder = temporaryFolder()
  let ottla: OttlaProcess = await startOttla({ dataFolder, durability: durability! })
  let connection = await WireConnection.connect(ottla.bootstrap)
  await create(connection)
  for (let count = 0; count < 5; count++) await send(connection, 0)
  await grow(connection, 4)
  expect(await send(connection, 3)).toBe(0)
  const resources = CHANGES.map(({ name, value, ...resource }) => ({ ...resource, configs: [{ name, configOperation: 0, value }] }))
  await connection.request(incrementalAlterConfigs, 1, { resources, validateOnly: false })
  const topics = [{ name: TOPIC, partitions: [{ partitionIndex: 0, offset: 3 }] }]
  await connection.request(deleteRecords, 2, { topics, timeoutMs: 10_000 })
  await ottla.kill()

  ottla = await startOttla({ dataFolder, durability: durability! })
  connection = await WireConnection.connect(ottla.bootstrap)
  expect(await partitionCount(connection)).toBe(4)
  const offset = async (partitionIndex: number, timestamp: number): Promise<number> => {
    const asked = [{ name: TOPIC, partitions: [{ partitionIndex, timestamp }] }]
    return (await connection.request(listOffsets, 5, { replicaId: -1, topics: asked })).topics[0]!.partitions[0]!.offset
  }
  expect([await offset(0, -2), await offset(0, -1), await offset(3, -1)]).toEqual([3, 5, 1])
  const asked = CHANGES.map(({ resourceType, resourceName, name }) => ({ resourceType, resourceName, configurationKeys: [name] }))
  const { results } = await connection.request(describeConfigs, 4, { resources: asked })
  expect(results.map(({ configs }) => configs[0]!.value)).toEqual(CHANGES.map(({ value }) => value))
  connection.close()
  await ottla.stop()
})

it('has a topic that was growing with all its new partitions or with none, and serves them', async () => {
  const dataFolder = temporaryFolder()
  let answeredCount = 1
  for (let round = 0; round < GROWING_ROUNDS; round++) {
    const ottla = await startOttla({ dataFolder })
    const connection = await WireConnection.connect(ottla.bootstrap)
    if (round === 0) await create(connection)
    const count = await partitionCount(connection)
    expect([answeredCount, answeredCount + 20]).toContain(count)
    expect(await send(connection, count - 1)).toBe(0)
    const growing = grow(connection, count + 20).then(
      () => count + 20,
      (error: unknown) => {
        if (error instanceof ConnectionClosed) return count
        throw error
      },
    )
    await setTimeout(round)
    await ottla.kill()
    answeredCount = await growing
  }
})
