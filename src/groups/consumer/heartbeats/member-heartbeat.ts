// A ConsumerGroupHeartbeat of a member that joins or goes on: what it says is taken over, and the group and the member go on from there. Whoever is refused is
// refused before anything has changed.

import { Refusal } from '../../../wire/error-codes.ts'
import { isSamePartitions, type TopicPartitions } from '../../assignors/partitions.ts'
import type { Caller } from '../../group.ts'
import { encodeGroupRecord } from '../../records/group-record.ts'
import { advance, type AdvanceContext } from '../advance.ts'
import { type HeartbeatRequest, isFull, JOIN_EPOCH } from './check-heartbeat.ts'
import { memberRecord, memberTombstones, progressRecord, targetRecord } from '../state/consumer-records.ts'
import { GroupChange } from '../state/group-change.ts'
import type { ConsumerGroupState } from '../state/group-state.ts'
import { isSubscriptionOf, type Member } from '../state/member.ts'
import { recognised, type Recognised } from './membership.ts'
import { compileRegex } from '../subscriptions/regular-expressions.ts'

/** Names of 10,000 topics fit; what is longer could not be written beside what belongs to it. */
const MEMBER_BYTES_MAX = 512 << 10

export interface HeartbeatContext extends AdvanceContext {
  readonly maxSize: number
}

export interface HeartbeatOutcome {
  readonly change: GroupChange
  readonly member: Member
  /** The member whose place it took. */
  readonly replacedId: string | undefined
  /** Whether the answer has to bring the assignment. */
  readonly isAssignmentNews: boolean
}

/** `request` has passed checkHeartbeat, and has a member id. */
export function heartbeatOf(
  state: ConsumerGroupState,
  request: HeartbeatRequest,
  caller: Pick<Caller, 'clientId' | 'clientHost'>,
  context: HeartbeatContext,
): HeartbeatOutcome {
  const { memberId, topicPartitions: owned } = request
  checkSize(state, memberId, context.maxSize)
  const who = recognised(state, request)
  const member = saying(who.member, request, caller)
  const outcome = updated(state, who, member, { owned, isUrgent: false, reason: 'joined with the consumer protocol' }, context)
  return request.memberEpoch === JOIN_EPOCH || isFull(request) ? { ...outcome, isAssignmentNews: true } : outcome
}

interface Told {
  /** null when it does not say. */
  readonly owned: readonly TopicPartitions[] | null
  /** It would ask again at once if it were not assigned to now. */
  readonly isUrgent: boolean
  /** Why it joins, if it does. */
  readonly reason: string
}

/** The member is as it says now, and its group goes on from there. */
export function updated(
  state: ConsumerGroupState,
  { member: before, isNew, replaces }: Recognised,
  member: Member,
  { owned, isUrgent, reason }: Told,
  context: AdvanceContext,
): HeartbeatOutcome {
  checkFacts(state, before, member)
  const change = new GroupChange(state)
  if (replaces !== undefined) takeOver(change, replaces, before)
  if (isNew || !isSameFacts(before, member)) change.add(memberRecord(state.groupId, member))
  if (isNew) change.note({ kind: 'joined', member, reason })
  const { memberId } = member
  advance(change, { memberId, subscriptionChange: changeOfSubscription(before, member, isNew), owned, isUrgent }, context)
  const after = state.members.get(memberId)!
  const isAssignmentNews = !isSamePartitions(before.assigned, after.assigned)
  return { change, member: after, replacedId: replaces?.memberId, isAssignmentNews }
}

export function checkSize({ members }: ConsumerGroupState, memberId: string, maxSize: number): void {
  if (members.size >= maxSize && !members.has(memberId))
    throw new Refusal('GROUP_MAX_SIZE_REACHED', `the group has ${members.size} members, and may have no more`)
}

/** Fields that are null have not changed. */
function saying(member: Member, request: HeartbeatRequest, { clientId, clientHost }: Pick<Caller, 'clientId' | 'clientHost'>): Member {
  return {
    ...member,
    instanceId: request.instanceId ?? member.instanceId,
    rackId: request.rackId ?? member.rackId,
    rebalanceTimeoutMs: request.rebalanceTimeoutMs === -1 ? member.rebalanceTimeoutMs : request.rebalanceTimeoutMs,
    serverAssignor: request.serverAssignor ?? member.serverAssignor,
    subscribedTopicNames: request.subscribedTopicNames ?? member.subscribedTopicNames,
    subscribedTopicRegex: request.subscribedTopicRegex ?? member.subscribedTopicRegex,
    clientId,
    clientHost,
    classic: null,
  }
}

function checkFacts({ groupId, regexes }: ConsumerGroupState, before: Member, member: Member): void {
  if (isSubscriptionOf(before, member)) return
  const { subscribedTopicRegex: regex } = member
  if (regex !== '' && !regexes.has(regex)) compileRegex(regex)
  if (encodeGroupRecord(memberRecord(groupId, member)).value!.length > MEMBER_BYTES_MAX)
    throw new Refusal('INVALID_REQUEST', `the subscription takes more than ${MEMBER_BYTES_MAX} bytes`)
}

function isSameFacts(before: Member, after: Member): boolean {
  return (
    before.instanceId === after.instanceId &&
    before.rackId === after.rackId &&
    before.rebalanceTimeoutMs === after.rebalanceTimeoutMs &&
    before.serverAssignor === after.serverAssignor &&
    before.clientId === after.clientId &&
    before.clientHost === after.clientHost &&
    before.classic === after.classic &&
    isSubscriptionOf(before, after)
  )
}

/** A static member that is back keeps what the one before it had, target included. */
function takeOver(change: GroupChange, gone: Member, member: Member): void {
  const { groupId } = change.state
  const target = change.state.target(gone.memberId)
  change.add(...memberTombstones(groupId, gone.memberId))
  change.add(
    memberRecord(groupId, member),
    targetRecord(groupId, member.memberId, target),
    progressRecord(groupId, member.memberId, member),
  )
  change.note({ kind: 'joined', member, reason: `instance ${gone.instanceId} is back, in the place of member ${gone.memberId}` })
}

function changeOfSubscription(before: Member, member: Member, isNew: boolean): string | undefined {
  if (isSubscriptionOf(before, member)) return undefined
  return isNew ? `member ${member.memberId} joined` : `member ${member.memberId} changed its subscription`
}
