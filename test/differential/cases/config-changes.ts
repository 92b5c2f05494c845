// Changes of configs as the cases write them down, and what is seen of them afterwards.

import { describeConfigs } from '../../../src/wire/messages/describe-configs.ts'
import type { incrementalAlterConfigs } from '../../../src/wire/messages/incremental-alter-configs.ts'
import type { Draft } from '../../../src/wire/schema.ts'
import type { AskedBroker } from '../broker.ts'
import { eventually } from './case.ts'

export const TOPIC = 2
export const BROKER = 4
export const LOGGER = 8
export const METRICS = 16
export const GROUP = 32
export const [SET, DELETE, APPEND, SUBTRACT] = [0, 1, 2, 3] as const

type Resource = Draft<typeof incrementalAlterConfigs.request>['resources'][number]
export type Change = readonly [name: string, operation: number, value: string | null]

export const resource = (resourceType: number, resourceName: string, ...changes: readonly Change[]): Resource => ({
  resourceType,
  resourceName,
  configs: changes.map(([name, configOperation, value]) => ({ name, configOperation, value })),
})
export const altering = (...resources: readonly Resource[]) => ({ resources, validateOnly: false })
export const checking = (...resources: readonly Resource[]) => ({ resources, validateOnly: true })
export interface Seen {
  readonly resourceType: number
  readonly resourceName: string
  /** What is asked for, and what is waited for: in Kafka a change is answered before it is seen. */
  readonly values: Readonly<Record<string, string | null>>
}

export async function see(broker: AskedBroker, { resourceType, resourceName, values }: Seen): Promise<unknown> {
  const request = {
    resources: [{ resourceType, resourceName, configurationKeys: Object.keys(values) }],
    includeSynonyms: true,
    includeDocumentation: false,
  }
  const response = await eventually(
    () => broker.request(describeConfigs, 4, request),
    ({ results }) =>
      Object.entries(values).every(([name, value]) => results[0]!.configs.find((config) => config.name === name)?.value === value),
  )
  return broker.comparable({ ...response, results: response.results.map((result) => ({ ...result, resourceName: 'the resource' })) })
}
