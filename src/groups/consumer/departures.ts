// How members leave: for good, or, with a group instance id, for a while.

import { attempt } from '../../wire/attempt.ts'
import { errorCode, Refusal } from '../../wire/error-codes.ts'
import type { leaveGroup } from '../../wire/messages/leave-group.ts'
import type { Draft, Infer } from '../../wire/schema.ts'
import { type AdvanceContext, bumpEpoch } from './advance.ts'
import { memberOfInstance, memberWithId } from './heartbeats/membership.ts'
import { memberTombstones, progressRecord } from './state/consumer-records.ts'
import { GroupChange } from './state/group-change.ts'
import type { ConsumerGroupState } from './state/group-state.ts'
import { AWAY_EPOCH, HOLDS_NOTHING, type Member } from './state/member.ts'

export interface Departure {
  readonly member: Member
  readonly kind: 'left' | 'expired' | 'fenced'
  readonly reason: string
}

/** What they held is free at once; the next sign of life of another member brings it to somebody. */
export function removal(
  state: ConsumerGroupState,
  departures: readonly Departure[],
  context: Pick<AdvanceContext, 'topics' | 'nowMs'>,
): GroupChange {
  const change = new GroupChange(state)
  for (const { member, kind, reason } of departures) {
    change.add(...memberTombstones(state.groupId, member.memberId))
    change.note({ kind, member, reason })
  }
  bumpEpoch(change, context, departures.map(({ member, kind, reason }) => `member ${member.memberId} ${kind}: ${reason}`).join('; '))
  if (state.members.size === 0) change.note({ kind: 'empty', reason: 'the last member is gone' })
  return change
}

/** It keeps its assignment until its session ends; what it was to give up it has given up. */
export function leaveForAWhile(state: ConsumerGroupState, member: Member): GroupChange {
  const change = new GroupChange(state)
  const progress = { ...member, memberEpoch: AWAY_EPOCH, pendingRevocation: HOLDS_NOTHING }
  change.add(progressRecord(state.groupId, member.memberId, progress))
  change.note({ kind: 'left', member, reason: `instance ${member.instanceId} is away for a while` })
  return change
}

type Named = Infer<typeof leaveGroup.request>['members'][number]
type Responses = NonNullable<Draft<typeof leaveGroup.response>['members']>

/** Who of those that a LeaveGroup names can leave: members of either protocol, by their member id or, as an administrator removes them, by their group instance id alone. */
export function namedDepartures(state: ConsumerGroupState, named: readonly Named[]): { departures: Departure[]; responses: Responses } {
  const departures: Departure[] = []
  const responses = named.map((one) => {
    const { memberId, groupInstanceId } = one
    const found = attempt(() => leavingMember(state, one))
    if (found instanceof Refusal) return { memberId, groupInstanceId, errorCode: errorCode(found.error) }
    if (departures.every(({ member }) => member !== found))
      departures.push({ member: found, kind: 'left', reason: one.reason ?? 'left by itself' })
    return { memberId, groupInstanceId, errorCode: 0 }
  })
  return { departures, responses }
}

function leavingMember(state: ConsumerGroupState, { memberId, groupInstanceId }: Named): Member {
  if (groupInstanceId === null) return memberWithId(state, memberId)
  if (memberId !== '') return memberOfInstance(state, groupInstanceId, memberId)
  const member = state.staticMember(groupInstanceId)
  if (member === undefined) throw new Refusal('UNKNOWN_MEMBER_ID')
  return member
}
