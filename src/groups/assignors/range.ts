// The assignor `range`: each topic's partitions in one row per member, in the order of the members, so that those who read several topics with the same
// number of partitions get the same partition numbers of all of them: what belongs together by key meets at one member.

import { compareText, type Assigned, type AssignorInput, type AssignorMember } from './assignor.ts'
import { addPartition, type MutablePartitions } from './partitions.ts'

export function assignRange({ members, partitionCounts }: AssignorInput): Assigned {
  const assigned = new Map<string, MutablePartitions>(members.map(({ memberId }) => [memberId, new Map()]))
  const inOrder = members.toSorted((a, b) => compareText(rank(a), rank(b)))
  for (const [topicId, partitionCount] of partitionCounts) {
    const subscribers = inOrder.filter(({ topicIds }) => topicIds.has(topicId))
    if (subscribers.length === 0) continue
    const [each, larger] = [Math.floor(partitionCount / subscribers.length), partitionCount % subscribers.length]
    let next = 0
    for (const [place, { memberId }] of subscribers.entries()) {
      const end = next + each + (place < larger ? 1 : 0)
      for (; next < end; next++) addPartition(assigned.get(memberId)!, topicId, next)
    }
  }
  return assigned
}

/** A static member keeps its place under another member id. */
const rank = ({ instanceId, memberId }: AssignorMember): string => instanceId ?? memberId
