// LeaveGroup v0-5: members leave a classic group: one up to v2, several from v3 on, each with its own error.
// - An administrator removes a static member by its group instance id alone (KIP-345). UNKNOWN_MEMBER_ID or FENCED_INSTANCE_ID for who is no member.
// - The reason that is given (v5, KIP-800) is kept in the group's history.

import { errorCode } from '../wire/error-codes.ts'
import { leaveGroup as api } from '../wire/messages/leave-group.ts'
import type { Infer } from '../wire/schema.ts'
import { callerOf } from './group-caller.ts'
import { checkGroupId } from './group-id.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import type { Services } from './services.ts'

type Request = Infer<typeof api.request>
const SEVERAL_SINCE_VERSION = 3

export function leaveGroup({ groups }: Services): ServedApi {
  return handler(api, {
    async handle(request, context) {
      checkGroupId(request.groupId)
      const members = leaving(request, context.apiVersion)
      const group = (await groups.shardOf(request.groupId)).groups.get(request.groupId)
      const answer = group === undefined ? nobodyLeaves(members) : await group.leave({ ...request, members }, callerOf(context))
      if (context.apiVersion >= SEVERAL_SINCE_VERSION || answer.errorCode !== 0) return answer
      return { errorCode: answer.members![0]!.errorCode }
    },
    refuse: (_request, { error }) => ({ errorCode: errorCode(error), members: [] }),
  })
}

function leaving({ memberId, members }: Request, apiVersion: number): Request['members'] {
  return apiVersion >= SEVERAL_SINCE_VERSION ? members : [{ memberId, groupInstanceId: null, reason: null }]
}

function nobodyLeaves(members: Request['members']) {
  const code = errorCode('UNKNOWN_MEMBER_ID')
  return { errorCode: 0, members: members.map(({ memberId, groupInstanceId }) => ({ memberId, groupInstanceId, errorCode: code })) }
}
