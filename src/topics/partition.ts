// One partition of a topic on this broker: its log, and who waits for it to grow.

import type { PartitionLog } from '../log/partition-log.ts'
import type { Topic } from './catalog.ts'

/** Told when a partition has new records to read, or can no longer be read. May be told without need. */
export type GrowthListener = (grownBytes: number) => void

export class Partition {
  /** As it is now: its configs and partition count may change. */
  topic: Topic
  readonly index: number
  readonly log: PartitionLog
  readonly #listeners = new Set<GrowthListener>()

  constructor(topic: Topic, index: number, log: PartitionLog) {
    this.topic = topic
    this.index = index
    this.log = log
    log.onAdvance = (visibleBytes) => this.#tell(visibleBytes)
  }

  listen(listener: GrowthListener): void {
    this.#listeners.add(listener)
  }

  unlisten(listener: GrowthListener): void {
    this.#listeners.delete(listener)
  }

  /** Wakes everybody who waits, as if all had come: the log went offline, or away. */
  wakeAll(): void {
    this.#tell(Infinity)
  }

  #tell(grownBytes: number): void {
    for (const listener of this.#listeners) listener(grownBytes)
  }
}
