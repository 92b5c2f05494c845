// The timeout of a request: the client hears in time that it is over, and what it asked for goes on.

import type { Clock } from '../lib/clock.ts'
import { type ErrorName, Refusal } from '../wire/error-codes.ts'

/** Rejects with `error` when `work` has not settled after `timeoutMs`. */
export function withinTimeout<T>(clock: Clock, timeoutMs: number, work: Promise<T>, error: ErrorName = 'REQUEST_TIMED_OUT'): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(timeoutMs, () => reject(new Refusal(error)))
    work.then(resolve, reject).finally(() => timer.cancel())
  })
}
