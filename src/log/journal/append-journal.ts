// How a log's appends, and its truncations, go to the journal.

import type { AppendJournal } from '../append-queue.ts'
import type { Append, WriteTarget } from '../append-io.ts'
import type { Journal, JournaledLog } from './journal.ts'

export class LogJournal<Target extends WriteTarget> implements AppendJournal<Target> {
  readonly #journal: Journal
  readonly #log: JournaledLog

  constructor(journal: Journal, log: JournaledLog) {
    this.#journal = journal
    this.#log = log
  }

  get isStarted(): boolean {
    return this.#journal.isStarted
  }

  isFor(bytes: number): boolean {
    return this.#journal.isFor(bytes)
  }

  append(appends: readonly Append<Target>[], settled: (error: Error | undefined) => void): void {
    const batches = appends.map(({ bytes }) => bytes)
    this.#journal.append(this.#log, batches, appends[0]!.baseOffset, appends.at(-1)!.endOffset, settled)
  }
}

/** What the journal holds of the log from `endOffset` on is not replayed once this has resolved. */
export async function noteTruncation(journal: Journal, log: JournaledLog, endOffset: number): Promise<void> {
  const error = await new Promise<Error | undefined>((settled) => journal.append(log, [], endOffset, endOffset, settled))
  if (error !== undefined) throw error
}
