// How a log's appends go to the journal.

import type { AppendJournal } from '../append-queue.ts'
import type { WriteTarget } from '../append-io.ts'
import type { Journal, JournaledLog } from './journal.ts'

export function appendJournalOf<Target extends WriteTarget>(journal: Journal, log: JournaledLog): AppendJournal<Target> {
  return {
    get isStarted() {
      return journal.isStarted
    },
    append(appends) {
      const batches = appends.map(({ bytes }) => bytes)
      return journal.append(log, batches, appends[0]!.baseOffset, appends.at(-1)!.endOffset)
    },
  }
}
