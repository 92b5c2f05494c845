// The timeout of a request: the client hears REQUEST_TIMED_OUT in time, and what it asked for goes on.

import type { Clock } from '../lib/clock.ts'
import { Refusal } from '../wire/error-codes.ts'

/** Rejects with REQUEST_TIMED_OUT when `work` has not settled after `timeoutMs`. */
export function withinTimeout<T>(clock: Clock, timeoutMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(timeoutMs, () => reject(new Refusal('REQUEST_TIMED_OUT')))
    work.then(resolve, reject).finally(() => timer.cancel())
  })
}
