// A member of a group of the consumer protocol, as its records say: what it told of itself, and how far it is with its assignment. Never changed: a new one
// takes its place.

import { type Indexes, sortedIndexes, type TopicPartitions } from '../../assignors/partitions.ts'
import type { GroupRecord } from '../../records/group-record.ts'

/** What a member holds: by topic id, each partition with the assignment epoch in which it got it. */
export type HeldPartitions = ReadonlyMap<string, ReadonlyMap<number, number>>
export const HOLDS_NOTHING: HeldPartitions = new Map()

/** As records number them. */
export const MEMBER_STATES = { stable: 0, unrevoked: 1, unreleased: 2 } as const
type MemberState = keyof typeof MEMBER_STATES
const statesByNumber = new Map(Object.entries(MEMBER_STATES).map(([state, number]) => [number as number, state as MemberState]))

/** The epoch of a static member that is away for a while. */
export const AWAY_EPOCH = -2

/** Of a member that speaks the classic protocol: it came before the group changed to the consumer protocol, or joined it as one. */
interface ClassicSide {
  readonly sessionTimeoutMs: number
  /** In the order of its preference. */
  readonly supportedProtocols: readonly { readonly name: string; readonly metadata: Buffer }[]
}

/** What it said. */
export interface MemberFacts {
  readonly memberId: string
  readonly instanceId: string | null
  readonly rackId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly subscribedTopicNames: readonly string[]
  /** '' when it is subscribed to none. */
  readonly subscribedTopicRegex: string
  readonly rebalanceTimeoutMs: number
  readonly serverAssignor: string | null
  readonly classic: ClassicSide | null
}

/** How far it is. */
export interface MemberProgress {
  readonly memberEpoch: number
  /** The one before: a member that did not hear of the newer one may come with it. */
  readonly previousMemberEpoch: number
  /** `unrevoked`: it still has to give up what is pending; `unreleased`: others still hold what it is to get. */
  readonly state: MemberState
  readonly assigned: HeldPartitions
  readonly pendingRevocation: HeldPartitions
}

export interface Member extends MemberFacts, MemberProgress {}

export const NO_PROGRESS: MemberProgress = {
  memberEpoch: 0,
  previousMemberEpoch: 0,
  state: 'stable',
  assigned: HOLDS_NOTHING,
  pendingRevocation: HOLDS_NOTHING,
}

export function newMember(memberId: string): Member {
  const facts = { instanceId: null, rackId: null, clientId: '', clientHost: '', subscribedTopicNames: [], subscribedTopicRegex: '' }
  return { memberId, ...facts, rebalanceTimeoutMs: -1, serverAssignor: null, classic: null, ...NO_PROGRESS }
}

type FactsValue = NonNullable<(GroupRecord & { kind: 'consumerGroupMemberMetadata' })['value']>
type ProgressValue = NonNullable<(GroupRecord & { kind: 'consumerGroupCurrentMemberAssignment' })['value']>

export function factsOf(value: FactsValue): Omit<MemberFacts, 'memberId'> {
  const { subscribedTopicRegex, classicMemberMetadata: classic, ...others } = value
  return { ...others, subscribedTopicRegex: subscribedTopicRegex ?? '', classic }
}

export function progressOf(value: ProgressValue): MemberProgress {
  const { memberEpoch, previousMemberEpoch, state, assignedPartitions, partitionsPendingRevocation } = value
  return {
    memberEpoch,
    previousMemberEpoch,
    state: statesByNumber.get(state) ?? 'stable',
    assigned: heldPartitionsOf(assignedPartitions, memberEpoch),
    pendingRevocation: heldPartitionsOf(partitionsPendingRevocation, memberEpoch),
  }
}

interface HeldInRecord extends TopicPartitions {
  readonly assignmentEpochs: readonly number[] | null
}

/** In what older brokers wrote there is nothing about when a partition came: `epoch` is. */
function heldPartitionsOf(topics: readonly HeldInRecord[], epoch: number): HeldPartitions {
  return new Map(
    topics.map(({ topicId, partitions, assignmentEpochs }) => [
      topicId,
      new Map(partitions.map((index, place) => [index, assignmentEpochs?.[place] ?? epoch])),
    ]),
  )
}

export function heldInRecord(held: HeldPartitions): { topicId: string; partitions: number[]; assignmentEpochs: number[] }[] {
  return [...held].map(([topicId, epochs]) => {
    const partitions = sortedIndexes(epochs)
    return { topicId, partitions, assignmentEpochs: partitions.map((index) => epochs.get(index)!) }
  })
}

/** Everything that nobody else may have as long as this member is there. */
export function* heldBy({ assigned, pendingRevocation }: MemberProgress): Generator<[topicId: string, indexes: Indexes]> {
  yield* assigned
  yield* pendingRevocation
}

/** Whether it has, and knows that it has, what the assignment of that epoch gives it. */
export const isReconciledTo = ({ state, memberEpoch }: MemberProgress, assignmentEpoch: number): boolean =>
  state === 'stable' && memberEpoch === assignmentEpoch

export const isSubscriptionOf = (one: MemberFacts, other: MemberFacts): boolean =>
  one.subscribedTopicRegex === other.subscribedTopicRegex && isSameSet(one.subscribedTopicNames, other.subscribedTopicNames)

function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  if (one === other) return true
  const [names, others] = [new Set(one), new Set(other)]
  return names.size === others.size && [...names].every((name) => others.has(name))
}
