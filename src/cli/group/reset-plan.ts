// Where a group is to go on, partition by partition. Pure: what was asked and what the logs have in, the plan out. An offset that the log does not have becomes
// the nearest that it has, with a warning, as in Kafka.

import type { CommittedOffset, TopicPartition } from '../../client/groups/committed-offsets.ts'
import type { OffsetsByTopic } from '../../client/groups/lag.ts'
import type { LogPoint } from '../log-point.ts'

export type ResetTarget =
  | LogPoint
  /** Where it is; at the end where nothing is committed. */
  | { readonly kind: 'current' }
  | { readonly kind: 'shift'; readonly by: number }
  | { readonly kind: 'each'; readonly offsets: readonly (TopicPartition & { readonly offset: number })[] }

/** What the logs and the group have. */
export interface ResetFacts {
  readonly committed: readonly CommittedOffset[]
  readonly earliest: OffsetsByTopic
  readonly latest: OffsetsByTopic
  /** Of a target that is a time; -1 where no record is that late. */
  readonly atTime: OffsetsByTopic
}

interface PlannedOffset extends TopicPartition {
  /** null: nothing is committed. */
  readonly committedOffset: number | null
  readonly newOffset: number
}

export interface ResetPlan {
  readonly offsets: readonly PlannedOffset[]
  readonly warnings: readonly string[]
}

/** Every place is one that the logs have. Leaves out, with a warning, what cannot be shifted because nothing is committed there. */
export function planReset(target: ResetTarget, places: readonly TopicPartition[], facts: ResetFacts): ResetPlan {
  const warnings: string[] = []
  const offsets: PlannedOffset[] = []
  for (const place of places) {
    const { topic, partition } = place
    const at = (offsetsByTopic: OffsetsByTopic): number => offsetsByTopic.get(topic)!.get(partition)!.offset
    const committedOffset = facts.committed.find((committed) => isSamePlace(committed, place))?.offset ?? null
    const wanted = wantedOffset(target, place, committedOffset, at, facts)
    if (wanted === undefined) {
      warnings.push(`nothing is committed in partition ${partition} of "${topic}", so there is nothing to shift: it is left out`)
      continue
    }
    const [first, end] = [at(facts.earliest), at(facts.latest)]
    if (wanted < first) warnings.push(`partition ${partition} of "${topic}" begins at offset ${first}: that is taken instead of ${wanted}`)
    if (wanted > end) warnings.push(`partition ${partition} of "${topic}" ends at offset ${end}: that is taken instead of ${wanted}`)
    offsets.push({ topic, partition, committedOffset, newOffset: Math.min(Math.max(wanted, first), end) })
  }
  return { offsets, warnings }
}

function wantedOffset(
  target: ResetTarget,
  place: TopicPartition,
  committedOffset: number | null,
  at: (offsetsByTopic: OffsetsByTopic) => number,
  { earliest, latest, atTime }: ResetFacts,
): number | undefined {
  switch (target.kind) {
    case 'earliest':
      return at(earliest)
    case 'latest':
      return at(latest)
    case 'current':
      return committedOffset ?? at(latest)
    case 'offset':
      return target.offset
    case 'time':
      return at(atTime) === -1 ? at(latest) : at(atTime)
    case 'shift':
      return committedOffset === null ? undefined : committedOffset + target.by
    case 'each':
      return target.offsets.find((row) => isSamePlace(row, place))!.offset
  }
}

export function isSamePlace(a: TopicPartition, b: TopicPartition): boolean {
  return a.partition === b.partition && a.topic === b.topic
}
