// Error codes of answers, as what they mean: a Refusal that is thrown.

import { errorName, Refusal } from '../wire/error-codes.ts'

/** Throws what an error code of a response stands for. */
export function refuse(errorCode: number, message: string | null = null): void {
  if (errorCode !== 0) throw new Refusal(errorName(errorCode), message ?? undefined)
}

/** The one answer to the one thing that was asked. */
export function answered<T>(answers: readonly T[]): T {
  const [answer] = answers
  if (answer === undefined) throw new Refusal('UNKNOWN_SERVER_ERROR', 'the broker did not answer for what it was asked')
  return answer
}
