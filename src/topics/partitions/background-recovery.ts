// After a crash: opens the partitions that may have something to recover, a few at a time and with pauses, so that damage is found and told, and the next
// start has less to do, whether or not anybody uses them. Those that nobody uses are closed again. Whoever uses one first opens it without waiting for this.

import type { Clock, Timer } from '../../lib/clock.ts'
import { Refusal } from '../../wire/error-codes.ts'
import type { Partition } from './partition.ts'

const FIRST_PAUSE_MS = 1000 // those who wait for the broker come first
const OPENED_AT_ONCE = 8
const PAUSE_PER_WORK = 2 // of three units of time, one for this

export class BackgroundRecovery {
  readonly #clock: Clock
  readonly #partitions: readonly Partition[]
  #timer: Timer | undefined
  #working: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(clock: Clock, partitions: readonly Partition[]) {
    this.#clock = clock
    this.#partitions = partitions
  }

  start(): void {
    this.#goOn(0, FIRST_PAUSE_MS)
  }

  /** Nothing is opened by this any more, once it resolves. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    await this.#working
  }

  async #recoverFrom(index: number): Promise<void> {
    const startMs = this.#clock.monotonic()
    await Promise.all(this.#partitions.slice(index, index + OPENED_AT_ONCE).map(recover))
    this.#goOn(index + OPENED_AT_ONCE, PAUSE_PER_WORK * (this.#clock.monotonic() - startMs))
  }

  #goOn(index: number, pauseMs: number): void {
    if (this.#isStopped || index >= this.#partitions.length) return
    this.#timer = this.#clock.after(pauseMs, () => void (this.#working = this.#recoverFrom(index)))
  }
}

async function recover(partition: Partition): Promise<void> {
  if (partition.sizeBytes !== undefined) return // it was used meanwhile
  await partition.visit(async () => undefined).catch(ignoreRefusal)
}

/** Its topic was deleted, or the broker stops. */
function ignoreRefusal(error: unknown): void {
  if (!(error instanceof Refusal)) throw error
}
