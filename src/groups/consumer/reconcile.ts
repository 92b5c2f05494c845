// The next step of a member towards its target assignment (KIP-848). Pure: where it is and what it reports, in; where it is then, out. Nothing is given to a
// member while another still holds it, and what a member is to give up stays its own until it says that it has.

import { type AnyPartitions, eachPartition, hasPartition, type Partitions, type TopicPartitions } from '../assignors/partitions.ts'
import type { HeldPartitions, MemberProgress } from './state/member.ts'

export interface ReconcileInput {
  readonly targetEpoch: number
  readonly target: Partitions
  /** Whether the member is subscribed to the topic now: the target may be older than the subscription. */
  readonly isSubscribedTo: (topicId: string) => boolean
  readonly hasSubscriptionChanged: boolean
  /** Whether another member holds the partition. */
  readonly isHeldByAnother: (topicId: string, partitionIndex: number) => boolean
  /** What the member says it has; null when it does not say. */
  readonly owned: readonly TopicPartitions[] | null
}

/** The member itself when there is nothing to do. */
export function reconciled(member: MemberProgress, input: ReconcileInput): MemberProgress {
  switch (member.state) {
    case 'stable':
      return member.memberEpoch === input.targetEpoch && !input.hasSubscriptionChanged ? member : step(member, input)
    case 'unrevoked':
      if (!stillOwns(input.owned, member.pendingRevocation)) return step(member, input)
      return input.hasSubscriptionChanged ? withMoreToRevoke(member, input) : member
    case 'unreleased':
      return step(member, input)
  }
}

function step(member: MemberProgress, input: ReconcileInput): MemberProgress {
  const { targetEpoch, target, isSubscribedTo, isHeldByAnother, owned } = input
  const kept = new Map<string, Map<number, number>>()
  const toRevoke = new Map<string, Map<number, number>>()
  for (const [topicId, index, epoch] of eachHeld(member.assigned)) {
    const isWanted = isSubscribedTo(topicId) && hasPartition(target, topicId, index)
    hold(isWanted ? kept : toRevoke, topicId, index, epoch)
  }
  if (toRevoke.size > 0 && stillOwns(owned, toRevoke)) {
    return {
      memberEpoch: member.memberEpoch,
      previousMemberEpoch: member.memberEpoch,
      state: 'unrevoked',
      assigned: kept,
      pendingRevocation: toRevoke,
    }
  }
  let state: MemberProgress['state'] = 'stable'
  for (const [topicId, index] of eachPartition(target)) {
    if (!isSubscribedTo(topicId) || hasPartition(kept, topicId, index)) continue
    if (isHeldByAnother(topicId, index)) state = 'unreleased'
    else hold(kept, topicId, index, targetEpoch)
  }
  const next = { memberEpoch: targetEpoch, previousMemberEpoch: member.memberEpoch, state, assigned: kept, pendingRevocation: new Map() }
  return isUnchanged(member, next) ? member : next
}

/** It is subscribed to less while it has not given up everything yet: to that comes what it is not subscribed to any more. */
function withMoreToRevoke(member: MemberProgress, { isSubscribedTo }: ReconcileInput): MemberProgress {
  const assigned = new Map<string, Map<number, number>>()
  const pendingRevocation = new Map<string, Map<number, number>>()
  for (const [topicId, index, epoch] of eachHeld(member.pendingRevocation)) hold(pendingRevocation, topicId, index, epoch)
  for (const [topicId, index, epoch] of eachHeld(member.assigned))
    hold(isSubscribedTo(topicId) ? assigned : pendingRevocation, topicId, index, epoch)
  return assigned.size === member.assigned.size ? member : { ...member, assigned, pendingRevocation }
}

/** A member that does not say what it owns may own everything. */
function stillOwns(owned: readonly TopicPartitions[] | null, held: AnyPartitions): boolean {
  return owned === null || owned.some(({ topicId, partitions }) => partitions.some((index) => hasPartition(held, topicId, index)))
}

/** A member that waits for others is the same as before until one of them lets go. */
function isUnchanged(before: MemberProgress, after: MemberProgress): boolean {
  return (
    before.memberEpoch === after.memberEpoch &&
    before.state === after.state &&
    before.pendingRevocation.size === 0 &&
    isSameHeld(before.assigned, after.assigned)
  )
}

function isSameHeld(one: HeldPartitions, other: HeldPartitions): boolean {
  if (one.size !== other.size) return false
  for (const [topicId, epochs] of one) if (epochs.size !== other.get(topicId)?.size) return false
  for (const [topicId, index, epoch] of eachHeld(one)) if (other.get(topicId)?.get(index) !== epoch) return false
  return true
}

function* eachHeld(held: HeldPartitions): Generator<[topicId: string, index: number, epoch: number]> {
  for (const [topicId, epochs] of held) for (const [index, epoch] of epochs) yield [topicId, index, epoch]
}

function hold(held: Map<string, Map<number, number>>, topicId: string, index: number, epoch: number): void {
  const epochs = held.get(topicId)
  if (epochs === undefined) held.set(topicId, new Map([[index, epoch]]))
  else epochs.set(index, epoch)
}
