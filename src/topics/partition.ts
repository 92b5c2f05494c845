// One partition of a topic on this broker: its log, and who watches it.

import type { PartitionLog } from '../log/partition-log.ts'
import type { Topic } from './catalog.ts'

/** Told that a partition may read differently than before: perhaps late, perhaps without need. */
export interface Watcher {
  /** So many bytes became visible; Infinity when something else changed (its start moved, it was truncated, went offline or away): then watch anew. */
  partitionChanged(grownBytes: number): void
}

/** What a watcher holds on to. */
export interface Watched {
  unwatch(watcher: Watcher): void
}

export class Partition implements Watched {
  /** As it is now: its configs and partition count may change. */
  topic: Topic
  readonly index: number
  readonly log: PartitionLog
  #watchers: Set<Watcher> | undefined // most of 10,000 partitions have none

  constructor(topic: Topic, index: number, log: PartitionLog) {
    this.topic = topic
    this.index = index
    this.log = log
    log.onAdvance = (visibleBytes) => this.#tell(visibleBytes)
  }

  watch(watcher: Watcher): void {
    this.#watchers ??= new Set()
    this.#watchers.add(watcher)
  }

  unwatch(watcher: Watcher): void {
    this.#watchers?.delete(watcher)
  }

  /** The partition is gone, or about to be. */
  wakeAll(): void {
    this.#tell(Infinity)
  }

  #tell(grownBytes: number): void {
    if (this.#watchers === undefined) return
    for (const watcher of this.#watchers) watcher.partitionChanged(grownBytes)
  }
}
