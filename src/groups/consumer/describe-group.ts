// A group of the consumer protocol as ConsumerGroupDescribe tells of it.

import type { consumerGroupDescribe } from '../../wire/messages/consumer-group-describe.ts'
import type { Draft } from '../../wire/schema.ts'
import { type AnyPartitions, topicPartitionsOf } from '../assignors/partitions.ts'
import type { GroupTopics } from '../group-services.ts'
import { preferredAssignor } from './advance.ts'
import type { ConsumerGroupState } from './state/group-state.ts'
import type { Member } from './state/member.ts'
import { topicWithId } from './subscriptions/subscriptions.ts'

export type DescribedGroup = Omit<Draft<typeof consumerGroupDescribe.response>['groups'][number], 'errorCode' | 'errorMessage'>

const MEMBER_TYPES = { classic: 0, consumer: 1 } as const

export function describedGroup(state: ConsumerGroupState, topics: GroupTopics, assignors: readonly string[]): DescribedGroup {
  return {
    groupId: state.groupId,
    groupState: state.state,
    groupEpoch: state.groupEpoch,
    assignmentEpoch: state.assignmentEpoch,
    assignorName: preferredAssignor(state, assignors),
    members: [...state.members.values()].map((member) => describedMember(member, state, topics)),
  }
}

function describedMember(member: Member, state: ConsumerGroupState, topics: GroupTopics): DescribedGroup['members'][number] {
  const { memberId, instanceId, rackId, memberEpoch, clientId, clientHost, subscribedTopicNames, subscribedTopicRegex } = member
  const held = new Map([...member.assigned].map(([topicId, epochs]) => [topicId, new Set(epochs.keys())]))
  for (const [topicId, epochs] of member.pendingRevocation) held.set(topicId, new Set([...(held.get(topicId) ?? []), ...epochs.keys()]))
  return {
    memberId,
    instanceId,
    rackId,
    memberEpoch,
    clientId,
    clientHost,
    subscribedTopicNames: [...subscribedTopicNames].sort(),
    subscribedTopicRegex,
    assignment: { topicPartitions: named(held, topics) },
    targetAssignment: { topicPartitions: named(state.target(memberId), topics) },
    memberType: member.classic === null ? MEMBER_TYPES.consumer : MEMBER_TYPES.classic,
  }
}

/** Of topics that are there. */
function named(partitions: AnyPartitions, topics: GroupTopics): { topicId: string; topicName: string; partitions: number[] }[] {
  return topicPartitionsOf(partitions).flatMap((one) => {
    const topic = topicWithId(one.topicId, topics)
    return topic === undefined ? [] : [{ ...one, topicName: topic.name }]
  })
}
