// Time, handed in: the only file of the broker that reads the clock or sets a timer. Tests hand in test/support/manual-clock.ts.

export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Wall-clock time in ms since 1970: for timestamps. May jump back and forth. */
  now(): number
  /** Milliseconds since an arbitrary start, with a fraction: for durations and deadlines. Never goes back. */
  monotonic(): number
  /** Calls `action` once, `delayMs` from now (at once when it is 0 or less), unless cancelled. Never keeps the process alive by itself. */
  after(delayMs: number, action: () => void): Timer
}

const LONGEST_TIMEOUT_MS = 2 ** 31 - 1 // beyond it setTimeout fires at once

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, action) {
    const timeout = setTimeout(action, Math.min(Math.max(delayMs, 0), LONGEST_TIMEOUT_MS))
    timeout.unref()
    return { cancel: () => clearTimeout(timeout) }
  },
}
