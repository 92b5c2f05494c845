// An open loop: what is due is due at its time, whether or not the broker keeps up. Latencies are counted from then on, so that a stall is seen by all that should
// have been sent meanwhile ("coordinated omission", Gil Tene).

import { systemClock } from '../../lib/clock.ts'

const TIMER_LATE_MS = 2 // a timer is late by a millisecond or more
const NAP_MS = 0.01 // the kernel makes 0.06 of it
const SHORTEST_WAIT_MS = 0.02

/**
 * Calls `send` with the time at which each of `perSecond` a second was due, until the answered function is called. While it waits for less than 2 ms it naps
 * between looking whether anything was received: a core that it kept busy would be taken from the broker, whose slowest answers it would then measure (with two
 * cores: half of the 99th percentile), where napping adds a tenth of a millisecond to all.
 */
export function pace(perSecond: number, send: (dueMs: number) => void): () => void {
  const startMs = systemClock.monotonic()
  let sent = 0
  let isStopped = false
  const nap = new Int32Array(new SharedArrayBuffer(4)) // which nobody wakes
  const dueMs = (): number => startMs + (sent * 1000) / perSecond
  const turn = (): void => {
    if (isStopped) return
    for (let due = dueMs(); due <= systemClock.monotonic(); due = dueMs()) {
      sent++
      send(due)
    }
    const waitMs = dueMs() - systemClock.monotonic()
    if (waitMs > TIMER_LATE_MS) systemClock.after(waitMs - TIMER_LATE_MS, turn)
    else {
      if (waitMs > SHORTEST_WAIT_MS) Atomics.wait(nap, 0, 0, NAP_MS)
      setImmediate(turn)
    }
  }
  turn()
  return () => {
    isStopped = true
  }
}
