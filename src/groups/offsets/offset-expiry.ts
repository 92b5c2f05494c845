// When what a group has committed is too old, by Kafka's rules since KIP-211. Pure.

import type { Group } from '../group.ts'
import type { CommittedOffset } from './committed-offsets.ts'

type Owner = Pick<Group, 'type' | 'protocolType' | 'state' | 'emptySinceMs' | 'isSubscribedTo'>

/**
 * What members read is kept, whatever its age. Else it is kept for as long as the committer said, or for `retentionMs` from the commit on; with an empty group,
 * from when its last member left, if that is later, so that a group may rest that long.
 */
export function isExpired(group: Owner, topic: string, committed: CommittedOffset, nowMs: number, retentionMs: number): boolean {
  const { emptySinceMs = -Infinity } = group
  if (group.emptySinceMs === undefined && (!knowsItsTopics(group) || group.isSubscribedTo(topic))) return false
  if (committed.expireTimestampMs !== -1) return nowMs >= committed.expireTimestampMs
  const isSimple = group.protocolType === '' // it never had members
  const sinceMs = isSimple ? committed.commitTimestampMs : Math.max(committed.commitTimestampMs, emptySinceMs)
  return nowMs - sinceMs >= retentionMs
}

/** While a classic group rebalances, nobody knows what its members will read; of members that are no consumers nobody ever does. */
function knowsItsTopics({ type, protocolType, state }: Owner): boolean {
  return type === 'consumer' || (protocolType === 'consumer' && state === 'Stable')
}
