// Whether somebody may commit offsets of a group, or read them: members that are fenced off may not. A member that commits with an older epoch may, for what it
// has held since (KIP-1251): its commit and the answer that brought it a new epoch have crossed.

import { Refusal } from '../../wire/error-codes.ts'
import type { CommittedPlace, Committer } from '../group.ts'
import type { ConsumerGroupState } from './state/group-state.ts'
import type { Member } from './state/member.ts'
import { memberWithId } from './heartbeats/membership.ts'

/** From this version of OffsetCommit on clients know what a member epoch is. */
const MEMBER_EPOCHS_SINCE_VERSION = 9

/** Throws UNKNOWN_MEMBER_ID, UNSUPPORTED_VERSION, STALE_MEMBER_EPOCH, ILLEGAL_GENERATION. */
export function checkCommit(state: ConsumerGroupState, committer: Committer, places: readonly CommittedPlace[]): void {
  const { memberId, generationId, apiVersion } = committer
  if (generationId < 0 && state.members.size === 0) return // an administrator
  const member = memberWithId(state, memberId)
  if (member.classic === null && apiVersion < MEMBER_EPOCHS_SINCE_VERSION)
    throw new Refusal(
      'UNSUPPORTED_VERSION',
      `a member of the consumer protocol commits with version ${MEMBER_EPOCHS_SINCE_VERSION} or later`,
    )
  if (generationId === member.memberEpoch) return
  if (generationId < 0 || generationId > member.memberEpoch) throw stale(member, generationId)
  for (const { topicId, partitionIndex } of places) {
    const since = member.assigned.get(topicId)?.get(partitionIndex) ?? member.pendingRevocation.get(topicId)?.get(partitionIndex)
    if (since === undefined || since > generationId) throw stale(member, generationId)
  }
}

/** Throws UNKNOWN_MEMBER_ID, STALE_MEMBER_EPOCH, ILLEGAL_GENERATION. */
export function checkFetch(state: ConsumerGroupState, memberId: string | null, memberEpoch: number): void {
  if (memberId === null && memberEpoch < 0) return
  const member = memberWithId(state, memberId ?? '')
  if (memberEpoch !== member.memberEpoch) throw stale(member, memberEpoch)
}

function stale({ classic, memberEpoch }: Member, received: number): Refusal {
  return new Refusal(
    classic === null ? 'STALE_MEMBER_EPOCH' : 'ILLEGAL_GENERATION',
    `the member is in epoch ${memberEpoch}, and not in ${received}`,
  )
}
