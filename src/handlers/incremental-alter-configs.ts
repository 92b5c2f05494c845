// IncrementalAlterConfigs v0-1: sets, deletes, appends to and subtracts from configs of topics, brokers and groups (KIP-339).
// - Each resource is changed by itself, whole or not at all, durably; a resource or config that is named twice is refused. With validateOnly nothing is changed.
// - A topic's configs hold from its next record on, a broker's at once for all topics that inherit them. Groups' are kept for the groups to come.
// - The broker "" stands for all brokers; what is set of a single one is stronger. Configs that cannot be altered while the broker runs answer INVALID_REQUEST.
// - Appending and subtracting are for lists; values that are there, or are not, stay so.
// - Loggers answer INVALID_CONFIG: there are none to set.
// Differs from Kafka: an unknown broker config is refused (Kafka keeps it), as are client metrics and listeners, and compaction lags of a broker that
// contradict each other. An unknown operation answers INVALID_REQUEST (Kafka: UNKNOWN_SERVER_ERROR).

import type { ConfigChange } from '../topics/config-edits.ts'
import { changedBy } from '../topics/config-edits.ts'
import { Refusal } from '../wire/error-codes.ts'
import { incrementalAlterConfigs as api } from '../wire/messages/incremental-alter-configs.ts'
import type { Infer } from '../wire/schema.ts'
import { alterEach, alterResponse } from './config-resources.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import type { Services } from './services.ts'

type AskedChange = Infer<typeof api.request>['resources'][number]['configs'][number]
const OPERATIONS: readonly ConfigChange['operation'][] = ['set', 'delete', 'append', 'subtract'] // by their number in the protocol

export function incrementalAlterConfigs(services: Services): ServedApi {
  return handler(api, {
    handle: ({ resources, validateOnly }) =>
      alterEach(services, resources, validateOnly, ({ configs }) => changedBy(configs.map(changeOf))),
    refuse: ({ resources }, refusal) => ({ responses: resources.map((resource) => alterResponse(resource, refusal)) }),
  })
}

function changeOf({ name, configOperation, value }: AskedChange): ConfigChange {
  const operation = OPERATIONS[configOperation]
  if (operation === undefined) throw new Refusal('INVALID_REQUEST', `config operation ${configOperation} is unknown`)
  return { name, operation, value }
}
