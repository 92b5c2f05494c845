// Which partitions are not served as they should be, in words to the person who runs the broker.

import type { Partition } from './partitions/partition.ts'

const NAMED_MAX = 10

/** A sentence or two for each, of the first few; those that are offline before those that only take no more records. */
export function partitionTroubles(partitions: readonly Partition[]): string[] {
  const offline = partitions.flatMap(({ topic, index, offlineReason }) =>
    offlineReason === undefined ? [] : [`${topic.name}-${index} is offline: ${offlineReason}`],
  )
  const readOnly = partitions.flatMap(({ topic, index, offlineReason, readOnlyReason }) =>
    offlineReason !== undefined || readOnlyReason === undefined ? [] : [`${topic.name}-${index} takes no more records: ${readOnlyReason}`],
  )
  const all = [...offline, ...readOnly]
  const more = all.length - NAMED_MAX
  return more > 0 ? [...all.slice(0, NAMED_MAX), `${more} more partitions are in trouble.`] : all
}
