// Whether the broker's logs take writes: one gate for all of them, which every append passes. Closed for now, it opens again by itself (the disk is nearly
// full); closed for good, it stays so until a restart (what the logs have in common cannot be trusted any more). Reads, retention and deletions go on.
// The metadata log does not pass it: what frees room must be possible while there is next to none.

import { Counter } from '../../lib/counters.ts'
import type { Diagnostics } from '../../lib/diagnostics.ts'
import { Refusal } from '../../wire/error-codes.ts'

export class WriteGate {
  /** Appends that were refused here. */
  readonly refusals = new Counter()
  readonly #diagnostics: Diagnostics
  #closedForNow: string | undefined
  #closedForGood: string | undefined

  /** Hears of every append that passes; called within it. */
  onWrite: ((size: number) => void) | undefined

  constructor(diagnostics: Diagnostics) {
    this.#diagnostics = diagnostics
  }

  /** Why no writes are taken, as a sentence without its end; undefined while they are. */
  get closedReason(): string | undefined {
    return this.#closedForGood ?? this.#closedForNow
  }

  get isClosedForGood(): boolean {
    return this.#closedForGood !== undefined
  }

  /** Before an append of so many bytes changes anything. Throws a Refusal KAFKA_STORAGE_ERROR with the reason. */
  admit(size: number): void {
    const reason = this.closedReason
    if (reason !== undefined) {
      this.refusals.add()
      throw new Refusal('KAFKA_STORAGE_ERROR', reason)
    }
    this.onWrite?.(size)
  }

  /** Until `reopen`. */
  closeForNow(reason: string): void {
    const wasOpen = this.closedReason === undefined
    this.#closedForNow = reason
    if (wasOpen) this.#diagnostics.warn('no writes are taken for now', { reason })
  }

  /** After `closeForNow`, and without effect on what is closed for good. */
  reopen(why: string): void {
    if (this.#closedForNow === undefined) return
    this.#closedForNow = undefined
    if (this.#closedForGood === undefined) this.#diagnostics.info('writes are taken again', { why })
  }

  /** Until the broker is started again; the first reason stays. */
  closeForGood(reason: string): void {
    if (this.#closedForGood !== undefined) return
    this.#closedForGood = `${reason}; the broker takes no more writes until it is started again`
    this.#diagnostics.error('no more writes are taken until the broker is started again', { reason })
  }
}
