// What every sign of life of a member does for its group, whatever its protocol: the group notices what has changed, gets a new epoch and a new target assignment
// if need be, and the member is taken a step towards its target.

import type { Assignor, AssignorMember } from '../assignors/assignor.ts'
import { compareText } from '../assignors/assignor.ts'
import { isSamePartitions, type TopicPartitions } from '../assignors/partitions.ts'
import { assignRange } from '../assignors/range.ts'
import { assignUniform } from '../assignors/uniform.ts'
import type { GroupTopics } from '../group-services.ts'
import { assignmentEpochRecord, groupEpochRecord, progressRecord, targetRecord } from './state/consumer-records.ts'
import type { GroupChange } from './state/group-change.ts'
import type { ConsumerGroupState } from './state/group-state.ts'
import { reconciled } from './reconcile.ts'
import { metadataHash, refreshRegexes, subscribedTopics, topicNamed, subscribedNames } from './subscriptions/subscriptions.ts'

const ASSIGNORS: Readonly<Record<string, Assignor>> = { uniform: assignUniform, range: assignRange }

export interface AdvanceContext {
  readonly topics: GroupTopics
  readonly nowMs: number
  /** Whether topics may be others than when the group looked last. */
  readonly haveTopicsChanged: boolean
  /** In the order of preference. */
  readonly assignors: readonly string[]
  readonly assignmentIntervalMs: number
}

export interface SignOfLife {
  readonly memberId: string
  /** Why, for people; undefined when it is subscribed to what it was. */
  readonly subscriptionChange: string | undefined
  /** null when it does not say. */
  readonly owned: readonly TopicPartitions[] | null
  /** An assignment need not keep its distance. */
  readonly isUrgent: boolean
}

export function advance(change: GroupChange, sign: SignOfLife, context: AdvanceContext): void {
  const { subscriptionChange } = sign
  if (subscriptionChange !== undefined || context.haveTopicsChanged) bumpEpoch(change, context, subscriptionChange)
  if (isAssignmentDue(change.state, context, sign.isUrgent)) assign(change, context)
  reconcile(change, sign, context)
}

/** The group gets a new epoch if its topics are others than before, and in any case when there is a reason for one. */
export function bumpEpoch(change: GroupChange, { topics, nowMs }: Pick<AdvanceContext, 'topics' | 'nowMs'>, reason?: string): void {
  const { state } = change
  refreshRegexes(change, topics, nowMs)
  const hash = metadataHash(state, topics)
  if (reason === undefined && hash === state.metadataHash) return
  change.add(groupEpochRecord(state.groupId, state.groupEpoch + 1, hash))
  change.note({ kind: 'rebalance', reason: reason ?? 'topics were created, deleted or got more partitions' })
}

/** Assignments keep a distance, so that many members that come at once are assigned to together. */
function isAssignmentDue(state: ConsumerGroupState, { nowMs, assignmentIntervalMs }: AdvanceContext, isUrgent: boolean): boolean {
  if (state.groupEpoch === state.assignmentEpoch) return false
  if (isUrgent) return true
  const sinceMs = nowMs - state.assignmentTimestampMs
  return sinceMs >= assignmentIntervalMs || sinceMs < 0 // the clock was set back
}

function assign(change: GroupChange, { topics, assignors, nowMs }: AdvanceContext): void {
  const { state } = change
  const { groupId, groupEpoch } = state
  const members: AssignorMember[] = []
  const partitionCounts = new Map<string, number>()
  const topicSets = new Map<string, ReadonlySet<string>>() // by what a member is subscribed to: most are subscribed to the same
  for (const member of [...state.members.values()].sort((a, b) => compareText(a.memberId, b.memberId))) {
    const { memberId, instanceId, subscribedTopicNames, subscribedTopicRegex } = member
    const subscription = JSON.stringify([subscribedTopicRegex, subscribedTopicNames])
    const topicIds = topicSets.get(subscription) ?? new Set(subscribedTopics(state, member, topics).keys())
    topicSets.set(subscription, topicIds)
    members.push({ memberId, instanceId, topicIds, target: state.target(memberId) })
  }
  for (const name of [...new Set([...state.members.values()].flatMap((member) => [...subscribedNames(state, member)]))].sort()) {
    const topic = topicNamed(name, topics)
    if (topic !== undefined) partitionCounts.set(topic.id, topic.partitionCount)
  }
  const assignor = preferredAssignor(state, assignors)
  for (const [memberId, target] of ASSIGNORS[assignor]!({ members, partitionCounts }))
    if (!isSamePartitions(target, state.target(memberId))) change.add(targetRecord(groupId, memberId, target))
  change.add(assignmentEpochRecord(groupId, groupEpoch, nowMs))
  change.note({
    kind: 'assignment',
    reason: `assigned by ${assignor} to ${members.length} member${members.length === 1 ? '' : 's'}`,
  })
}

/** What most members ask for; without votes, and among those with as many, the first of the broker's. */
export function preferredAssignor({ members }: ConsumerGroupState, assignors: readonly string[]): string {
  const votes = new Map<string, number>()
  for (const { serverAssignor } of members.values())
    if (serverAssignor !== null) votes.set(serverAssignor, (votes.get(serverAssignor) ?? 0) + 1)
  return assignors.reduce((best, name) => ((votes.get(name) ?? 0) > (votes.get(best) ?? 0) ? name : best))
}

function reconcile(change: GroupChange, { memberId, subscriptionChange, owned }: SignOfLife, { topics }: AdvanceContext): void {
  const { state } = change
  const member = state.members.get(memberId)!
  let subscribed: ReadonlyMap<string, unknown> | undefined // most heartbeats need not know
  const progress = reconciled(member, {
    targetEpoch: state.assignmentEpoch,
    target: state.target(memberId),
    isSubscribedTo: (topicId) => (subscribed ??= subscribedTopics(state, member, topics)).has(topicId),
    hasSubscriptionChanged: subscriptionChange !== undefined,
    isHeldByAnother: (topicId, index) => (state.holder(topicId, index) ?? memberId) !== memberId,
    owned,
  })
  if (progress !== member) change.add(progressRecord(state.groupId, memberId, progress))
}
