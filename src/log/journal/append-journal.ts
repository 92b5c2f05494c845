// How a log's appends, and its truncations, go to the journal.

import type { AppendJournal } from '../append-queue.ts'
import type { WriteTarget } from '../append-io.ts'
import type { Journal, JournaledLog } from './journal.ts'

export function appendJournalOf<Target extends WriteTarget>(journal: Journal, log: JournaledLog): AppendJournal<Target> {
  return {
    get isStarted() {
      return journal.isStarted
    },
    isFor: (bytes) => journal.isFor(bytes),
    append(appends, settled) {
      const batches = appends.map(({ bytes }) => bytes)
      journal.append(log, batches, appends[0]!.baseOffset, appends.at(-1)!.endOffset, settled)
    },
  }
}

/** What the journal holds of the log from `endOffset` on is not replayed once this has resolved. */
export async function noteTruncation(journal: Journal, log: JournaledLog, endOffset: number): Promise<void> {
  const error = await new Promise<Error | undefined>((settled) => journal.append(log, [], endOffset, endOffset, settled))
  if (error !== undefined) throw error
}
