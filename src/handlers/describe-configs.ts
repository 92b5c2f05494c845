// DescribeConfigs v1-4: the configs of topics and of the broker, each with its value, source, synonyms and documentation.
// - Null keys, or none, ask for all; an unknown key is passed over, as in Kafka.
// - A resource that is named twice is described once.
// - The broker is named by its id, or by the empty string for the defaults of all brokers, which nobody can set yet.

import { describeBrokerConfigs, describeTopicConfigs } from '../config/describe.ts'
import type { DescribedConfig } from '../config/describe.ts'
import { illegalTopicName } from '../topics/topic-names.ts'
import { attempt } from '../wire/attempt.ts'
import { errorCode, Refusal } from '../wire/error-codes.ts'
import { describeConfigs as api } from '../wire/messages/describe-configs.ts'
import type { Draft, Infer } from '../wire/schema.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import type { Services } from './services.ts'

type Request = Infer<typeof api.request>
type Resource = Request['resources'][number]
type Result = Draft<typeof api.response>['results'][number]
const TOPIC = 2
const BROKER = 4

export function describeConfigs({ catalog, placement, config }: Services): ServedApi {
  const configsOf = ({ resourceType, resourceName }: Resource): DescribedConfig[] => {
    if (resourceType === TOPIC) {
      const illegal = illegalTopicName(resourceName)
      if (illegal !== undefined) throw new Refusal('INVALID_TOPIC_EXCEPTION', illegal)
      return describeTopicConfigs(catalog.byName(resourceName).configOverrides, config)
    }
    if (resourceType !== BROKER)
      throw new Refusal('INVALID_REQUEST', `resource type ${resourceType} has no configs here; topics (2) and brokers (4) have`)
    if (resourceName === '') return []
    if (resourceName !== String(placement.brokerId))
      throw new Refusal('INVALID_REQUEST', `there is no broker "${resourceName}"; this is broker ${placement.brokerId}`)
    return describeBrokerConfigs(config)
  }

  const describe = (resource: Resource, { includeSynonyms, includeDocumentation }: Request): Result => {
    const { resourceType, resourceName, configurationKeys } = resource
    const isAll = configurationKeys === null || configurationKeys.length === 0
    const found = attempt(() => configsOf(resource))
    if (found instanceof Refusal) return refused(resource, found)
    const configs = found
      .filter(({ name }) => isAll || configurationKeys.includes(name))
      .map(({ synonyms, documentation, ...about }) => ({
        ...about,
        synonyms: includeSynonyms ? synonyms : [],
        documentation: includeDocumentation ? documentation : null,
      }))
    return { errorCode: 0, errorMessage: '', resourceType, resourceName, configs }
  }

  return handler(api, {
    handle: (request) => ({ results: distinct(request.resources).map((resource) => describe(resource, request)) }),
    refuse: ({ resources }, refusal) => ({ results: resources.map((resource) => refused(resource, refusal)) }),
  })
}

/** An answer is a thousand times as long as its question. */
function distinct(resources: readonly Resource[]): Resource[] {
  return [...new Map(resources.map((resource) => [`${resource.resourceType} ${resource.resourceName}`, resource])).values()]
}

function refused({ resourceType, resourceName }: Resource, refusal: Refusal): Result {
  return { errorCode: errorCode(refusal.error), errorMessage: refusal.message, resourceType, resourceName, configs: [] }
}
