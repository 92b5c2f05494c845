// Heartbeat v0-4: a member of a classic group is alive, and hears when it is to join again (REBALANCE_IN_PROGRESS).
// - UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION and FENCED_INSTANCE_ID for who is no member of the generation (any more).

import { errorCode, Refusal } from '../wire/error-codes.ts'
import { heartbeat as api } from '../wire/messages/heartbeat.ts'
import { checkGroupId } from './group-id.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import type { Services } from './services.ts'

export function heartbeat({ groups }: Services): ServedApi {
  return handler(api, {
    async handle(request) {
      const { groupId } = request
      checkGroupId(groupId)
      const group = (await groups.shardOf(groupId)).groups.get(groupId)
      if (group === undefined) throw new Refusal('UNKNOWN_MEMBER_ID')
      return group.heartbeat(request)
    },
    refuse: (_request, { error }) => ({ errorCode: errorCode(error) }),
  })
}
