// Waiting for what takes long only as long as somebody is there to hear of it.

import { Refusal } from '../wire/error-codes.ts'

/** Throws COORDINATOR_NOT_AVAILABLE when the connection is gone or the broker stops before the work is done; the work itself goes on. */
export async function whileConnected<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let stop!: () => void
  const stopped = new Promise<never>((_resolve, reject) => {
    stop = () => reject(new Refusal('COORDINATOR_NOT_AVAILABLE', 'the broker is stopping'))
  })
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([work, stopped])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
