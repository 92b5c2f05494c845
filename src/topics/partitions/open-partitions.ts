// The partitions whose logs are open, so that those that nobody uses do not stay so for ever: memory is for the ones in use. A bound, not a limit:
// nothing that is in use, or was within the last pass, is closed, and nobody waits for another's log to be closed.

import { atOnce } from '../../lib/at-once.ts'
import type { Clock, Timer } from '../../lib/clock.ts'

const IDLE_OPEN_MAX = 2000
const PASS_MS = 10_000
const CLOSED_AT_ONCE = 16

/** What this needs of a partition. */
export interface OpenPartition {
  takeUse(): boolean
  closeIfIdle(): Promise<boolean>
}

export class OpenPartitions {
  readonly #clock: Clock
  readonly #idleOpenMax: number
  readonly #open = new Set<OpenPartition>() // those that were found unused are in front
  #timer: Timer | undefined
  #pass: Promise<void> | undefined
  #isClosed = false

  constructor(clock: Clock, idleOpenMax = IDLE_OPEN_MAX) {
    this.#clock = clock
    this.#idleOpenMax = idleOpenMax
  }

  get count(): number {
    return this.#open.size
  }

  opened(partition: OpenPartition): void {
    this.#open.add(partition)
    this.#passSoon()
  }

  closed(partition: OpenPartition): void {
    this.#open.delete(partition)
  }

  /** Nothing is closed by this any more, once it resolves. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#timer?.cancel()
    await this.#pass
  }

  #passSoon(): void {
    if (this.#open.size <= this.#idleOpenMax || this.#isClosed) return
    this.#timer ??= this.#clock.after(PASS_MS, () => void (this.#pass = this.#closeIdle()))
  }

  async #closeIdle(): Promise<void> {
    const unused: OpenPartition[] = []
    const before = Array.from(this.#open)
    for (const partition of before) {
      if (!partition.takeUse()) {
        unused.push(partition)
        continue
      }
      this.#open.delete(partition)
      this.#open.add(partition)
    }
    const idle = unused.slice(0, Math.max(0, this.#open.size - this.#idleOpenMax))
    await atOnce(CLOSED_AT_ONCE, idle.values(), async (partition) => this.#isClosed || partition.closeIfIdle())
    this.#timer = undefined
    this.#passSoon()
  }
}
