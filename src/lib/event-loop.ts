// How late the event loop is: what a request that comes at any moment waits until somebody looks at it. Looked at ten times a second, by a timer that
// keeps no process alive.

import type { Clock } from './clock.ts'
import type { Histogram } from './histogram.ts'

const INTERVAL_MS = 100

/** Until `stop`, notes in `delays` by how much each timer was late. */
export function watchEventLoop(clock: Clock, delays: Histogram): { stop: () => void } {
  const watch = (): ReturnType<Clock['after']> => {
    const dueMs = clock.monotonic() + INTERVAL_MS
    return clock.after(INTERVAL_MS, () => {
      delays.record(Math.max(0, clock.monotonic() - dueMs))
      timer = watch()
    })
  }
  let timer = watch()
  return { stop: () => timer.cancel() }
}
