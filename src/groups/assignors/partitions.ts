// Sets of partitions by topic id, as assignments have them. A topic without partitions is not in one.

export type Partitions = ReadonlyMap<string, ReadonlySet<number>>
export type MutablePartitions = Map<string, Set<number>>

/** What a set of partitions, and a map with something about each of them, have in common. */
export interface Indexes {
  readonly size: number
  has(partitionIndex: number): boolean
  keys(): Iterable<number>
}
export type AnyPartitions = ReadonlyMap<string, Indexes>

/** As messages and records carry them. */
export interface TopicPartitions {
  readonly topicId: string
  readonly partitions: readonly number[]
}

export const NO_PARTITIONS: Partitions = new Map()

export function partitionsOf(topics: readonly TopicPartitions[]): Partitions {
  const partitions: MutablePartitions = new Map()
  for (const { topicId, partitions: indexes } of topics) for (const index of indexes) addPartition(partitions, topicId, index)
  return partitions
}

/** Sorted, so that the same partitions are the same bytes. */
export function topicPartitionsOf(partitions: AnyPartitions): { topicId: string; partitions: number[] }[] {
  return [...partitions].map(([topicId, indexes]) => ({ topicId, partitions: sortedIndexes(indexes) })).sort(byTopicId)
}

export const sortedIndexes = (indexes: Indexes): number[] => [...indexes.keys()].sort((a, b) => a - b)

export function addPartition(partitions: MutablePartitions, topicId: string, index: number): void {
  const indexes = partitions.get(topicId)
  if (indexes === undefined) partitions.set(topicId, new Set([index]))
  else indexes.add(index)
}

export const hasPartition = (partitions: AnyPartitions, topicId: string, index: number): boolean =>
  partitions.get(topicId)?.has(index) === true

export function* eachPartition(partitions: AnyPartitions): Generator<[topicId: string, index: number]> {
  for (const [topicId, indexes] of partitions) for (const index of indexes.keys()) yield [topicId, index]
}

export function countOf(partitions: AnyPartitions): number {
  let count = 0
  for (const indexes of partitions.values()) count += indexes.size
  return count
}

export function isSamePartitions(one: AnyPartitions, other: AnyPartitions): boolean {
  if (one.size !== other.size) return false
  for (const [topicId, indexes] of one) if (indexes.size !== other.get(topicId)?.size) return false
  for (const [topicId, index] of eachPartition(one)) if (!hasPartition(other, topicId, index)) return false
  return true
}

const byTopicId = (a: { topicId: string }, b: { topicId: string }): number => (a.topicId < b.topicId ? -1 : 1)
