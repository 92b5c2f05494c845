// Who a heartbeat comes from, and whether it may speak for that member: epochs fence off members that the group has given up, instance ids those that another
// process has taken the place of (KIP-345). Nothing is changed here.

import { Refusal } from '../../../wire/error-codes.ts'
import { hasPartition, type TopicPartitions } from '../../assignors/partitions.ts'
import { type HeartbeatRequest, JOIN_EPOCH } from './check-heartbeat.ts'
import type { ConsumerGroupState } from '../state/group-state.ts'
import { AWAY_EPOCH, type Member, newMember } from '../state/member.ts'

export interface Recognised {
  /** As the group knows it; a new one when it does not. */
  readonly member: Member
  readonly isNew: boolean
  /** The static member, away or of the classic protocol, whose place it takes. */
  readonly replaces: Member | undefined
}

type Asking = Pick<HeartbeatRequest, 'memberEpoch' | 'instanceId' | 'topicPartitions'> & { readonly memberId: string }

/** Throws UNKNOWN_MEMBER_ID, FENCED_MEMBER_EPOCH, FENCED_INSTANCE_ID, UNRELEASED_INSTANCE_ID. */
export function recognised(state: ConsumerGroupState, asking: Asking): Recognised {
  const { memberId, memberEpoch, instanceId, topicPartitions: owned } = asking
  const joins = memberEpoch === JOIN_EPOCH
  const known = state.members.get(memberId)
  const holder = instanceId === null ? undefined : state.staticMember(instanceId)
  if (joins && holder !== undefined) {
    if (holder.memberEpoch !== AWAY_EPOCH && holder.classic === null) throw unreleased(holder)
    return { member: { ...holder, memberId, memberEpoch: JOIN_EPOCH, previousMemberEpoch: JOIN_EPOCH }, isNew: false, replaces: holder }
  }
  if (joins) return { member: known ?? newMember(memberId), isNew: known === undefined, replaces: undefined }
  const member = instanceId === null ? memberWithId(state, memberId) : memberOfInstance(state, instanceId, memberId)
  checkEpoch(member, memberEpoch, owned)
  return { member, isNew: false, replaces: undefined }
}

/** Throws UNKNOWN_MEMBER_ID. */
export function memberWithId(state: ConsumerGroupState, memberId: string): Member {
  const member = state.members.get(memberId)
  if (member === undefined) throw new Refusal('UNKNOWN_MEMBER_ID', `group ${state.groupId} has no member ${memberId}`)
  return member
}

/** Throws UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID. */
export function memberOfInstance(state: ConsumerGroupState, instanceId: string, memberId: string): Member {
  const member = state.staticMember(instanceId)
  if (member === undefined) throw new Refusal('UNKNOWN_MEMBER_ID', `group ${state.groupId} knows no instance ${instanceId}`)
  if (member.memberId !== memberId)
    throw new Refusal('FENCED_INSTANCE_ID', `member ${member.memberId} has taken over the group instance id ${instanceId}`)
  return member
}

function unreleased({ memberId, instanceId }: Member): Refusal {
  return new Refusal('UNRELEASED_INSTANCE_ID', `member ${memberId} has the group instance id ${instanceId}, and has not left`)
}

/** A member that did not hear of its newest epoch comes with the one before: that is fine as long as it claims nothing that it no longer has. */
function checkEpoch(
  { memberEpoch, previousMemberEpoch, assigned }: Member,
  received: number,
  owned: readonly TopicPartitions[] | null,
): void {
  if (received === memberEpoch) return
  const claimsItsOwn =
    owned?.every(({ topicId, partitions }) => partitions.every((index) => hasPartition(assigned, topicId, index))) === true
  if (received === previousMemberEpoch && received < memberEpoch && claimsItsOwn) return
  throw new Refusal(
    'FENCED_MEMBER_EPOCH',
    `the member comes with epoch ${received}; the group has it in ${memberEpoch}: it has to join anew`,
  )
}
