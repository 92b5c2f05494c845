// Refusals as values: for a request of many parts, where one that is refused holds up none of the others.

import { Refusal } from './error-codes.ts'

/** For a catch: gives back a Refusal, and throws on whatever else was thrown, which is our bug. */
export function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  throw error
}

/** What `action` gives, or the Refusal that it throws. */
export function attempt<T>(action: () => T): T | Refusal {
  try {
    return action()
  } catch (error) {
    return asRefusal(error)
  }
}

/** What `action` resolves to, or the Refusal that it rejects with or throws. */
export async function attemptLater<T>(action: () => T | Promise<T>): Promise<T | Refusal> {
  try {
    return await action()
  } catch (error) {
    return asRefusal(error)
  }
}
