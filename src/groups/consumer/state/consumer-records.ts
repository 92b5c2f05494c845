// The records of a group of the consumer protocol, made from what they tell.

import { type Partitions, topicPartitionsOf } from '../../assignors/partitions.ts'
import type { GroupRecord } from '../../records/group-record.ts'
import { heldInRecord, MEMBER_STATES, type Member, type MemberFacts, type MemberProgress } from './member.ts'

export type ConsumerRecord = Exclude<GroupRecord, { kind: 'offsetCommit' | 'groupMetadata' }>

export const groupEpochRecord = (groupId: string, epoch: number, metadataHash: number): ConsumerRecord => ({
  kind: 'consumerGroupMetadata',
  key: { groupId },
  value: { epoch, metadataHash },
})

export function memberRecord(groupId: string, { memberId, classic, subscribedTopicNames, ...facts }: MemberFacts): ConsumerRecord {
  const { instanceId, rackId, clientId, clientHost, subscribedTopicRegex, rebalanceTimeoutMs, serverAssignor } = facts
  const classicMemberMetadata = classic && { ...classic, supportedProtocols: [...classic.supportedProtocols] }
  const said = { instanceId, rackId, clientId, clientHost, subscribedTopicNames: [...subscribedTopicNames], subscribedTopicRegex }
  const value = { ...said, rebalanceTimeoutMs, serverAssignor, classicMemberMetadata }
  return { kind: 'consumerGroupMemberMetadata', key: { groupId, memberId }, value }
}

export const assignmentEpochRecord = (groupId: string, assignmentEpoch: number, assignmentTimestamp: number): ConsumerRecord => ({
  kind: 'consumerGroupTargetAssignmentMetadata',
  key: { groupId },
  value: { assignmentEpoch, assignmentTimestamp },
})

export const targetRecord = (groupId: string, memberId: string, target: Partitions): ConsumerRecord => ({
  kind: 'consumerGroupTargetAssignmentMember',
  key: { groupId, memberId },
  value: { topicPartitions: topicPartitionsOf(target) },
})

export const progressRecord = (groupId: string, memberId: string, progress: MemberProgress): ConsumerRecord => ({
  kind: 'consumerGroupCurrentMemberAssignment',
  key: { groupId, memberId },
  value: {
    memberEpoch: progress.memberEpoch,
    previousMemberEpoch: progress.previousMemberEpoch,
    state: MEMBER_STATES[progress.state],
    assignedPartitions: heldInRecord(progress.assigned),
    partitionsPendingRevocation: heldInRecord(progress.pendingRevocation),
  },
})

export interface ResolvedRegex {
  /** Sorted. */
  readonly topics: readonly string[]
  /** Which state of the catalog it was resolved over. */
  readonly version: number
  readonly timestamp: number
}

export const regexRecord = (groupId: string, regularExpression: string, { topics, version, timestamp }: ResolvedRegex): ConsumerRecord => ({
  kind: 'consumerGroupRegularExpression',
  key: { groupId, regularExpression },
  value: { topics: [...topics], version, timestamp },
})

export const regexTombstone = (groupId: string, regularExpression: string): ConsumerRecord => ({
  kind: 'consumerGroupRegularExpression',
  key: { groupId, regularExpression },
  value: null,
})

/** What makes it that there never was such a member. */
export function memberTombstones(groupId: string, memberId: string): ConsumerRecord[] {
  const key = { groupId, memberId }
  return [
    { kind: 'consumerGroupCurrentMemberAssignment', key, value: null },
    { kind: 'consumerGroupTargetAssignmentMember', key, value: null },
    { kind: 'consumerGroupMemberMetadata', key, value: null },
  ]
}

interface Whole {
  readonly groupId: string
  readonly members: ReadonlyMap<string, Member>
  readonly regexes: ReadonlyMap<string, unknown>
}

/** What makes it that there never was such a group. */
export function groupTombstones({ groupId, members, regexes }: Whole): ConsumerRecord[] {
  return [
    ...[...members.keys()].flatMap((memberId) => memberTombstones(groupId, memberId)),
    ...[...regexes.keys()].map((regex) => regexTombstone(groupId, regex)),
    { kind: 'consumerGroupTargetAssignmentMetadata', key: { groupId }, value: null },
    { kind: 'consumerGroupPartitionMetadata', key: { groupId }, value: null }, // of older brokers, where the log is from one
    { kind: 'consumerGroupMetadata', key: { groupId }, value: null },
  ]
}
