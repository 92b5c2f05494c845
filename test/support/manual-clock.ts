// A clock that stands still until a test moves it; timers fire in the order of their time, inside `advance`.

import type { Clock } from '../../src/lib/clock.ts'

export class ManualClock implements Clock {
  #nowMs: number
  #elapsedMs = 0
  #timers: { dueMs: number; action: () => void }[] = []

  constructor(nowMs = Date.UTC(2026, 0, 31)) {
    this.#nowMs = nowMs
  }

  now(): number {
    return this.#nowMs
  }

  monotonic(): number {
    return this.#elapsedMs
  }

  after(delayMs: number, action: () => void): { cancel: () => void } {
    const timer = { dueMs: this.#elapsedMs + Math.max(delayMs, 0), action }
    this.#timers.push(timer)
    return { cancel: () => void (this.#timers = this.#timers.filter((other) => other !== timer)) }
  }

  get pendingTimerCount(): number {
    return this.#timers.length
  }

  advance(ms: number): void {
    const untilMs = this.#elapsedMs + ms
    for (;;) {
      const next = this.#timers.filter((timer) => timer.dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter((timer) => timer !== next)
      this.#moveTo(Math.max(next.dueMs, this.#elapsedMs))
      next.action()
    }
    this.#moveTo(untilMs)
  }

  /** Time goes by, and no timer fires before the next `advance`: as for a process that is stopped for a while. */
  stall(ms: number): void {
    this.#moveTo(this.#elapsedMs + ms)
  }

  /** Sets the wall clock alone, as an administrator or NTP would. */
  jumpTo(nowMs: number): void {
    this.#nowMs = nowMs
  }

  #moveTo(elapsedMs: number): void {
    this.#nowMs += elapsedMs - this.#elapsedMs
    this.#elapsedMs = elapsedMs
  }
}
