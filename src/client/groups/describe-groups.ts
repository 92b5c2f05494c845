// What groups are: their state, protocol and members, whichever protocol they have. A broker knows groups of the consumer protocol by one API (KIP-848) and classic
// ones by another; the first answers GROUP_ID_NOT_FOUND for a classic group, as Kafka's own clients find out.

import { attemptLater } from '../../wire/attempt.ts'
import { CONSUMER_PROTOCOL_TYPE, decodeAssignment } from '../../wire/consumer-protocol.ts'
import { errorName, Refusal } from '../../wire/error-codes.ts'
import { consumerGroupDescribe } from '../../wire/messages/consumer-group-describe.ts'
import { describeGroups as describeClassicGroups } from '../../wire/messages/describe-groups.ts'
import { Malformed } from '../../wire/reader.ts'
import type { Infer } from '../../wire/schema.ts'
import { type Cluster, mayPass } from '../cluster.ts'
import type { Coordinators } from './coordinators.ts'

export interface AssignedTopic {
  readonly topic: string
  readonly partitions: readonly number[]
}

export interface GroupMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  /** Without the slash that brokers put before it. */
  readonly host: string
  /** null in a classic group. */
  readonly memberEpoch: number | null
  /** By which protocol it came: a classic client may be a member of a group of the consumer protocol. */
  readonly protocol: 'classic' | 'consumer'
  /** null where members are no consumers, so that only they know. */
  readonly assignment: readonly AssignedTopic[] | null
  /** What it is to have, once others have given it up; null in a classic group. */
  readonly targetAssignment: readonly AssignedTopic[] | null
}

export type GroupEvent = Infer<typeof describeClassicGroups.response>['groups'][number]['history'][number]

export interface DescribedGroup {
  readonly groupId: string
  readonly type: 'classic' | 'consumer'
  readonly protocolType: string
  readonly state: string
  /** Who assigns partitions; '' when nothing is assigned. */
  readonly assignor: string
  /** null in a classic group. */
  readonly groupEpoch: number | null
  readonly members: readonly GroupMember[]
  /** Oldest first; empty as well where the broker keeps none. */
  readonly history: readonly GroupEvent[]
}

/** Throws GROUP_ID_NOT_FOUND, or what else the broker refuses. */
export async function describeGroup(coordinators: Coordinators, groupId: string): Promise<DescribedGroup> {
  const described = await coordinators.tried(groupId, async (brokerId) => {
    const found = (await describeOn(coordinators.cluster, brokerId, [groupId])).get(groupId)!
    if (mayPass(found)) throw found
    return found
  })
  if (described instanceof Refusal) throw described
  return described
}

/** Each of the groups that the broker coordinates, or why it is not described. */
export async function describeOn(
  cluster: Cluster,
  brokerId: number,
  groupIds: readonly string[],
): Promise<Map<string, DescribedGroup | Refusal>> {
  const ofConsumers = await attemptLater(() => describeConsumerGroupsOn(cluster, brokerId, groupIds))
  if (ofConsumers instanceof Refusal && ofConsumers.error !== 'UNSUPPORTED_VERSION') throw ofConsumers
  const described = ofConsumers instanceof Refusal ? new Map<string, DescribedGroup | Refusal>() : ofConsumers
  const others = groupIds.filter((groupId) => isOfOtherType(described.get(groupId)))
  const classic = others.length === 0 ? [] : await describeClassicOn(cluster, brokerId, others)
  return new Map([...described, ...classic])
}

function isOfOtherType(described: DescribedGroup | Refusal | undefined): boolean {
  if (described === undefined) return true
  return described instanceof Refusal && (described.error === 'GROUP_ID_NOT_FOUND' || described.error === 'UNSUPPORTED_VERSION')
}

async function describeConsumerGroupsOn(cluster: Cluster, brokerId: number, groupIds: readonly string[]) {
  const request = { groupIds, includeAuthorizedOperations: false, includeHistory: true }
  const { groups } = await cluster.askBroker(brokerId, consumerGroupDescribe, request)
  return new Map(groups.map((group) => [group.groupId, refusalOf(group) ?? consumerGroup(group)]))
}

async function describeClassicOn(cluster: Cluster, brokerId: number, groupIds: readonly string[]) {
  const { groups } = await cluster.askBroker(brokerId, describeClassicGroups, { groups: groupIds, includeHistory: true })
  return new Map(groups.map((group) => [group.groupId, refusalOf(group) ?? classicGroup(group)]))
}

function refusalOf({ errorCode, errorMessage }: { errorCode: number; errorMessage: string | null }): Refusal | undefined {
  return errorCode === 0 ? undefined : new Refusal(errorName(errorCode), errorMessage ?? undefined)
}

type ConsumerGroup = Infer<typeof consumerGroupDescribe.response>['groups'][number]
type ClassicGroup = Infer<typeof describeClassicGroups.response>['groups'][number]

const CLASSIC_MEMBER = 0

function consumerGroup(group: ConsumerGroup): DescribedGroup {
  const { groupId, groupState: state, assignorName: assignor, groupEpoch, history } = group
  const members = group.members.map((member): GroupMember => ({
    memberId: member.memberId,
    groupInstanceId: member.instanceId,
    clientId: member.clientId,
    host: hostOf(member.clientHost),
    memberEpoch: member.memberEpoch,
    protocol: member.memberType === CLASSIC_MEMBER ? 'classic' : 'consumer',
    assignment: assignedTopics(member.assignment),
    targetAssignment: assignedTopics(member.targetAssignment),
  }))
  return { groupId, type: 'consumer', protocolType: CONSUMER_PROTOCOL_TYPE, state, assignor, groupEpoch, members, history }
}

/** Up to version 5 the broker answers a dead group for one that is not there. */
function classicGroup(group: ClassicGroup): DescribedGroup | Refusal {
  const { groupId, groupState: state, protocolType, protocolData: assignor, history } = group
  if (state === 'Dead') return new Refusal('GROUP_ID_NOT_FOUND')
  const members = group.members.map((member): GroupMember => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    clientId: member.clientId,
    host: hostOf(member.clientHost),
    memberEpoch: null,
    protocol: 'classic',
    assignment: protocolType === CONSUMER_PROTOCOL_TYPE ? assignmentOf(member.memberAssignment) : null,
    targetAssignment: null,
  }))
  return { groupId, type: 'classic', protocolType, state, assignor, groupEpoch: null, members, history }
}

const hostOf = (clientHost: string): string => clientHost.replace(/^\//, '')

function assignedTopics({ topicPartitions }: ConsumerGroup['members'][number]['assignment']): AssignedTopic[] {
  return topicPartitions.map(({ topicName: topic, partitions }) => ({ topic, partitions })).sort(byTopic)
}

/** Empty until the leader has assigned; null when it is not what consumers send. */
function assignmentOf(bytes: Buffer): AssignedTopic[] | null {
  if (bytes.length === 0) return []
  try {
    return decodeAssignment(bytes).assignedPartitions.sort(byTopic)
  } catch (error) {
    if (error instanceof Malformed) return null
    throw error
  }
}

const byTopic = (a: AssignedTopic, b: AssignedTopic): number => (a.topic < b.topic ? -1 : 1)
