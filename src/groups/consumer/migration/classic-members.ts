// Members that speak the classic protocol in a group of the consumer protocol: JoinGroup tells what a heartbeat would, SyncGroup brings the part, and Heartbeat
// answers REBALANCE_IN_PROGRESS when there is something to rejoin for. The broker assigns, so none of them leads. Refusals come before anything has changed.

import { Refusal } from '../../../wire/error-codes.ts'
import type { heartbeat } from '../../../wire/messages/heartbeat.ts'
import type { joinGroup } from '../../../wire/messages/join-group.ts'
import type { syncGroup } from '../../../wire/messages/sync-group.ts'
import type { Draft, Infer } from '../../../wire/schema.ts'
import { eachPartition, hasPartition, type TopicPartitions, topicPartitionsOf } from '../../assignors/partitions.ts'
import type { Caller } from '../../group.ts'
import type { GroupTopics } from '../../group-services.ts'
import { CONSUMER_PROTOCOL_TYPE } from '../../../wire/consumer-protocol.ts'
import { type ConsumerSubscription, decodeSubscription } from '../../protocol/consumer-subscription.ts'
import { checkSize, type HeartbeatContext, type HeartbeatOutcome, updated } from '../heartbeats/member-heartbeat.ts'
import { memberOfInstance, memberWithId, type Recognised } from '../heartbeats/membership.ts'
import type { ConsumerGroupState } from '../state/group-state.ts'
import { type Member, newMember } from '../state/member.ts'
import { commonProtocols } from './downgrade.ts'
import { partitionsNamed } from './upgrade.ts'

export type JoinRequest = Infer<typeof joinGroup.request>
type SyncRequest = Infer<typeof syncGroup.request>
type ClassicHeartbeat = Infer<typeof heartbeat.request>

const KNOWN_MEMBER_ID_SINCE_VERSION = 4

/** `memberId` is that of the request, or a new one, which is to be joined with (MEMBER_ID_REQUIRED, KIP-394). Copies what it keeps of the request. */
export function classicJoin(
  state: ConsumerGroupState,
  request: JoinRequest,
  memberId: string,
  caller: Caller,
  context: HeartbeatContext,
): HeartbeatOutcome {
  const { groupInstanceId, sessionTimeoutMs, rebalanceTimeoutMs, protocols } = request
  checkSize(state, memberId, context.maxSize)
  const subscription = checkedSubscription(state, request, memberId)
  if (request.memberId === '' && groupInstanceId === null && caller.apiVersion >= KNOWN_MEMBER_ID_SINCE_VERSION)
    throw new Refusal('MEMBER_ID_REQUIRED')
  const who = recognisedClassic(state, memberId, request)
  const member: Member = {
    ...who.member,
    instanceId: groupInstanceId ?? who.member.instanceId,
    rackId: subscription.rackId ?? who.member.rackId,
    rebalanceTimeoutMs: caller.apiVersion === 0 ? sessionTimeoutMs : rebalanceTimeoutMs,
    serverAssignor: null,
    subscribedTopicNames: subscription.topics,
    subscribedTopicRegex: '',
    clientId: caller.clientId,
    clientHost: caller.clientHost,
    classic: { sessionTimeoutMs, supportedProtocols: protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) })) },
  }
  const owned = ownedPartitions(who.member, subscription, context.topics)
  return updated(state, who, member, { owned, isUrgent: true, reason: request.reason ?? 'joined with the classic protocol' }, context)
}

/** Throws INCONSISTENT_GROUP_PROTOCOL: it has to be a consumer that can do what all other classic members can. */
function checkedSubscription(state: ConsumerGroupState, { protocolType, protocols }: JoinRequest, memberId: string): ConsumerSubscription {
  const others = [...state.members.values()].filter((member) => member.classic !== null && member.memberId !== memberId)
  const common = commonProtocols(others)
  const isSupported = others.length === 0 || protocols.some(({ name }) => common.includes(name))
  const subscription = protocols.length === 0 ? undefined : decodeSubscription(protocols[0]!.metadata)
  if (protocolType === CONSUMER_PROTOCOL_TYPE && isSupported && subscription !== undefined) return subscription
  throw new Refusal('INCONSISTENT_GROUP_PROTOCOL')
}

/** Throws UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID. A static member that comes without its member id takes the place of the one before it, which need not have left. */
function recognisedClassic(state: ConsumerGroupState, memberId: string, { memberId: saidId, groupInstanceId }: JoinRequest): Recognised {
  if (groupInstanceId !== null && saidId !== '') memberOfInstance(state, groupInstanceId, memberId)
  const holder = groupInstanceId === null ? undefined : state.staticMember(groupInstanceId)
  if (holder === undefined || holder.memberId === memberId) {
    const known = state.members.get(memberId)
    return { member: known ?? newMember(memberId), isNew: known === undefined, replaces: undefined }
  }
  return { member: { ...holder, memberId, memberEpoch: 0, previousMemberEpoch: 0 }, isNew: false, replaces: holder }
}

/** What it says it has is believed when it speaks of its epoch, or of no more than it was given; else it has nothing any more. */
function ownedPartitions({ memberEpoch, assigned }: Member, subscription: ConsumerSubscription, topics: GroupTopics): TopicPartitions[] {
  const owned = partitionsNamed(subscription.ownedPartitions, topics)
  const isCurrent = subscription.generationId === memberEpoch
  for (const [topicId, index] of eachPartition(owned)) if (!isCurrent && !hasPartition(assigned, topicId, index)) return []
  return topicPartitionsOf(owned)
}

export function joinAnswer({ memberId, classic }: Member, generationId: number): Draft<typeof joinGroup.response> {
  const protocolName = classic!.supportedProtocols[0]!.name
  return { errorCode: 0, generationId, protocolType: CONSUMER_PROTOCOL_TYPE, protocolName, leader: '', memberId, members: [] }
}

/** Throws UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, ILLEGAL_GENERATION. */
export function classicMember(state: ConsumerGroupState, { memberId, groupInstanceId, generationId }: ClassicHeartbeat): Member {
  const member = groupInstanceId === null ? memberWithId(state, memberId) : memberOfInstance(state, groupInstanceId, memberId)
  if (member.classic === null) throw new Refusal('UNKNOWN_MEMBER_ID', `member ${memberId} speaks the consumer protocol`)
  if (member.memberEpoch !== generationId) throw new Refusal('ILLEGAL_GENERATION')
  return member
}

/** Throws INCONSISTENT_GROUP_PROTOCOL; and REBALANCE_IN_PROGRESS when there is a newer epoch to join, unless it has joined that and is to give up partitions. */
export function checkSync({ groupEpoch }: ConsumerGroupState, { classic, state, memberEpoch }: Member, request: SyncRequest): void {
  const { protocolType, protocolName } = request
  const isItsType = protocolType === null || protocolType === CONSUMER_PROTOCOL_TYPE
  if (!isItsType || (protocolName !== null && protocolName !== classic!.supportedProtocols[0]!.name))
    throw new Refusal('INCONSISTENT_GROUP_PROTOCOL')
  if (groupEpoch > memberEpoch && state !== 'unrevoked') throw new Refusal('REBALANCE_IN_PROGRESS')
}

/** Whether rejoining brings the member on: to a newer epoch, to give up partitions, or to get the rest of its part, which is free now. */
export function hasToRejoin(group: ConsumerGroupState, { memberId, memberEpoch, state, assigned }: Member): boolean {
  if (memberEpoch < group.groupEpoch || state === 'unrevoked') return true
  if (state === 'stable') return false
  for (const [topicId, index] of eachPartition(group.target(memberId)))
    if (!hasPartition(assigned, topicId, index) && (group.holder(topicId, index) ?? memberId) !== memberId) return false
  return true
}
