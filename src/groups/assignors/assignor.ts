// What an assignor is: who of a group's members shall read which partitions. Pure: who is subscribed to what and what each was to have before, in; an
// assignment that gives each partition of every subscribed topic to exactly one member that is subscribed to it, out.

import type { Partitions } from './partitions.ts'

export interface AssignorMember {
  readonly memberId: string
  readonly instanceId: string | null
  /** Those that exist. */
  readonly topicIds: ReadonlySet<string>
  /** What it was to have so far. May name partitions, and topics, that are no more, or that it is not subscribed to. */
  readonly target: Partitions
}

export interface AssignorInput {
  /** In an order that is the same whenever the group is. */
  readonly members: readonly AssignorMember[]
  /** By topic id: how many partitions it has. */
  readonly partitionCounts: ReadonlyMap<string, number>
}

/** By member id; everybody is in it. */
export type Assigned = ReadonlyMap<string, Partitions>
export type Assignor = (input: AssignorInput) => Assigned

/** By UTF-16 units: the same on every machine. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
