// How long members may be silent. One timer for each at most: a sign of life only notes the new deadline, and the timer, when it fires, goes on for the rest.

import type { Clock, Timer } from '../../lib/clock.ts'

interface Session {
  /** Of `Clock.monotonic`. */
  deadlineMs: number
  timerAtMs: number
  timer: Timer
}

export class Sessions {
  readonly #clock: Clock
  readonly #expired: (memberId: string) => void
  readonly #sessions = new Map<string, Session>()

  constructor(clock: Clock, expired: (memberId: string) => void) {
    this.#clock = clock
    this.#expired = expired
  }

  /** The member is alive, and has this long to be heard of again. */
  extend(memberId: string, timeoutMs: number): void {
    const deadlineMs = this.#clock.monotonic() + timeoutMs
    const session = this.#sessions.get(memberId)
    if (session === undefined || deadlineMs < session.timerAtMs) {
      session?.timer.cancel()
      this.#sessions.set(memberId, { deadlineMs, timerAtMs: deadlineMs, timer: this.#timer(memberId, timeoutMs) })
    } else session.deadlineMs = deadlineMs
  }

  end(memberId: string): void {
    this.#sessions.get(memberId)?.timer.cancel()
    this.#sessions.delete(memberId)
  }

  endAll(): void {
    for (const memberId of this.#sessions.keys()) this.end(memberId)
  }

  #timer(memberId: string, delayMs: number): Timer {
    return this.#clock.after(delayMs, () => this.#fired(memberId))
  }

  #fired(memberId: string): void {
    const session = this.#sessions.get(memberId)!
    const restMs = session.deadlineMs - this.#clock.monotonic()
    if (restMs <= 0) {
      this.#sessions.delete(memberId)
      this.#expired(memberId)
    } else {
      session.timerAtMs = session.deadlineMs
      session.timer = this.#timer(memberId, restMs)
    }
  }
}
