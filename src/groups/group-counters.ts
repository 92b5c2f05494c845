// What happened in all groups since the start, in numbers, and what groups there are now.

import { Counter, Labelled, type Sample } from '../lib/counters.ts'
import type { GroupEvent } from './group-history.ts'
import type { Shard } from './shard.ts'

export class GroupCounters {
  /** By kind. */
  readonly events = new Labelled(['event'], () => new Counter())
  /** Offsets, each for its partition. */
  readonly commits = new Counter()

  note(kind: GroupEvent['kind']): void {
    this.events.of(kind).add()
  }
}

export interface GroupCensus {
  /** By state and type. */
  readonly groups: readonly Sample[]
  readonly memberCount: number
  readonly committedCount: number
}

export function takeCensus(shards: Iterable<Shard>): GroupCensus {
  const counts = new Map<string, { labels: { state: string; type: string }; value: number }>()
  let [memberCount, committedCount] = [0, 0]
  for (const { groups, offsets } of shards) {
    committedCount += offsets.committed.count
    for (const group of groups.values()) {
      const { state, type } = group
      const key = `${state} ${type}`
      const sample = counts.get(key)
      if (sample === undefined) counts.set(key, { labels: { state, type }, value: 1 })
      else sample.value++
      memberCount += group.memberCount
    }
  }
  return { groups: [...counts.values()], memberCount, committedCount }
}
