// AlterConfigs v0-2: gives topics, brokers and groups exactly the configs of the request; what is not named goes back to what is inherited.
// - Each resource is changed by itself, whole or not at all, durably; one that is named twice is refused.
// - What is altered holds at once. With validateOnly nothing is changed.
// Differs from Kafka: as IncrementalAlterConfigs does, and a resource that is named twice answers INVALID_REQUEST (Kafka never answers).

import { replacedBy } from '../topics/config-edits.ts'
import { alterConfigs as api } from '../wire/messages/alter-configs.ts'
import { alterEach, alterResponse } from './config-resources.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import type { Services } from './services.ts'

export function alterConfigs(services: Services): ServedApi {
  return handler(api, {
    handle: ({ resources, validateOnly }) => alterEach(services, resources, validateOnly, ({ configs }) => replacedBy(configs)),
    refuse: ({ resources }, refusal) => ({ responses: resources.map((resource) => alterResponse(resource, refusal)) }),
  })
}
