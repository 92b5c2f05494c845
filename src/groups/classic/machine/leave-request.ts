// Who of those that a LeaveGroup request names can leave: members, those that were to become members, and static members that an administrator removes by their
// group instance id (KIP-345).

import { errorCode, type ErrorName } from '../../../wire/error-codes.ts'
import type { leaveGroup } from '../../../wire/messages/leave-group.ts'
import type { Draft, Infer } from '../../../wire/schema.ts'
import { type ClassicState, staticMember } from './classic-state.ts'
import { memberError } from './membership-checks.ts'

type Named = Infer<typeof leaveGroup.request>['members'][number]

interface Leaving {
  readonly memberIds: { readonly memberId: string; readonly reason: string }[]
  readonly responses: NonNullable<Draft<typeof leaveGroup.response>['members']>
}

export function leavingMembers(state: ClassicState, named: readonly Named[]): Leaving {
  const left = new Set<string>()
  const memberIds: Leaving['memberIds'] = []
  const responses = named.map((one) => {
    const { memberId, groupInstanceId } = one
    const found = left.has(memberId) ? 'UNKNOWN_MEMBER_ID' : memberIdOf(state, one, left)
    if (typeof found === 'string') return { memberId, groupInstanceId, errorCode: errorCode(found) }
    left.add(found.memberId)
    memberIds.push(found)
    return { memberId, groupInstanceId, errorCode: 0 }
  })
  return { memberIds, responses }
}

function memberIdOf(
  state: ClassicState,
  { memberId, groupInstanceId, reason }: Named,
  left: ReadonlySet<string>,
): ErrorName | { memberId: string; reason: string } {
  if (memberId === '') {
    const member = groupInstanceId === null ? undefined : staticMember(state, groupInstanceId)
    if (member === undefined || left.has(member.memberId)) return 'UNKNOWN_MEMBER_ID'
    return { memberId: member.memberId, reason: reason || `static member ${groupInstanceId} was removed` }
  }
  const error = state.pendingMemberIds.has(memberId) ? undefined : memberError(state, memberId, groupInstanceId)
  return error ?? { memberId, reason: reason || 'left by itself' }
}
