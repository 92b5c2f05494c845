// A classic group becomes one of the consumer protocol when the first member with that comes: its members stay, with what they have, in the epoch that was their
// generation, and speak the classic protocol on.

import type { ClassicMember, ClassicState } from '../../classic/machine/classic-state.ts'
import { metadataOf } from '../../classic/machine/classic-state.ts'
import type { GroupTopics } from '../../group-services.ts'
import { decodeAssignment, type NamedPartitions } from '../../protocol/consumer-assignment.ts'
import { CONSUMER_PROTOCOL_TYPE } from '../../../wire/consumer-protocol.ts'
import { decodeSubscription } from '../../protocol/consumer-subscription.ts'
import { addPartition, type MutablePartitions } from '../../assignors/partitions.ts'
import { assignmentEpochRecord, groupEpochRecord, memberRecord, progressRecord, targetRecord } from '../state/consumer-records.ts'
import { GroupChange } from '../state/group-change.ts'
import { ConsumerGroupState } from '../state/group-state.ts'
import { type Member, newMember } from '../state/member.ts'
import { metadataHash, topicNamed } from '../subscriptions/subscriptions.ts'

/** undefined when it cannot be: its members do not all say, in a way that is understood here, what they read and what they have. */
export function upgraded(groupId: string, classic: ClassicState, topics: GroupTopics): GroupChange | undefined {
  const { protocolType, generationId, members } = classic
  if (protocolType !== CONSUMER_PROTOCOL_TYPE) return undefined
  const change = new GroupChange(new ConsumerGroupState(groupId))
  for (const classicMember of members.values()) {
    const member = consumerMember(classicMember, classic, topics)
    if (member === undefined) return undefined
    change.add(memberRecord(groupId, member), targetRecord(groupId, member.memberId, targetOf(member)))
    change.add(progressRecord(groupId, member.memberId, member))
  }
  change.add(groupEpochRecord(groupId, generationId, metadataHash(change.state, topics)), assignmentEpochRecord(groupId, generationId, 0))
  const count = `${members.size} classic member${members.size === 1 ? '' : 's'}`
  change.note({ kind: 'protocol', reason: `changed to the consumer protocol with ${count}` })
  return change
}

function consumerMember(classic: ClassicMember, state: ClassicState, topics: GroupTopics): Member | undefined {
  const { memberId, groupInstanceId, clientId, clientHost, rebalanceTimeoutMs, sessionTimeoutMs, protocols } = classic
  const { protocolName, generationId } = state
  const subscription = decodeSubscription(protocolName === null ? protocols[0]!.metadata : metadataOf(classic, protocolName))
  const assigned = decodeAssignment(classic.assignment)
  if (subscription === undefined || assigned === undefined) return undefined
  return {
    ...newMember(memberId),
    instanceId: groupInstanceId,
    rackId: subscription.rackId,
    clientId,
    clientHost,
    rebalanceTimeoutMs,
    subscribedTopicNames: subscription.topics,
    classic: { sessionTimeoutMs, supportedProtocols: protocols },
    memberEpoch: generationId,
    previousMemberEpoch: generationId,
    assigned: new Map(
      [...partitionsNamed(assigned, topics)].map(([id, indexes]) => [id, new Map([...indexes].map((index) => [index, generationId]))]),
    ),
  }
}

/** Those that are there. */
export function partitionsNamed(named: readonly NamedPartitions[], topics: GroupTopics): MutablePartitions {
  const found: MutablePartitions = new Map()
  for (const { topic: name, partitions } of named) {
    const topic = topicNamed(name, topics)
    for (const index of topic === undefined ? [] : partitions)
      if (index >= 0 && index < topic!.partitionCount) addPartition(found, topic!.id, index)
  }
  return found
}

const targetOf = ({ assigned }: Member) => new Map([...assigned].map(([topicId, epochs]) => [topicId, new Set(epochs.keys())]))
