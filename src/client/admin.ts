// What an administrator asks of a cluster: topics, their configs, and the offsets that their partitions have. What the broker refuses throws its Refusal.

import { createPartitions as createPartitionsApi } from '../wire/messages/create-partitions.ts'
import { createTopics } from '../wire/messages/create-topics.ts'
import { deleteTopics } from '../wire/messages/delete-topics.ts'
import { describeConfigs } from '../wire/messages/describe-configs.ts'
import { incrementalAlterConfigs } from '../wire/messages/incremental-alter-configs.ts'
import { listOffsets as listOffsetsApi } from '../wire/messages/list-offsets.ts'
import { ZERO_UUID } from '../wire/uuid.ts'
import { answered, refuse } from './answers.ts'
import { byLeader, type Cluster, type TopicMetadata } from './cluster.ts'

const TIMEOUT_MS = 30_000
const TOPIC_RESOURCE = 2
const [SET, DELETE] = [0, 1] as const

export interface NewTopic {
  readonly name: string
  /** -1, or left out: the broker's default. */
  readonly partitionCount?: number
  readonly replicationFactor?: number
  readonly configs?: Readonly<Record<string, string>>
}

export interface CreatedTopic {
  readonly name: string
  readonly topicId: string
  /** -1 when the broker does not say. */
  readonly partitionCount: number
  readonly replicationFactor: number
}

/** `validateOnly` asks whether the topic could be created, and creates nothing. */
export async function createTopic(cluster: Cluster, newTopic: NewTopic, { validateOnly = false } = {}): Promise<CreatedTopic> {
  const { name, partitionCount = -1, replicationFactor = -1, configs = {} } = newTopic
  const { topics } = await cluster.ask(createTopics, {
    topics: [
      {
        name,
        numPartitions: partitionCount,
        replicationFactor,
        assignments: [],
        configs: Object.entries(configs).map(([config, value]) => ({ name: config, value })),
      },
    ],
    timeoutMs: TIMEOUT_MS,
    validateOnly,
  })
  const created = answered(topics)
  refuse(created.errorCode, created.errorMessage)
  return { name, topicId: created.topicId, partitionCount: created.numPartitions, replicationFactor: created.replicationFactor }
}

export async function deleteTopic(cluster: Cluster, name: string): Promise<void> {
  const { responses } = await cluster.ask(deleteTopics, {
    topics: [{ name, topicId: ZERO_UUID }],
    topicNames: [name],
    timeoutMs: TIMEOUT_MS,
  })
  const deleted = answered(responses)
  refuse(deleted.errorCode, deleted.errorMessage)
}

/** `count` is the new total. `validateOnly` asks whether it could be so, and changes nothing. */
export async function createPartitions(cluster: Cluster, name: string, count: number, { validateOnly = false } = {}): Promise<void> {
  const topics = [{ name, count, assignments: null }]
  const { results } = await cluster.ask(createPartitionsApi, { topics, timeoutMs: TIMEOUT_MS, validateOnly })
  const { errorCode, errorMessage } = answered(results)
  refuse(errorCode, errorMessage)
}

export interface ConfigChange {
  readonly name: string
  /** null: the topic is to have none of its own. */
  readonly value: string | null
}

/** All of them or none. */
export async function alterTopicConfigs(cluster: Cluster, topic: string, changes: readonly ConfigChange[]): Promise<void> {
  const configs = changes.map(({ name, value }) => ({ name, configOperation: value === null ? DELETE : SET, value }))
  const resources = [{ resourceType: TOPIC_RESOURCE, resourceName: topic, configs }]
  const { responses } = await cluster.ask(incrementalAlterConfigs, { resources, validateOnly: false })
  const { errorCode, errorMessage } = answered(responses)
  refuse(errorCode, errorMessage)
}

export interface TopicConfigValue {
  readonly name: string
  readonly value: string | null
  readonly source: 'topic' | 'broker' | 'default'
}

export async function topicConfigs(cluster: Cluster, topic: string): Promise<TopicConfigValue[]> {
  const { results } = await cluster.ask(describeConfigs, {
    resources: [{ resourceType: TOPIC_RESOURCE, resourceName: topic, configurationKeys: null }],
  })
  const { errorCode, errorMessage, configs } = answered(results)
  refuse(errorCode, errorMessage)
  return configs.map(({ name, value, configSource }) => ({
    name,
    value,
    source: configSource === 1 ? 'topic' : configSource === 5 ? 'default' : 'broker',
  }))
}

/** Special timestamps of `offsetsAt`. */
export const LATEST = -1
export const EARLIEST = -2

export interface OffsetAt {
  /** Of the first record at or after the timestamp; -1 when there is none. Of LATEST: the high watermark. */
  readonly offset: number
  readonly timestamp: number
}

/** By partition: the offset at a time, in ms since 1970, or at LATEST or EARLIEST. */
export async function offsetsAt(
  cluster: Cluster,
  topic: TopicMetadata,
  partitions: readonly number[],
  timestamp: number,
): Promise<Map<number, OffsetAt>> {
  const found = new Map<number, OffsetAt>()
  for (const [leaderId, led] of byLeader(topic, partitions)) {
    const { topics } = await cluster.askBroker(leaderId, listOffsetsApi, {
      replicaId: -1,
      isolationLevel: 0,
      timeoutMs: TIMEOUT_MS,
      topics: [{ name: topic.name, partitions: led.map((partitionIndex) => ({ partitionIndex, timestamp })) }],
    })
    for (const { partitionIndex, errorCode, offset, timestamp: at } of answered(topics).partitions) {
      refuse(errorCode)
      found.set(partitionIndex, { offset, timestamp: at })
    }
  }
  return found
}
