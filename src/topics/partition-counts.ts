// How many partitions a topic gets: when it is created, and when it grows. Pure: what was asked in, a count out, or a Refusal.
// One broker holds one replica of each partition, so an assignment can only say so.

import { Refusal } from '../wire/error-codes.ts'

interface Assignment {
  readonly brokerIds: readonly number[]
}

export interface NewTopicCounts {
  /** -1: the broker's `num.partitions`. */
  readonly partitionCount: number
  /** -1: the broker's default, which is 1 like every other accepted value. */
  readonly replicationFactor: number
  /** The brokers of each partition, when the client chooses: then the two counts are -1. */
  readonly assignments: readonly (Assignment & { readonly partitionIndex: number })[]
}

interface BrokerDefaults {
  readonly 'num.partitions': number
  readonly 'default.replication.factor': number
}

export const PARTITIONS_PER_REQUEST_MAX = 10_000 // Kafka's limit for one request

/** Throws a Refusal. */
export function newPartitionCount(
  { partitionCount, replicationFactor, assignments }: NewTopicCounts,
  defaults: BrokerDefaults,
  brokerId: number,
): number {
  if (assignments.length > 0) {
    if (partitionCount !== -1 || replicationFactor !== -1)
      throw new Refusal('INVALID_REQUEST', 'with a manual assignment, the partition count and the replication factor must be -1')
    const indexes = new Set(assignments.map((assignment) => assignment.partitionIndex))
    if (indexes.size < assignments.length) throw new Refusal('INVALID_REPLICA_ASSIGNMENT', 'a partition is assigned twice')
    const isConsecutive = assignments.every(({ partitionIndex }) => partitionIndex >= 0 && partitionIndex < assignments.length)
    if (!isConsecutive) throw new Refusal('INVALID_REPLICA_ASSIGNMENT', 'the assigned partitions must be numbered from 0 without a gap')
    checkAssignments(assignments, brokerId)
    return assignments.length
  }
  if (partitionCount <= 0 && partitionCount !== -1)
    throw new Refusal('INVALID_PARTITIONS', `partition count ${partitionCount}: it must be larger than 0, or -1 for the default`)
  const factor = replicationFactor === -1 ? defaults['default.replication.factor'] : replicationFactor
  if (factor !== 1) {
    const reason =
      factor <= 0 ? 'it must be larger than 0, or -1 for the default' : 'there is one broker, so it can only be 1, or -1 for the default'
    throw new Refusal('INVALID_REPLICATION_FACTOR', `replication factor ${factor}: ${reason}`)
  }
  return partitionCount === -1 ? defaults['num.partitions'] : partitionCount
}

export interface MorePartitions {
  readonly name: string
  /** Of all partitions, not of the new ones. */
  readonly partitionCount: number
  /** Of the new partitions alone; null leaves it to the broker. */
  readonly assignments: readonly Assignment[] | null
}

/** Throws a Refusal unless the topic would have more partitions than now. */
export function checkGrowth({ name, partitionCount, assignments }: MorePartitions, currentCount: number, brokerId: number): void {
  if (partitionCount === currentCount) throw new Refusal('INVALID_PARTITIONS', `topic "${name}" has ${currentCount} partitions already`)
  if (partitionCount < currentCount)
    throw new Refusal('INVALID_PARTITIONS', `topic "${name}" has ${currentCount} partitions: it cannot shrink to ${partitionCount}`)
  if (assignments === null) return
  const addedCount = partitionCount - currentCount
  if (assignments.length !== addedCount)
    throw new Refusal(
      'INVALID_REPLICA_ASSIGNMENT',
      `topic "${name}" would get ${addedCount} more partitions, but ${assignments.length} are assigned`,
    )
  checkAssignments(assignments, brokerId)
}

function checkAssignments(assignments: readonly Assignment[], brokerId: number): void {
  const isHere = assignments.every(({ brokerIds }) => brokerIds.length === 1 && brokerIds[0] === brokerId)
  if (!isHere) throw new Refusal('INVALID_REPLICA_ASSIGNMENT', `every partition must be assigned to broker ${brokerId}, the only one`)
}
