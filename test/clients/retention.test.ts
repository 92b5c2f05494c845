// What retention removes, asked of a real Kafka and of Ottla: the same batches, the same configs, and after a while the same first and last offsets.

import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTopics } from '../../src/wire/messages/create-topics.ts'
import { listOffsets } from '../../src/wire/messages/list-offsets.ts'
import { produce } from '../../src/wire/messages/produce.ts'
import { encodeBatch } from '../../src/wire/records/record.ts'
import { startOttla, temporaryFolder, type TestBroker } from '../support/broker-process.ts'
import { startKafka } from '../support/kafka-process.ts'
import { describeWith } from '../support/test-clients.ts'
import { WireConnection } from '../support/wire-connection.ts'

const DAY_MS = 86_400_000
const BATCH_BYTES = 600 << 10 // two of them do not fit a segment
const CHECKS_MS = 6000

interface Case {
  readonly title: string
  readonly configs: Readonly<Record<string, string>>
  /** Days ago of the batches, each of which makes a segment of its own. */
  readonly daysAgo: readonly number[]
  readonly starts: number
}

const CASES: readonly Case[] = [
  { title: 'segments by their age', configs: { 'retention.ms': `${7 * DAY_MS}` }, daysAgo: [9, 8, 6, 0], starts: 2 },
  { title: 'nothing behind one that stays', configs: { 'retention.ms': `${DAY_MS}` }, daysAgo: [9, -0.01, 9, 0], starts: 1 },
  { title: 'the active segment, too', configs: { 'retention.ms': `${DAY_MS}` }, daysAgo: [9, 8], starts: 2 },
  { title: 'nothing without a limit', configs: { 'retention.ms': '-1' }, daysAgo: [900, 800], starts: 0 },
  {
    title: 'as much as may be missing',
    configs: { 'retention.ms': '-1', 'retention.bytes': `${BATCH_BYTES}` },
    daysAgo: [0, 0, 0],
    starts: 2,
  },
  {
    title: 'no more than that',
    configs: { 'retention.ms': '-1', 'retention.bytes': `${2 * BATCH_BYTES + 1000}` },
    daysAgo: [0, 0, 0],
    starts: 0,
  },
  { title: 'all that there is', configs: { 'retention.ms': '-1', 'retention.bytes': '0' }, daysAgo: [0, 0], starts: 2 },
  { title: 'nothing of a compacted topic', configs: { 'retention.ms': '1', 'cleanup.policy': 'compact' }, daysAgo: [9, 8], starts: 0 },
  {
    title: 'by age in a topic that is compacted and aged',
    configs: { 'retention.ms': `${DAY_MS}`, 'cleanup.policy': 'compact,delete' },
    daysAgo: [9, 0],
    starts: 1,
  },
]

const SETTINGS = ['log.retention.check.interval.ms=500', 'log.initial.task.delay.ms=500', 'log.cleaner.backoff.ms=500'] // in Kafka, what is compacted and aged is aged by the cleaner

describeWith('kafka')('retention removes, as Kafka does,', () => {
  const brokers: { kafka?: TestBroker; ottla?: TestBroker } = {}

  beforeAll(async () => {
    brokers.kafka = await startKafka(temporaryFolder(), SETTINGS)
    brokers.ottla = await startOttla({
      flags: SETTINGS.filter((setting) => !setting.includes('initial')).flatMap((each) => ['--set', each]),
    })
    await Promise.all([brokers.kafka, brokers.ottla].map((broker) => writeAll(broker)))
    await setTimeout(CHECKS_MS)
  })

  afterAll(async () => {
    await brokers.kafka?.stop()
    await brokers.ottla?.stop()
  })

  it.each(CASES.map((each, index) => ({ ...each, index })))('$title', async ({ index, starts, daysAgo }) => {
    const found = await Promise.all([brokers.kafka!, brokers.ottla!].map((broker) => boundsOf(broker, topicOf(index))))
    const expected = { start: starts, end: daysAgo.length }
    expect({ kafka: found[0], ottla: found[1] }).toEqual({ kafka: expected, ottla: expected })
  })
})

const topicOf = (index: number): string => `retained-${index}`

async function writeAll({ bootstrap }: TestBroker): Promise<void> {
  const connection = await WireConnection.connect(bootstrap)
  for (const [index, { configs, daysAgo }] of CASES.entries()) {
    const list = Object.entries({ 'segment.bytes': '1048576', ...configs }).map(([name, value]) => ({ name, value }))
    const topic = { name: topicOf(index), numPartitions: 1, replicationFactor: 1, assignments: [], configs: list }
    await connection.request(createTopics, 7, { topics: [topic], timeoutMs: 30_000 })
    for (const days of daysAgo) await send(connection, topicOf(index), Math.floor(Date.now() - days * DAY_MS))
  }
  connection.close()
}

async function send(connection: WireConnection, name: string, timestamp: number): Promise<void> {
  const records = await encodeBatch({ records: [{ timestamp, key: Buffer.from('key'), value: Buffer.alloc(BATCH_BYTES) }] })
  const topicData = [{ name, partitionData: [{ index: 0, records }] }]
  for (let attempt = 0; ; attempt++) {
    const { responses } = await connection.request(produce, 9, { acks: -1, timeoutMs: 30_000, topicData })
    const { errorCode } = responses[0]!.partitionResponses[0]!
    if (errorCode === 0) return
    if (attempt === 50) throw new Error(`error ${errorCode}`)
    await setTimeout(200) // a partition that was just created has no leader yet
  }
}

async function boundsOf({ bootstrap }: TestBroker, name: string): Promise<{ start: number; end: number }> {
  const connection = await WireConnection.connect(bootstrap)
  const offsetAt = async (timestamp: number): Promise<number> => {
    const topics = [{ name, partitions: [{ partitionIndex: 0, timestamp }] }]
    const answer = await connection.request(listOffsets, 7, { replicaId: -1, isolationLevel: 0, topics })
    return answer.topics[0]!.partitions[0]!.offset
  }
  const bounds = { start: await offsetAt(-2), end: await offsetAt(-1) }
  connection.close()
  return bounds
}
