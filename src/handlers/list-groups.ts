// ListGroups v0-5: answers that there are no groups.
// - It is here because Kafka's own tool for configs asks for it before it describes the configs of a group.
// Differs from Kafka: there are no groups yet.

import { errorCode } from '../wire/error-codes.ts'
import { listGroups as api } from '../wire/messages/list-groups.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'

export function listGroups(): ServedApi {
  return handler(api, {
    handle: () => ({ errorCode: 0, groups: [] }),
    refuse: (_request, refusal) => ({ errorCode: errorCode(refusal.error), groups: [] }),
  })
}
