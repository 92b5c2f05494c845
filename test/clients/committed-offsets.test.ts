// What is in `__consumer_offsets`, seen with Kafka's own tools: a consumer that reads it prints what was committed, and its reader of segment files has nothing
// to complain about, also after the log was compacted.

import { statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { partitionFor } from '../../src/groups/coordinator.ts'
import { createTopics } from '../../src/wire/messages/create-topics.ts'
import { offsetCommit } from '../../src/wire/messages/offset-commit.ts'
import { offsetDelete } from '../../src/wire/messages/offset-delete.ts'
import { offsetFetch } from '../../src/wire/messages/offset-fetch.ts'
import { type OttlaProcess, startOttla } from '../support/broker-process.ts'
import { describeWith } from '../support/test-clients.ts'
import { WireConnection } from '../support/wire-connection.ts'
import { KafkaTools } from './drivers/kafka-tools.ts'
import { complaintsOf, segmentFiles } from './drivers/segment-dump.ts'

const [OFFSETS, TOPIC, GROUP, OTHER] = ['__consumer_offsets', 'read', 'readers', 'others']
const PARTITION_COUNT = 1
const SEGMENT_BYTES = 1 << 20
const COMMITS = 60_000 // of 100 bytes and more: 6 segments, were none of them compacted
const IN_FLIGHT = 200

describeWith('kafka')('committed offsets', () => {
  let broker: OttlaProcess
  let tools: KafkaTools
  let connection: WireConnection

  beforeAll(async () => {
    tools = new KafkaTools()
    const configs = [
      `offsets.topic.num.partitions=${PARTITION_COUNT}`,
      `offsets.topic.segment.bytes=${SEGMENT_BYTES}`,
      'log.cleaner.backoff.ms=100',
    ]
    broker = await startOttla({ durability: 'os', flags: configs.flatMap((config) => ['--set', config]) })
    connection = await WireConnection.connect(broker.bootstrap)
    const topic = { name: TOPIC, numPartitions: 3, replicationFactor: 1, assignments: [], configs: [] }
    await connection.request(createTopics, 7, { topics: [topic] })
  })

  afterAll(async () => {
    connection?.close()
    tools?.close()
    await broker?.stop()
  })

  const commit = (groupId: string, partitionIndex: number, committedOffset: number) => {
    const partitions = [{ partitionIndex, committedOffset, committedMetadata: 'so far'.repeat(5) }]
    return connection.request(offsetCommit, 8, { groupId, memberId: '', topics: [{ name: TOPIC, partitions }] })
  }

  const logFiles = (): string[] => segmentFiles(join(broker.dataFolder, `${OFFSETS}-${partitionFor(GROUP, PARTITION_COUNT)}`), '.log')

  it('are printed by a consumer with the formatter of Kafka', async () => {
    await commit(GROUP, 0, 42)
    await commit(OTHER, 1, 7)
    await connection.request(offsetDelete, 0, { groupId: OTHER, topics: [{ name: TOPIC, partitions: [{ partitionIndex: 1 }] }] })
    const formatter = ['--formatter', 'org.apache.kafka.tools.consumer.OffsetsMessageFormatter']
    const where = [
      '--bootstrap-server',
      broker.bootstrap,
      '--topic',
      OFFSETS,
      '--partition',
      '0',
      '--from-beginning',
      '--max-messages',
      '3',
    ]
    const output = await tools.output('consumer.ConsoleConsumer', [...where, ...formatter])
    expect(output).toContain(`{"group":"${GROUP}","topic":"${TOPIC}","partition":0}},"value":{"version":4,"data":{"offset":42,`)
    expect(output).toContain(`{"group":"${OTHER}","topic":"${TOPIC}","partition":1}},"value":null`)
  })

  it('take little room however often they are committed, and are read back right', async () => {
    for (let first = 1; first <= COMMITS; first += IN_FLIGHT)
      await Promise.all(Array.from({ length: IN_FLIGHT }, (_, index) => commit(GROUP, (first + index) % 3, first + index)))
    const sizeOf = (): number => logFiles().reduce((sum, file) => sum + statSync(file).size, 0)
    await expect.poll(sizeOf, { timeout: 60_000 }).toBeLessThan(2.5 * SEGMENT_BYTES)
    const topics = [{ name: TOPIC, partitionIndexes: [0, 1, 2] }]
    await broker.kill()
    broker = await startOttla({ dataFolder: broker.dataFolder })
    connection = await WireConnection.connect(broker.bootstrap)
    const { groups } = await connection.request(offsetFetch, 8, { groups: [{ groupId: GROUP, topics }] })
    const offsets = groups[0]!.topics[0]!.partitions.map(({ committedOffset }) => committedOffset)
    expect(offsets).toEqual([COMMITS, COMMITS - 2, COMMITS - 1])
  })

  it('are records without fault to Kafka’s reader of segment files', async () => {
    const result = await tools.run('DumpLogSegments', ['--offsets-decoder', '--deep-iteration', '--files', logFiles().join(',')])
    expect(result.output).toContain(`payload: {"version":"4","data":{"offset":${COMMITS},`)
    expect(complaintsOf(result.output + result.errors)).toEqual([])
  })
})
