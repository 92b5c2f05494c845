// CreatePartitions, DeleteRecords, DescribeCluster, DescribeTopicPartitions, ListGroups.

import { createPartitions } from '../../../src/wire/messages/create-partitions.ts'
import { deleteRecords } from '../../../src/wire/messages/delete-records.ts'
import { describeCluster } from '../../../src/wire/messages/describe-cluster.ts'
import { describeTopicPartitions } from '../../../src/wire/messages/describe-topic-partitions.ts'
import { listGroups } from '../../../src/wire/messages/list-groups.ts'
import { listOffsets } from '../../../src/wire/messages/list-offsets.ts'
import { metadata } from '../../../src/wire/messages/metadata.ts'
import { produce } from '../../../src/wire/messages/produce.ts'
import type { Draft } from '../../../src/wire/schema.ts'
import { buildBatch } from '../../support/batch-builder.ts'
import { producing, type AskedBroker } from '../broker.ts'
import { ZERO_ID } from '../normalise.ts'
import { eventually, requests, type Case } from './case.ts'

type Grown = Draft<typeof createPartitions.request>['topics'][number]

const growing = (topics: readonly Grown[], changes: { timeoutMs?: number; validateOnly?: boolean } = {}) => ({
  topics,
  timeoutMs: 30_000,
  validateOnly: false,
  ...changes,
})
const to = (name: string, count: number, ...brokers: readonly (readonly number[])[]): Grown => ({
  name,
  count,
  assignments: brokers.length === 0 ? null : brokers.map((brokerIds) => ({ brokerIds })),
})

/** Grows a new topic, and tells of its partitions once they are there. */
const growth = (version: number): Case => ({
  title: `CreatePartitions v${version}: a topic, seen in its metadata`,
  async ask(broker) {
    const name = await broker.newTopic()
    const answer = await broker.ask(createPartitions, version, growing([to(name, 3)]))
    const seen = await eventually(
      () => broker.request(metadata, 12, { topics: [{ name, topicId: ZERO_ID }], allowAutoTopicCreation: false }),
      ({ topics }) => topics[0]!.partitions.length === 3 && topics[0]!.partitions.every(({ errorCode }) => errorCode === 0),
    )
    return { answer, seen: broker.comparable(seen.topics) }
  },
})

const growths: Case[] = [
  ...[0, 1, 2, 3].map(growth),
  ...requests(createPartitions, 3, {
    'the same count': growing([to('records', 2)]),
    'a lower count': growing([to('records', 1)]),
    'no partitions': growing([to('records', 0)]),
    '-1 partitions': growing([to('records', -1)]),
    'an unknown topic': growing([to('unknown', 3)]),
    'an empty name': growing([to('', 3)]),
    'an illegal name': growing([to('a/b', 3)]),
    'the same topic twice': growing([to('records', 3), to('records', 4), to('unknown', 2)]),
    'the same topic twice, and a lower count': growing([to('records', 1), to('records', 1)]),
    'good and bad ones, validateOnly': growing([to('empty', 2), to('records', 1), to('unknown', 3)], { validateOnly: true }),
    validateOnly: growing([to('records', 3)], { validateOnly: true }),
    'assigned, validateOnly': (broker) => growing([to('records', 4, [broker.brokerId], [broker.brokerId])], { validateOnly: true }),
    'assigned to none of the new partitions': growing([{ name: 'records', count: 4, assignments: [] }]),
    'too few assigned': (broker) => growing([to('records', 4, [broker.brokerId])]),
    'too many assigned': (broker) => growing([to('records', 3, [broker.brokerId], [broker.brokerId])]),
    'assigned to an unknown broker': growing([to('records', 3, [99])]),
    'assigned to nobody': growing([to('records', 3, [])]),
    'assigned to one broker twice': (broker) => growing([to('records', 3, [broker.brokerId, broker.brokerId])]),
    'assigned, with the same count': (broker) => growing([to('records', 2, [broker.brokerId])]),
    'no time': growing([to('records', 3)], { timeoutMs: 0 }),
    'less than no time': growing([to('records', 3)], { timeoutMs: -1 }),
    '10,000 more partitions, validateOnly': growing([to('empty', 10_001)], { validateOnly: true }),
    '10,001 more partitions, validateOnly': growing([to('empty', 10_002)], { validateOnly: true }),
    none: growing([]),
  }),
]

const deleting = (name: string, ...partitions: readonly (readonly [index: number, offset: number])[]) => ({
  topics: [{ name, partitions: partitions.map(([partitionIndex, offset]) => ({ partitionIndex, offset })) }],
  timeoutMs: 10_000,
})

/** Deletes from a topic of its own, with ten records, then asks where it begins and what the deletion of less answers. */
const deletion = (version: number, offset: number): Case => ({
  title: `DeleteRecords v${version}: ten records, below ${offset}`,
  async ask(broker) {
    const name = await broker.newTopic()
    const records = buildBatch({ records: Array.from({ length: 10 }, (_, index) => ({ value: String(index), timestampDelta: index })) })
    await broker.request(produce, 9, producing(name, 0, records))
    const answers = []
    for (const below of [offset, 1, 11]) answers.push(await broker.ask(deleteRecords, version, deleting(name, [0, below])))
    const firstOffset = { replicaId: -1, topics: [{ name, partitions: [{ partitionIndex: 0, timestamp: -2 }] }] }
    return [...answers, await broker.ask(listOffsets, 4, firstOffset)]
  },
})

async function deleteFromNew(broker: AskedBroker, policy: string): Promise<unknown> {
  const name = await broker.newTopic({ 'cleanup.policy': policy })
  return broker.ask(deleteRecords, 2, deleting(name, [0, -1]))
}

const deletions: Case[] = [
  ...[0, 1, 2].map((version) => deletion(version, 4)),
  deletion(2, -1),
  deletion(2, 10),
  ...requests(deleteRecords, 2, {
    'an unknown topic': deleting('unknown', [0, 0]),
    'an illegal topic': deleting('a/b', [0, 0]),
    'an unknown partition': deleting('records', [99, 0]),
    'a negative partition': deleting('records', [-1, 0]),
    'an empty partition': deleting('empty', [0, -1]),
    'an offset of -2': deleting('records', [0, -2]),
    'an offset beyond the end': deleting('records', [0, 11]),
    'a huge offset': deleting('records', [0, Number.MAX_SAFE_INTEGER]),
    'nothing of a partition': deleting('records', [0, 0]),
    'a compacted topic': deleting('compacted', [0, 0]),
    'the same partition twice': deleting('records', [0, 0], [0, 99]),
    'the same topic twice': { topics: [...deleting('records', [0, 0]).topics, ...deleting('records', [0, 99]).topics], timeoutMs: 10_000 },
    'no partitions': deleting('records'),
    'no time': { ...deleting('records', [0, 0]), timeoutMs: 0 },
    none: { topics: [], timeoutMs: 10_000 },
  }),
  ...['compact,delete', ''].map((policy) => ({
    title: `DeleteRecords v2: a topic with cleanup.policy "${policy}"`,
    ask: (broker: AskedBroker) => deleteFromNew(broker, policy),
  })),
]

const plainly = { includeClusterAuthorizedOperations: false }
const clusters: Case[] = [0, 1, 2].flatMap((version) =>
  requests(describeCluster, version, {
    'the brokers': plainly,
    'the brokers, with authorized operations': { includeClusterAuthorizedOperations: true },
    ...(version >= 1 && {
      'the controllers': { ...plainly, endpointType: 2 },
      'an unknown type of endpoint': { ...plainly, endpointType: 3 },
      'endpoint type 0': { ...plainly, endpointType: 0 },
    }),
    ...(version >= 2 && { 'fenced brokers, too': { ...plainly, includeFencedBrokers: true } }),
  }),
)

const naming = (names: readonly string[], changes: Omit<Draft<typeof describeTopicPartitions.request>, 'topics'> = {}) => ({
  topics: names.map((name) => ({ name })),
  ...changes,
})
const cursor = (topicName: string, partitionIndex: number) => ({ topicName, partitionIndex })

const pages: Case[] = requests(describeTopicPartitions, 0, {
  'two topics': naming(['written', 'records']),
  'the same topic twice': naming(['records', 'records']),
  'an unknown topic': naming(['unknown', 'records']),
  'an illegal topic': naming(['a/b']),
  'an empty name': naming(['']),
  'a partition at a time': naming(['records', 'written'], { responsePartitionLimit: 1 }),
  'the end of a page at the end of a topic': naming(['records', 'written'], { responsePartitionLimit: 2 }),
  'the end of a page before an unknown topic': naming(['records', 'unknown'], { responsePartitionLimit: 2 }),
  'a page that is just large enough': naming(['records', 'written'], { responsePartitionLimit: 3 }),
  'a page of nothing': naming(['records'], { responsePartitionLimit: 0 }),
  'a page of less than nothing': naming(['records'], { responsePartitionLimit: -1 }),
  'from the middle of a topic': naming(['empty', 'records', 'written'], { cursor: cursor('records', 1) }),
  'from behind the end of a topic': naming(['records', 'written'], { cursor: cursor('records', 9) }),
  'from a negative partition': naming(['records'], { cursor: cursor('records', -1) }),
  'from a topic that is not asked for': naming(['records', 'written'], { cursor: cursor('empty', 0) }),
  'from an unknown topic that is asked for': naming(['records', 'unknown'], { cursor: cursor('unknown', 0) }),
  'all topics, behind the last': naming([], { cursor: cursor('zzz', 0) }),
})

const groups: Case[] = [0, 1, 2, 3, 4, 5].flatMap((version) => requests(listGroups, version, { 'there are none': {} }))

export const partitionCases: Case[] = [...groups, ...growths, ...deletions, ...clusters, ...pages]
