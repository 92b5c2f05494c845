// What clients ask of `__consumer_offsets` itself. The last of it is done to the topic that all groups are in: these are the last cases.

import { setTimeout } from 'node:timers/promises'
import { alterConfigs } from '../../../src/wire/messages/alter-configs.ts'
import { createPartitions } from '../../../src/wire/messages/create-partitions.ts'
import { createTopics } from '../../../src/wire/messages/create-topics.ts'
import { deleteRecords } from '../../../src/wire/messages/delete-records.ts'
import { deleteTopics } from '../../../src/wire/messages/delete-topics.ts'
import { fetch } from '../../../src/wire/messages/fetch.ts'
import { findCoordinator } from '../../../src/wire/messages/find-coordinator.ts'
import { incrementalAlterConfigs } from '../../../src/wire/messages/incremental-alter-configs.ts'
import { metadata } from '../../../src/wire/messages/metadata.ts'
import { offsetCommit } from '../../../src/wire/messages/offset-commit.ts'
import { offsetFetch } from '../../../src/wire/messages/offset-fetch.ts'
import { produce } from '../../../src/wire/messages/produce.ts'
import { buildBatch } from '../../support/batch-builder.ts'
import { type AskedBroker, producing } from '../broker.ts'
import { ZERO_ID } from '../normalise.ts'
import type { Case } from './case.ts'

const NAME = '__consumer_offsets'
const TOPIC = 2
const GROUP = 'group-of-the-offsets-topic'
const APPLIED_AFTER_MS = 1000

const asking = (title: string, ask: (broker: AskedBroker) => Promise<unknown>): Case => ({
  title: `${NAME}: ${title}`,
  async ask(broker) {
    await broker.waitForGroups()
    return ask(broker)
  },
})

const batch = (): Buffer => buildBatch({ records: [{ key: 'key', value: 'value' }] })
const altering = (name: string, value: string) => ({ resources: [{ resourceType: TOPIC, resourceName: NAME, configs: [{ name, value }] }] })
const setting = (name: string, value: string | null, configOperation = 0) => ({
  validateOnly: false,
  resources: [{ resourceType: TOPIC, resourceName: NAME, configs: [{ name, configOperation, value }] }],
})
const deleting = (offset: number) => ({ topics: [{ name: NAME, partitions: [{ partitionIndex: 0, offset }] }], timeoutMs: 5000 })

const committing = (broker: AskedBroker) =>
  broker.ask(offsetCommit, 9, {
    groupId: GROUP,
    memberId: '',
    topics: [{ name: 'records', partitions: [{ partitionIndex: 0, committedOffset: 7, committedMetadata: '' }] }],
  })
const fetching = (broker: AskedBroker) => broker.ask(offsetFetch, 9, { groups: [{ groupId: GROUP, topics: null }] })

export const offsetsTopicCases: Case[] = [
  ...[3, 9, 12].map((version) => asking(`Produce v${version}`, (broker) => broker.ask(produce, version, producing(NAME, 0, batch())))),
  asking('Produce, of what would be tombstones', (broker) =>
    broker.ask(produce, 9, producing(NAME, 0, buildBatch({ records: [{ key: 'key', value: null }] }))),
  ),
  ...[0, 1, 99_999, -1, -2].map((offset) =>
    asking(`DeleteRecords v2, to ${offset}`, (broker) => broker.ask(deleteRecords, 2, deleting(offset))),
  ),
  asking('CreateTopics v7', (broker) =>
    broker.ask(createTopics, 7, { topics: [{ name: NAME, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }] }),
  ),
  asking('CreatePartitions v3, fewer, as many, and more that are only checked', async (broker) => {
    const answers = []
    for (const count of [49, 50, 51])
      answers.push(
        await broker.ask(createPartitions, 3, { topics: [{ name: NAME, count, assignments: null }], timeoutMs: 5000, validateOnly: true }),
      )
    return answers
  }),
  asking('AlterConfigs v2, only checked', (broker) =>
    broker.ask(alterConfigs, 2, { ...altering('cleanup.policy', 'delete'), validateOnly: true }),
  ),
  asking('IncrementalAlterConfigs v1, and back', async (broker) => {
    const answers = [await broker.ask(incrementalAlterConfigs, 1, setting('segment.bytes', '52428800'))]
    answers.push(await broker.ask(incrementalAlterConfigs, 1, setting('cleanup.policy', 'delete')))
    answers.push(await broker.ask(incrementalAlterConfigs, 1, setting('cleanup.policy', 'compact')))
    return [...answers, await broker.ask(incrementalAlterConfigs, 1, setting('segment.bytes', '104857600'))]
  }),
  asking('Metadata v12', async (broker) => {
    const { topics } = await broker.request(metadata, 12, { topics: [{ name: NAME, topicId: ZERO_ID }], allowAutoTopicCreation: false })
    return topics.map(({ errorCode, isInternal, partitions }) => ({ errorCode, isInternal, partitions: partitions.length }))
  }),
  asking('Fetch v12, from past its end', (broker) =>
    broker.ask(fetch, 12, {
      maxWaitMs: 0,
      minBytes: 0,
      topics: [{ topic: NAME, partitions: [{ partition: 0, fetchOffset: 99_999_999, partitionMaxBytes: 1000 }] }],
    }),
  ),
  asking('CreatePartitions v3, and what a group has then', async (broker) => {
    const committed = await committing(broker)
    const created = await broker.ask(createPartitions, 3, {
      topics: [{ name: NAME, count: 51, assignments: null }],
      timeoutMs: 5000,
      validateOnly: false,
    })
    await setTimeout(APPLIED_AFTER_MS)
    return [
      committed,
      created,
      await fetching(broker),
      await broker.ask(findCoordinator, 4, { coordinatorKeys: [GROUP] }),
      await committing(broker),
    ]
  }),
  asking('DeleteTopics v6, and what a group has then', async (broker) => {
    const deleted = await broker.ask(deleteTopics, 6, { topics: [{ name: NAME, topicId: ZERO_ID }], timeoutMs: 5000 })
    await setTimeout(APPLIED_AFTER_MS)
    const { groups } = await broker.request(offsetFetch, 9, { groups: [{ groupId: GROUP, topics: null }] })
    return [deleted, groups.map(({ topics }) => topics)]
  }),
]
