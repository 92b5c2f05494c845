// How far a group is behind: for each partition that it has committed or that a member has, where it is and where the log ends.

import { attemptLater } from '../../wire/attempt.ts'
import { Refusal } from '../../wire/error-codes.ts'
import { LATEST, type OffsetAt, offsetsAt } from '../admin.ts'
import type { Cluster } from '../cluster.ts'
import { byPartition, byTopic, committedOffsets, type TopicPartition } from './committed-offsets.ts'
import type { Coordinators } from './coordinators.ts'
import type { DescribedGroup, GroupMember } from './describe-groups.ts'

export interface PartitionLag extends TopicPartition {
  /** null: nothing is committed. */
  readonly committedOffset: number | null
  readonly metadata: string | null
  /** null: the topic is gone, or nobody leads the partition. */
  readonly logEndOffset: number | null
  /** null when one of the two is. */
  readonly lag: number | null
  /** Who has it now. */
  readonly member: GroupMember | null
}

/** By topic and partition. */
export async function partitionLags(coordinators: Coordinators, group: DescribedGroup): Promise<PartitionLag[]> {
  const committed = await committedOffsets(coordinators, group.groupId)
  const owners = new Map<string, { readonly place: TopicPartition; readonly member: GroupMember }>()
  for (const member of group.members)
    for (const { topic, partitions } of member.assignment ?? [])
      for (const partition of partitions) owners.set(keyOf({ topic, partition }), { place: { topic, partition }, member })
  const known = new Set(committed.map(keyOf))
  const unread = [...owners].filter(([key]) => !known.has(key)).map(([, { place }]) => place)
  const ends = await offsetsOf(coordinators.cluster, [...committed, ...unread], LATEST)
  const lagOf = (place: TopicPartition, committedOffset: number | null, metadata: string | null): PartitionLag => {
    const logEndOffset = ends.get(place.topic)?.get(place.partition)?.offset ?? null
    const lag = committedOffset === null || logEndOffset === null ? null : Math.max(logEndOffset - committedOffset, 0)
    const { topic, partition } = place
    return { topic, partition, committedOffset, metadata, logEndOffset, lag, member: owners.get(keyOf(place))?.member ?? null }
  }
  return [...committed.map((place) => lagOf(place, place.offset, place.metadata)), ...unread.map((place) => lagOf(place, null, null))].sort(
    byPartition,
  )
}

export type OffsetsByTopic = ReadonlyMap<string, ReadonlyMap<number, OffsetAt>>

/** The offsets at a time, or at LATEST or EARLIEST, of all partitions that are there and have a leader. */
export async function offsetsOf(cluster: Cluster, places: readonly TopicPartition[], timestamp: number): Promise<OffsetsByTopic> {
  const found = new Map<string, Map<number, OffsetAt>>()
  for (const [name, wanted] of byTopic(places)) {
    const topics = await attemptLater(() => cluster.topics([name]))
    if (topics instanceof Refusal) continue
    const topic = topics[0]!
    const led = new Set(topic.partitions.filter(({ leaderId }) => leaderId !== -1).map(({ partition }) => partition))
    const partitions = wanted.map(({ partition }) => partition).filter((partition) => led.has(partition))
    found.set(name, await offsetsAt(cluster, topic, partitions, timestamp))
  }
  return found
}

const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}:${partition}` // a topic's name has no colon
