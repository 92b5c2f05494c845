// An open loop: what is due is due at its time, whether or not the broker keeps up. Latencies are counted from then on, so that a stall is seen by all that should
// have been sent meanwhile ("coordinated omission", Gil Tene).

import { writeFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import type { Pace } from '../../client/load/produce-load.ts'
import { systemClock } from '../../lib/clock.ts'

interface Beat {
  /** [0] counts the beats, [1] is 1 when there are to be no more. */
  readonly beats: Int32Array
  /** Of process.hrtime, which is the same in all threads. */
  readonly startMs: number
  readonly periodMs: number
}

const THREAD_START_MS = 100 // a thread has long begun by then
const SHORTEST_PERIOD_MS = 0.05 // what is due in between goes out together

/**
 * So many a second, each at its time. A thread of its own sleeps until then and wakes this one, which sleeps until it is woken or receives something. Timers are
 * late by a millisecond; looking again and again whether it is time takes a core from the broker, whose answers it would then measure; and to sleep in this thread
 * is not to see what comes.
 */
export const steadyPace =
  (perSecond: number): Pace =>
  (send) => {
    sleepAsLongAsAsked()
    const startMs = systemClock.monotonic() + THREAD_START_MS
    const beats = new Int32Array(new SharedArrayBuffer(8))
    const workerData: Beat = { beats, startMs: hrtimeMs() + THREAD_START_MS, periodMs: Math.max(SHORTEST_PERIOD_MS, 1000 / perSecond) }
    new Worker(`(${beat.toString()})(require('node:worker_threads').workerData)`, { eval: true, workerData }).unref()
    let sent = 0
    const dueMs = (): number => startMs + (sent * 1000) / perSecond
    const turn = (): void => {
      if (beats[1] === 1) return
      const seen = Atomics.load(beats, 0)
      for (let due = dueMs(); due <= systemClock.monotonic(); due = dueMs()) {
        sent++
        send(due)
      }
      const next = Atomics.waitAsync(beats, 0, seen)
      if (next.async) void next.value.then(turn)
      else setImmediate(turn) // one more was due meanwhile; what was received comes first
    }
    turn()
    return () => {
      Atomics.store(beats, 1, 1)
      Atomics.notify(beats, 1)
    }
  }

/** Runs in a thread of its own, from its source: it can use nothing of this file. */
function beat({ beats, startMs, periodMs }: Beat): void {
  for (let count = 0; Atomics.load(beats, 1) === 0; count++) {
    const waitMs = startMs + count * periodMs - Number(process.hrtime.bigint()) / 1e6
    if (waitMs > 0) Atomics.wait(beats, 1, 0, waitMs)
    Atomics.add(beats, 0, 1)
    Atomics.notify(beats, 0)
  }
}

const hrtimeMs = (): number => Number(process.hrtime.bigint()) / 1e6

/** Linux lets threads sleep 50 µs longer than they ask ("timer slack", proc_pid_timerslack_ns(5)), for others to wake with them. Threads inherit it. */
function sleepAsLongAsAsked(): void {
  try {
    writeFileSync('/proc/self/timerslack_ns', '1000')
  } catch {
    // another system, or another thread than the main one
  }
}
