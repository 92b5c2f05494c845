// DescribeTopicPartitions v0: topics by name with their partitions, a page at a time (KIP-966).
// - Topics come by name; without any, all are told. An unknown one answers UNKNOWN_TOPIC_OR_PARTITION.
// - A page holds at most `responsePartitionLimit` partitions (at least 1, at most 2000) and says where the next one begins.
// - The cursor must name one of the topics that are asked for, else INVALID_REQUEST; when all are, it may name one that is gone by now.
// - Nobody else may become leader: the list of eligible leader replicas is empty.
// Differs from Kafka: an empty topic name answers INVALID_TOPIC_EXCEPTION, as other illegal ones do (Kafka: UNKNOWN_SERVER_ERROR for all topics).

import { isInternalTopic } from '../topics/internal-topics.ts'
import { illegalTopicName } from '../topics/topic-names.ts'
import { attempt } from '../wire/attempt.ts'
import { errorCode, Refusal } from '../wire/error-codes.ts'
import { describeTopicPartitions as api } from '../wire/messages/describe-topic-partitions.ts'
import type { Draft, Infer } from '../wire/schema.ts'
import { ZERO_UUID } from '../wire/uuid.ts'
import { TOPIC_OPERATIONS } from './authorized-operations.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import { partitionState } from './partition-state.ts'
import type { Services } from './services.ts'

type Request = Infer<typeof api.request>
type TopicResponse = Draft<typeof api.response>['topics'][number]
const PARTITION_LIMIT_MAX = 2000

export function describeTopicPartitions(services: Services): ServedApi {
  const { catalog } = services

  const describe = (name: string, firstPartition: number, partitionLimit: number): TopicResponse => {
    const found = attempt(() => {
      const illegal = illegalTopicName(name)
      if (illegal !== undefined) throw new Refusal('INVALID_TOPIC_EXCEPTION', illegal)
      return catalog.byName(name)
    })
    if (found instanceof Refusal) return refused(name, found)
    const count = Math.max(0, Math.min(found.partitionCount - firstPartition, partitionLimit))
    const partitions = Array.from({ length: count }, (_, index) => ({
      ...partitionState(services, found.id, firstPartition + index),
      eligibleLeaderReplicas: [],
      lastKnownElr: [],
    }))
    const about = { name, topicId: found.id, isInternal: found.isInternal }
    return { errorCode: 0, ...about, partitions, topicAuthorizedOperations: TOPIC_OPERATIONS }
  }

  return handler(api, {
    handle({ topics, responsePartitionLimit, cursor }) {
      const isAll = topics.length === 0
      const names = new Set(isAll ? [...catalog.topics].map(({ name }) => name) : topics.map(({ name }) => name))
      if (cursor !== null) checkCursor(cursor, isAll ? undefined : names)
      const page: TopicResponse[] = []
      let partitionsLeft = Math.max(1, Math.min(responsePartitionLimit, PARTITION_LIMIT_MAX))
      for (const name of [...names].filter((each) => cursor === null || each >= cursor.topicName).toSorted(byName)) {
        if (partitionsLeft === 0) return { topics: page, nextCursor: { topicName: name, partitionIndex: 0 } }
        const firstPartition = name === cursor?.topicName ? cursor.partitionIndex : 0
        const topic = describe(name, firstPartition, partitionsLeft)
        page.push(topic)
        partitionsLeft -= topic.partitions.length
        const nextPartition = firstPartition + topic.partitions.length
        if (topic.errorCode === 0 && nextPartition < catalog.byName(name).partitionCount)
          return { topics: page, nextCursor: { topicName: name, partitionIndex: nextPartition } }
      }
      return { topics: page }
    },
    refuse: ({ topics }, refusal) => ({ topics: topics.map(({ name }) => failed(name, refusal)) }),
  })
}

function checkCursor({ topicName, partitionIndex }: NonNullable<Request['cursor']>, asked: ReadonlySet<string> | undefined): void {
  if (partitionIndex < 0) throw new Refusal('INVALID_REQUEST', `the cursor names partition ${partitionIndex}`)
  if (asked?.has(topicName) === false) throw new Refusal('INVALID_REQUEST', `the cursor names topic "${topicName}", which is not asked for`)
}

const byName = (a: string, b: string): number => (a < b ? -1 : 1)

function refused(name: string, refusal: Refusal): TopicResponse {
  return { ...failed(name, refusal), topicAuthorizedOperations: TOPIC_OPERATIONS }
}

function failed(name: string, { error }: Refusal): TopicResponse {
  return { errorCode: errorCode(error), name, topicId: ZERO_UUID, isInternal: isInternalTopic(name), partitions: [] }
}
