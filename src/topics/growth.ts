// By how much some partitions have grown together since this was made, and the wait until it is enough. It listens until it is ended or its wait is over.

import type { Clock } from '../lib/clock.ts'
import type { Partition } from './partition.ts'

/** How many wait now, and how many waits began since the start. */
export interface Waits {
  now: number
  begun: number
}

export class Growth {
  readonly #partitions: readonly Partition[]
  readonly #clock: Clock
  #grownBytes = 0
  readonly #waits: Waits
  #onGrown: (() => void) | undefined

  constructor(partitions: readonly Partition[], clock: Clock, waits: Waits) {
    this.#waits = waits
    this.#partitions = partitions
    this.#clock = clock
    for (const partition of partitions) partition.listen(this.#grow)
  }

  /** Resolves when the partitions have grown by `minBytes`, when `maxWaitMs` is over or `signal` aborts; perhaps earlier. */
  reaches(minBytes: number, maxWaitMs: number, signal: AbortSignal): Promise<void> {
    this.#waits.now++
    this.#waits.begun++
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waits.now--
        this.end()
        timer.cancel()
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = this.#clock.after(maxWaitMs, done)
      signal.addEventListener('abort', done)
      this.#onGrown = () => {
        if (this.#grownBytes >= minBytes) done()
      }
      if (signal.aborted) done()
      else this.#onGrown()
    })
  }

  end(): void {
    this.#onGrown = undefined
    for (const partition of this.#partitions) partition.unlisten(this.#grow)
  }

  readonly #grow = (bytes: number): void => {
    this.#grownBytes += bytes
    this.#onGrown?.()
  }
}
