// What has configs, as the protocol numbers it, and how a change of the configs of each is made: what AlterConfigs and IncrementalAlterConfigs share.

import { illegalTopicName } from '../topics/topic-names.ts'
import type { ConfigEdit } from '../topics/config-edits.ts'
import { ALL_BROKERS } from '../topics/dynamic-configs.ts'
import { attemptLater } from '../wire/attempt.ts'
import { errorCode, Refusal } from '../wire/error-codes.ts'
import { namedTwice } from './named-twice.ts'
import type { Services } from './services.ts'

export const TOPIC = 2
export const BROKER = 4
export const BROKER_LOGGER = 8
export const CLIENT_METRICS = 16
export const GROUP = 32

export interface ConfigResource {
  readonly resourceType: number
  readonly resourceName: string
}

type ConfigServices = Pick<Services, 'catalog' | 'dynamicConfigs' | 'placement'>

/** Throws INVALID_REQUEST unless `name` is this broker's id. */
export function checkBrokerId({ placement }: Pick<Services, 'placement'>, name: string): void {
  if (name !== String(placement.brokerId))
    throw new Refusal('INVALID_REQUEST', `there is no broker "${name}"; this is broker ${placement.brokerId}`)
}

export function unknownType({ resourceType }: ConfigResource): Refusal {
  return new Refusal('INVALID_REQUEST', `resource type ${resourceType} has no configs here; topics (2), brokers (4) and groups (32) have`)
}

export const noClientMetrics = (): Refusal => new Refusal('INVALID_REQUEST', 'this broker collects no metrics of clients')

/** Changes each resource by itself, one after the other; one that is named twice is refused, each time. */
export async function alterEach<Asked extends ConfigResource>(
  services: ConfigServices,
  resources: readonly Asked[],
  validateOnly: boolean,
  editOf: (asked: Asked) => ConfigEdit,
) {
  const responses = []
  const twice = namedTwice(resources, keyOf)
  for (const asked of resources) {
    const result = await attemptLater(() => {
      if (twice.has(keyOf(asked))) throw new Refusal('INVALID_REQUEST', 'the resource is named more than once in the request')
      return alter(services, asked, editOf(asked), validateOnly)
    })
    responses.push(alterResponse(asked, result instanceof Refusal ? result : undefined))
  }
  return { responses }
}

export function alterResponse({ resourceType, resourceName }: ConfigResource, refusal: Refusal | undefined) {
  const about = { resourceType, resourceName }
  if (refusal === undefined) return { ...about, errorCode: 0, errorMessage: null }
  return { ...about, errorCode: errorCode(refusal.error), errorMessage: refusal.message }
}

const keyOf = ({ resourceType, resourceName }: ConfigResource): string => `${resourceType} ${resourceName}`

async function alter(services: ConfigServices, resource: ConfigResource, edit: ConfigEdit, validateOnly: boolean): Promise<void> {
  const { resourceName: name } = resource
  switch (resource.resourceType) {
    case TOPIC: {
      if (name === '') throw new Refusal('INVALID_REQUEST', 'the defaults of all topics are broker configs')
      const illegal = illegalTopicName(name)
      if (illegal !== undefined) throw new Refusal('INVALID_TOPIC_EXCEPTION', illegal)
      return services.catalog.alterConfigs(name, edit, validateOnly)
    }
    case BROKER:
      if (name !== ALL_BROKERS) checkBrokerId(services, name)
      return services.dynamicConfigs.alterBroker(name, edit, validateOnly)
    case GROUP:
      if (name === '') throw new Refusal('INVALID_REQUEST', 'a group has a name')
      return services.dynamicConfigs.alterGroup(name, edit, validateOnly)
    case BROKER_LOGGER:
      checkBrokerId(services, name)
      throw new Refusal('INVALID_CONFIG', 'this broker has no loggers of their own; log.level is set where it is started')
    case CLIENT_METRICS:
      throw noClientMetrics()
    default:
      throw unknownType(resource)
  }
}
