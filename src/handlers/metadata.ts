// Metadata v0-13: the brokers, and topics with their partitions and leaders.
// - Null topics ask for all; an empty list for none (v1+), for all in v0.
// - A topic asked for by name is created when both the client and `auto.create.topics.enable` allow it, with the broker's defaults.
// - Topics are asked for by id, with a null name, from v12 on (v10 and v11 answer INVALID_REQUEST to that); an unknown one answers UNKNOWN_TOPIC_ID.
// Differs from Kafka: an auto-created topic is there in this answer already; Kafka answers UNKNOWN_TOPIC_OR_PARTITION until a later one.

import type { Topic } from '../topics/catalog.ts'
import { isInternalTopic } from '../topics/topic-names.ts'
import { attemptLater } from '../wire/attempt.ts'
import { errorCode, Refusal } from '../wire/error-codes.ts'
import { metadata as api } from '../wire/messages/metadata.ts'
import type { Draft, Infer } from '../wire/schema.ts'
import { ZERO_UUID } from '../wire/uuid.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import type { Services } from './services.ts'

type Asked = NonNullable<Infer<typeof api.request>['topics']>[number]
type TopicResponse = Draft<typeof api.response>['topics'][number]

export function metadata({ catalog, placement, records, config }: Services): ServedApi {
  const describe = ({ id, name, partitionCount, isInternal }: Topic): TopicResponse => {
    const partitions = Array.from({ length: partitionCount }, (_, partitionIndex) => {
      const isOffline = records.offlineReason(id, partitionIndex) !== undefined
      return {
        errorCode: isOffline ? errorCode('LEADER_NOT_AVAILABLE') : 0,
        partitionIndex,
        leaderId: isOffline ? -1 : placement.brokerId,
        leaderEpoch: placement.leaderEpoch,
        replicaNodes: [placement.brokerId],
        isrNodes: [placement.brokerId],
        offlineReplicas: isOffline ? [placement.brokerId] : [],
      }
    })
    return { errorCode: 0, name, topicId: id, isInternal, partitions }
  }

  const answer = async ({ name, topicId }: Asked, mayCreate: boolean): Promise<TopicResponse> => {
    const topic = await attemptLater(() => {
      if (name === null) return catalog.byId(topicId)
      return mayCreate ? catalog.createIfMissing(name) : catalog.byName(name)
    })
    return topic instanceof Refusal ? refused(name, topicId, topic) : describe(topic)
  }

  return handler(api, {
    async handle({ topics, allowAutoTopicCreation }, { apiVersion, connection }) {
      const { brokerId: controllerId, clusterId } = placement
      const about = { brokers: placement.brokers(connection), clusterId, controllerId, errorCode: 0 }
      const isAll = topics === null || (apiVersion === 0 && topics.length === 0)
      if (isAll) return { ...about, topics: [...catalog.topics].map(describe) }
      if (apiVersion < 12 && topics.some(({ name, topicId }) => name === null || topicId !== ZERO_UUID))
        throw new Refusal('INVALID_REQUEST')
      const mayCreate = allowAutoTopicCreation && config['auto.create.topics.enable']
      return { ...about, topics: await Promise.all(topics.map((asked) => answer(asked, mayCreate))) }
    },
    refuse: ({ topics }, refusal, { connection }) => ({
      brokers: placement.brokers(connection),
      topics: (topics ?? []).map(({ name, topicId }) => refused(name ?? '', topicId, refusal)),
      errorCode: errorCode(refusal.error),
    }),
  })
}

function refused(name: string | null, topicId: string, refusal: Refusal): TopicResponse {
  return { errorCode: errorCode(refusal.error), name, topicId, isInternal: name !== null && isInternalTopic(name), partitions: [] }
}
