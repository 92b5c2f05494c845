// What a classic member of a group of the consumer protocol has, in the bytes that it understands.

import { sortedIndexes } from '../../assignors/partitions.ts'
import type { GroupTopics } from '../../group-services.ts'
import { encodeAssignment, type NamedPartitions } from '../../protocol/consumer-assignment.ts'
import { decodeSubscription } from '../../protocol/consumer-subscription.ts'
import type { Member } from '../state/member.ts'
import { topicWithId } from '../subscriptions/subscriptions.ts'

export function assignmentOf({ assigned, classic }: Member, topics: GroupTopics): Buffer {
  const named = [...assigned].flatMap(([topicId, epochs]): NamedPartitions[] => {
    const topic = topicWithId(topicId, topics)
    return topic === undefined ? [] : [{ topic: topic.name, partitions: sortedIndexes(epochs) }]
  })
  return encodeAssignment(named, decodeSubscription(classic!.supportedProtocols[0]!.metadata)?.version ?? 0)
}
