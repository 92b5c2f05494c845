// DescribeConfigs v1-4: the configs of topics, brokers and groups, each with its value, source, synonyms and documentation.
// - Null keys, or none, ask for all; an unknown key is passed over, as in Kafka.
// - A broker is named by its id; the empty string tells what was set for all brokers while they run, and nothing else.
// - Any group has configs, whether it exists or not. Of the broker's loggers there are none to tell.
// Differs from Kafka: of broker configs, those that mean something here or can be altered in Kafka are told. Client metrics are refused. A resource that is
// named twice is described once, and of groups at most 1000 in one request.

import {
  type DescribedConfig,
  describeBrokerConfigs,
  describeClusterConfigs,
  describeGroupConfigs,
  describeTopicConfigs,
} from '../config/describe.ts'
import { ALL_BROKERS } from '../topics/dynamic-configs.ts'
import { illegalTopicName } from '../topics/topic-names.ts'
import { attempt } from '../wire/attempt.ts'
import { errorCode, Refusal } from '../wire/error-codes.ts'
import { describeConfigs as api } from '../wire/messages/describe-configs.ts'
import type { Draft, Infer } from '../wire/schema.ts'
import { BROKER, BROKER_LOGGER, checkBrokerId, CLIENT_METRICS, GROUP, noClientMetrics, TOPIC, unknownType } from './config-resources.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import type { Services } from './services.ts'

type Request = Infer<typeof api.request>
type Resource = Request['resources'][number]
type Result = Draft<typeof api.response>['results'][number]
type ToldConfig = Result['configs'][number]

const GROUPS_PER_REQUEST_MAX = 1000 // any name is a group's, and its description a thousand times as long

export function describeConfigs(services: Services): ServedApi {
  const { catalog, config, dynamicConfigs, turnShare } = services

  const configsOf = (resource: Resource): DescribedConfig[] => {
    const { resourceName: name } = resource
    switch (resource.resourceType) {
      case TOPIC: {
        const illegal = illegalTopicName(name)
        if (illegal !== undefined) throw new Refusal('INVALID_TOPIC_EXCEPTION', illegal)
        return describeTopicConfigs(catalog.byName(name).configOverrides, config)
      }
      case BROKER:
        if (name === ALL_BROKERS) return describeClusterConfigs(dynamicConfigs.ofBroker(name))
        checkBrokerId(services, name)
        return describeBrokerConfigs(config)
      case GROUP:
        if (name === '') throw new Refusal('INVALID_REQUEST', 'a group has a name')
        return describeGroupConfigs(dynamicConfigs.ofGroup(name), config)
      case BROKER_LOGGER:
        checkBrokerId(services, name)
        return []
      case CLIENT_METRICS:
        throw noClientMetrics()
      default:
        throw unknownType(resource)
    }
  }

  const describe = (resource: Resource, asTold: (config: DescribedConfig) => ToldConfig): Result => {
    const { resourceType, resourceName, configurationKeys } = resource
    const isAll = configurationKeys === null || configurationKeys.length === 0
    const found = attempt(() => configsOf(resource))
    if (found instanceof Refusal) return refused(resource, found)
    const configs = found.filter(({ name }) => isAll || configurationKeys.includes(name)).map(asTold)
    return { errorCode: 0, errorMessage: '', resourceType, resourceName, configs }
  }

  return handler(api, {
    async handle(request) {
      const asTold = teller(request)
      let groupsLeft = GROUPS_PER_REQUEST_MAX
      const results: Result[] = []
      for (const resource of distinct(request.resources)) {
        await turnShare.step()
        const isOneTooMany = resource.resourceType === GROUP && groupsLeft-- <= 0
        results.push(isOneTooMany ? refused(resource, tooManyGroups()) : describe(resource, asTold))
      }
      return { results }
    },
    refuse: ({ resources }, refusal) => ({ results: resources.map((resource) => refused(resource, refusal)) }),
  })
}

/** A thousand topics may have inherited the same: it is made once. */
function teller({ includeSynonyms, includeDocumentation }: Request): (config: DescribedConfig) => ToldConfig {
  const told = new Map<DescribedConfig, ToldConfig>()
  return (config) => {
    const known = told.get(config)
    if (known !== undefined) return known
    const { name, value, readOnly, isDefault, configSource, isSensitive, synonyms, configType, documentation } = config
    const made = {
      name,
      value,
      readOnly,
      isDefault,
      configSource,
      isSensitive,
      synonyms: includeSynonyms ? synonyms : [],
      configType,
      documentation: includeDocumentation ? documentation : null,
    }
    told.set(config, made)
    return made
  }
}

/** An answer is a thousand times as long as its question. */
function distinct(resources: readonly Resource[]): Resource[] {
  return [...new Map(resources.map((resource) => [`${resource.resourceType} ${resource.resourceName}`, resource])).values()]
}

function tooManyGroups(): Refusal {
  return new Refusal('POLICY_VIOLATION', `a request may ask for the configs of ${GROUPS_PER_REQUEST_MAX} groups at most`)
}

function refused({ resourceType, resourceName }: Resource, refusal: Refusal): Result {
  return { errorCode: errorCode(refusal.error), errorMessage: refusal.message, resourceType, resourceName, configs: [] }
}
