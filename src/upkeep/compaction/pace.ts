// So many bytes a second, and a rest when there were more.

import type { Clock } from '../../lib/clock.ts'
import type { JobTurn } from '../scheduler.ts'

const REST_AT_LEAST_MS = 50

export class Pace {
  readonly #clock: Clock
  readonly #bytesPerSecond: () => number
  #paidUntilMs = 0

  constructor(clock: Clock, bytesPerSecond: () => number) {
    this.#clock = clock
    this.#bytesPerSecond = bytesPerSecond
  }

  /** Undefined when there is no need to rest. */
  spend(bytes: number, turn: JobTurn): Promise<void> | undefined {
    const nowMs = this.#clock.monotonic()
    this.#paidUntilMs = Math.max(this.#paidUntilMs, nowMs) + (bytes * 1000) / this.#bytesPerSecond()
    const aheadMs = this.#paidUntilMs - nowMs
    return aheadMs < REST_AT_LEAST_MS ? undefined : turn.sleep(aheadMs)
  }
}
