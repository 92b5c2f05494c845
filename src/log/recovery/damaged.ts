// Why a log is not opened: something below the recovery point is not as it was, or the folder is another's. The log is left as it is, for people to look at.

import { hasCode } from '../../disk/disk.ts'
import type { Diagnostics } from '../../lib/diagnostics.ts'
import { Refusal } from '../../wire/error-codes.ts'

export class Damaged extends Error {
  override name = 'Damaged'
}

/** Throws a Refusal for a failure that may not be there the next time: no file descriptor, no memory, no room. */
export function refuseIfPassing(error: unknown, folder: string, diagnostics: Diagnostics): void {
  if (!hasCode(error, 'EMFILE', 'ENFILE', 'ENOMEM', 'ENOSPC', 'EDQUOT')) return
  diagnostics.error('a log could not be opened; its next use tries again', { folder, error: String(error) })
  throw new Refusal('KAFKA_STORAGE_ERROR', `the log could not be opened: ${String(error)}`)
}

/** For people: why a log could not be opened, and what to do. */
export function whyUnopened(error: unknown): string {
  if (error instanceof Damaged)
    return `${error.message}. Nothing was changed; the other partitions are not affected. ottla verify tells more.`
  const advice = 'See that the broker can read and write the folder and all in it, and start again; the other partitions are not affected.'
  return `the log could not be opened: ${String(error)}. ${advice}`
}
