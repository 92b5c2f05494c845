// An open loop: what is due is due at its time, whether or not the broker keeps up. Latencies are counted from then on, so that a stall is seen by all that should
// have been sent meanwhile ("coordinated omission", Gil Tene).

import { systemClock } from '../../lib/clock.ts'

const SPIN_BELOW_MS = 2 // a timer is late by a millisecond or more

/** Calls `send` with the time at which each of `perSecond` a second was due, until the answered function is called. It keeps a core busy while it waits for less than 2 ms. */
export function pace(perSecond: number, send: (dueMs: number) => void): () => void {
  const startMs = systemClock.monotonic()
  let sent = 0
  let isStopped = false
  const dueMs = (): number => startMs + (sent * 1000) / perSecond
  const turn = (): void => {
    if (isStopped) return
    for (let due = dueMs(); due <= systemClock.monotonic(); due = dueMs()) {
      sent++
      send(due)
    }
    const waitMs = dueMs() - systemClock.monotonic()
    if (waitMs > SPIN_BELOW_MS) systemClock.after(waitMs - SPIN_BELOW_MS, turn)
    else setImmediate(turn)
  }
  turn()
  return () => {
    isStopped = true
  }
}
