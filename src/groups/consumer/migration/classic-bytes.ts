// What a classic member of a group of the consumer protocol has, in the bytes that it understands.

import { type AnyPartitions, sortedIndexes } from '../../assignors/partitions.ts'
import type { GroupTopics } from '../../group-services.ts'
import { encodeAssignment, type NamedPartitions } from '../../protocol/consumer-assignment.ts'
import { decodeSubscription } from '../../protocol/consumer-subscription.ts'
import type { Member } from '../state/member.ts'
import { topicWithId } from '../subscriptions/subscriptions.ts'

export function assignmentOf({ classic }: Pick<Member, 'classic'>, assigned: AnyPartitions, topics: GroupTopics): Buffer {
  const named = [...assigned].flatMap(([topicId, indexes]): NamedPartitions[] => {
    const topic = topicWithId(topicId, topics)
    return topic === undefined ? [] : [{ topic: topic.name, partitions: sortedIndexes(indexes) }]
  })
  return encodeAssignment(named, decodeSubscription(classic!.supportedProtocols[0]!.metadata)?.version ?? 0)
}
