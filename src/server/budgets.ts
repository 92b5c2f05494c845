// Bytes of requests in flight, over all connections. A frame above 64 KiB is counted whole before any of it is assembled, until it is answered; smaller
// ones are bounded by the number of connections. Frames up to 2 MiB, which is what clients send unless told otherwise, have a half of their own: larger
// ones cannot keep them waiting. One frame may always proceed.

import { ByteBudget, type Waiting } from '../lib/byte-budget.ts'

const UNCOUNTED_BYTES_MAX = 64 << 10
const USUAL_BYTES_MAX = 2 << 20

export class RequestBudgets {
  readonly #usual: ByteBudget
  readonly #large: ByteBudget

  constructor(limitBytes: number) {
    this.#usual = new ByteBudget(limitBytes / 2)
    this.#large = new ByteBudget(limitBytes / 2)
  }

  /** The budget of a frame of this size; undefined when it needs none. */
  of(frameBytes: number): ByteBudget | undefined {
    if (frameBytes <= UNCOUNTED_BYTES_MAX) return undefined
    return frameBytes <= USUAL_BYTES_MAX ? this.#usual : this.#large
  }
}

/** One frame's bytes of a budget: asked for, then held, then given back, once. */
export class Claim {
  readonly #budget: ByteBudget
  readonly #bytes: number
  #waiting: Waiting | undefined
  #isOver = false

  /** `granted` is called later, unless the bytes are there at once. */
  constructor(budget: ByteBudget, bytes: number, granted: () => void) {
    this.#budget = budget
    this.#bytes = bytes
    if (budget.takeNow(bytes)) return
    this.#waiting = budget.takeLater(bytes, () => {
      this.#waiting = undefined
      granted()
    })
  }

  get isWaiting(): boolean {
    return this.#waiting !== undefined
  }

  /** Others wait for what this one holds. */
  get isWanted(): boolean {
    return !this.isWaiting && this.#budget.isContended
  }

  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    if (this.#waiting === undefined) this.#budget.give(this.#bytes)
    else this.#waiting.cancel()
  }
}
