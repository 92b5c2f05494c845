// ListConfigResources v0-1: the names of what has configs, by type (KIP-1142); without types, all of them.
// - Groups are those of which something was set. Version 0 asks for client metrics, of which there are none.

import { errorCode, Refusal } from '../wire/error-codes.ts'
import { listConfigResources as api } from '../wire/messages/list-config-resources.ts'
import { BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP, TOPIC } from './config-resources.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import type { Services } from './services.ts'

export function listConfigResources({ catalog, dynamicConfigs, placement }: Services): ServedApi {
  const namesByType: ReadonlyMap<number, () => Iterable<string>> = new Map([
    [TOPIC, () => [...catalog.topics].map(({ name }) => name)],
    [BROKER, () => [String(placement.brokerId)]],
    [BROKER_LOGGER, () => [String(placement.brokerId)]],
    [CLIENT_METRICS, () => []],
    [GROUP, () => dynamicConfigs.groups],
  ])
  return handler(api, {
    handle({ resourceTypes }, { apiVersion }) {
      const all = apiVersion === 0 ? [CLIENT_METRICS] : [...namesByType.keys()]
      const types = resourceTypes.length === 0 ? all : [...new Set(resourceTypes)]
      const configResources = types.flatMap((resourceType) => {
        const names = namesByType.get(resourceType)
        if (names === undefined) throw new Refusal('UNSUPPORTED_VERSION', `there is no resource of type ${resourceType}`)
        return [...names()].map((resourceName) => ({ resourceName, resourceType }))
      })
      return { errorCode: 0, configResources }
    },
    refuse: (_request, refusal) => ({ errorCode: errorCode(refusal.error), configResources: [] }),
  })
}
