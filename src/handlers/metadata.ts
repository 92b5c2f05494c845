// Metadata v0-13: the brokers, and topics with their partitions and leaders.
// - Null topics ask for all; an empty list for none (v1+), for all in v0.
// - A topic asked for by name is created when both the client and `auto.create.topics.enable` allow it, with the broker's defaults.
// - Topics are asked for by id from v12 on (v10 and v11 answer INVALID_REQUEST to that), whatever the name; an unknown one answers UNKNOWN_TOPIC_ID.
// - A topic that is asked for twice is answered once.
// Differs from Kafka: an auto-created topic is there in this answer already; Kafka answers UNKNOWN_TOPIC_OR_PARTITION until a later one. A topic without
// name and id answers UNKNOWN_TOPIC_ID (Kafka: UNKNOWN_SERVER_ERROR, and no brokers).

import type { Topic } from '../topics/catalog.ts'
import { isInternalTopic } from '../topics/internal-topics.ts'
import { illegalTopicName } from '../topics/topic-names.ts'
import { attemptLater } from '../wire/attempt.ts'
import { errorCode, Refusal } from '../wire/error-codes.ts'
import { metadata as api } from '../wire/messages/metadata.ts'
import type { Draft, Infer } from '../wire/schema.ts'
import { ZERO_UUID } from '../wire/uuid.ts'
import { CLUSTER_OPERATIONS, TOPIC_OPERATIONS } from './authorized-operations.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import { partitionState } from './partition-state.ts'
import type { Services } from './services.ts'

type Asked = NonNullable<Infer<typeof api.request>['topics']>[number]
interface Options {
  readonly mayCreate: boolean
  readonly isAuthorizing: boolean
}
type TopicResponse = Draft<typeof api.response>['topics'][number]

const TOPICS_AT_ONCE = 64

export function metadata(services: Services): ServedApi {
  const { catalog, placement, config, turnShare } = services
  const describe = ({ id, name, partitionCount, isInternal }: Topic, isAuthorizing: boolean): TopicResponse => {
    const partitions = Array.from({ length: partitionCount }, (_, index) => partitionState(services, id, index))
    const operations = isAuthorizing ? { topicAuthorizedOperations: TOPIC_OPERATIONS } : {}
    return { errorCode: 0, name, topicId: id, isInternal, partitions, ...operations }
  }

  const answer = async ({ name, topicId }: Asked, { mayCreate, isAuthorizing }: Options): Promise<TopicResponse> => {
    const topic = await attemptLater(() => {
      if (name === null || topicId !== ZERO_UUID) return catalog.byId(topicId)
      const illegal = illegalTopicName(name)
      if (illegal !== undefined) throw new Refusal('INVALID_TOPIC_EXCEPTION', illegal)
      return mayCreate ? catalog.createIfMissing(name) : catalog.byName(name)
    })
    if (topic instanceof Refusal) return refused(topicId === ZERO_UUID ? name : null, topicId, topic)
    return describe(topic, isAuthorizing)
  }

  return handler(api, {
    async handle(request, { apiVersion, connection }) {
      const { topics, allowAutoTopicCreation, includeTopicAuthorizedOperations: isAuthorizing } = request
      const { controllerId, clusterId } = placement
      const about = {
        brokers: placement.brokers(connection),
        clusterId,
        controllerId,
        errorCode: 0,
        ...(request.includeClusterAuthorizedOperations ? { clusterAuthorizedOperations: CLUSTER_OPERATIONS } : {}),
      }
      const isAll = topics === null || (apiVersion === 0 && topics.length === 0)
      if (isAll) return { ...about, topics: await turnShare.each([...catalog.topics], 1, async (topic) => describe(topic, isAuthorizing)) }
      const asked = distinct(topics)
      if (apiVersion < 12 && asked.some(({ name, topicId }) => name === null || topicId !== ZERO_UUID)) throw new Refusal('INVALID_REQUEST')
      const options = { mayCreate: allowAutoTopicCreation && config['auto.create.topics.enable'], isAuthorizing }
      return { ...about, topics: await turnShare.each(asked, TOPICS_AT_ONCE, (topic) => answer(topic, options)) }
    },
    refuse: ({ topics }, refusal) => ({
      brokers: [],
      topics: (topics ?? []).map(({ name, topicId }) => refused(name ?? '', topicId, refusal)),
      errorCode: errorCode(refusal.error),
    }),
  })
}

function refused(name: string | null, topicId: string, refusal: Refusal): TopicResponse {
  return { errorCode: errorCode(refusal.error), name, topicId, isInternal: name !== null && isInternalTopic(name), partitions: [] }
}

function distinct(topics: readonly Asked[]): Asked[] {
  return [...new Map(topics.map((topic) => [`${topic.name} ${topic.topicId}`, topic])).values()]
}
