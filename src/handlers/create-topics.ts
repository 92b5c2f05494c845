// CreateTopics v2-7: creates topics, each by itself: one that is refused does not hold up the others.
// - -1 stands for the broker's partition count and replication factor. One broker can hold one replica: other factors are refused.
// - A name that comes twice in one request is refused, once. With validateOnly nothing is created.
// - Answers the counts and the effective configs from v5 on, the topic id from v7 on.
// Differs from Kafka: the topics of a request become durable together, with one sync. Configs are answered as they are understood (1000 for " 1000 ").

import { describeTopicConfigs } from '../config/describe.ts'
import type { NewTopic, Topic } from '../topics/catalog.ts'
import { errorCode, Refusal } from '../wire/error-codes.ts'
import { createTopics as api } from '../wire/messages/create-topics.ts'
import type { Draft, Infer } from '../wire/schema.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import { namedTwice } from './named-twice.ts'
import type { Services } from './services.ts'

type AskedTopic = Infer<typeof api.request>['topics'][number]
type TopicResponse = Draft<typeof api.response>['topics'][number]

export function createTopics({ catalog, config, turnShare }: Services): ServedApi {
  const created = ({ id, name, partitionCount, configOverrides }: Topic): TopicResponse => ({
    name,
    topicId: id,
    errorCode: 0,
    errorMessage: null,
    numPartitions: partitionCount,
    replicationFactor: 1,
    configs: describeTopicConfigs(configOverrides, config),
  })

  return handler(api, {
    async handle({ topics, validateOnly }) {
      const asked = [...new Map(topics.map((topic) => [topic.name, topic])).values()]
      const twice = namedTwice(topics, ({ name }) => name)
      const checked = asked.map((topic) => newTopic(topic, twice))
      const results = await catalog.create(checked.filter((result) => !(result instanceof Refusal)) as NewTopic[], validateOnly)
      const remaining = results.values()
      const outcomes = checked.map((result, index) => ({
        name: asked[index]!.name,
        result: result instanceof Refusal ? result : remaining.next().value!,
      }))
      const answer = async ({ name, result }: (typeof outcomes)[number]) =>
        result instanceof Refusal ? refused(name, result) : created(result)
      return { topics: await turnShare.each(outcomes, 1, answer) }
    },
    refuse: ({ topics }, refusal) => ({ topics: topics.map(({ name }) => refused(name, refusal)) }),
  })
}

function newTopic(
  { name, numPartitions, replicationFactor, assignments, configs }: AskedTopic,
  twice: ReadonlySet<string>,
): NewTopic | Refusal {
  if (twice.has(name)) return new Refusal('INVALID_REQUEST', `topic "${name}" is named more than once in the request`)
  const withoutValue = configs.find((config) => config.value === null)
  if (withoutValue !== undefined) return new Refusal('INVALID_CONFIG', `config "${withoutValue.name}" has no value`)
  const texts = Object.fromEntries(configs.map((config) => [config.name, config.value!]))
  return { name, partitionCount: numPartitions, replicationFactor, assignments, configs: texts }
}

function refused(name: string, refusal: Refusal): TopicResponse {
  return { name, errorCode: errorCode(refusal.error), errorMessage: refusal.message, configs: [] }
}
