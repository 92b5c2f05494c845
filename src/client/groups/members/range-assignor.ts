// Kafka's range assignor: of each topic, the partitions in their order in even parts to those who subscribe to it, in the order of their names; the first have one
// more where it does not come out even.

import type { AssignedTopic } from '../describe-groups.ts'

export interface Subscriber {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly topics: readonly string[]
}

/** By member id; every subscriber has an entry. */
export function assignRanges(
  subscribers: readonly Subscriber[],
  partitionCounts: ReadonlyMap<string, number>,
): Map<string, AssignedTopic[]> {
  const assigned = new Map<string, AssignedTopic[]>(subscribers.map(({ memberId }) => [memberId, []]))
  for (const [topic, partitionCount] of partitionCounts) {
    const interested = subscribers.filter(({ topics }) => topics.includes(topic)).sort(byName)
    const [share, rest] = [Math.floor(partitionCount / interested.length), partitionCount % interested.length]
    let next = 0
    for (const [index, { memberId }] of interested.entries()) {
      const count = share + (index < rest ? 1 : 0)
      const first = next
      next += count
      if (count > 0) assigned.get(memberId)!.push({ topic, partitions: Array.from({ length: count }, (_, step) => first + step) })
    }
  }
  return assigned
}

/** Static members by the name that outlives a restart, before all others. */
function byName(a: Subscriber, b: Subscriber): number {
  if ((a.groupInstanceId === null) !== (b.groupInstanceId === null)) return a.groupInstanceId === null ? 1 : -1
  return (a.groupInstanceId ?? a.memberId) < (b.groupInstanceId ?? b.memberId) ? -1 : 1
}
