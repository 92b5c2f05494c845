// Reads what an earlier run left in the journal: every entry in order, up to the first that is torn. A round is written only when the one before it is synced,
// so that an entry that is missing in front of a later round was synced once: that is damage, and told as such.

import {
  entrySize,
  decodeBatches,
  decodeEntryHeader,
  ENTRY_HEADER_SIZE,
  type EntryHeader,
  FILE_HEADER_SIZE,
  type FileHeader,
  numberAt,
} from './journal-entry.ts'
import type { BatchView } from '../../wire/records/batch.ts'

export interface FoundEntry extends EntryHeader {
  readonly batches: readonly BatchView[]
}

/** Entries that were synced and cannot be read any more. */
export interface LostEntries {
  readonly fromNumber: number
  /** Exclusive. */
  readonly toNumber: number
  /** Of the first one, where that can be told. */
  readonly header: EntryHeader | undefined
}

export interface JournalVisitor {
  entry(entry: FoundEntry): void
  lost(entries: LostEntries): void
}

/** Reads files one after the other: `file` takes each, `isLast` says that none follows. */
export class JournalScan {
  readonly #visitor: JournalVisitor
  #expected: number | undefined
  #endedAt: EntryHeader | undefined

  constructor(visitor: JournalVisitor) {
    this.#visitor = visitor
  }

  /** One more than that of the last entry; undefined before the first file. */
  get nextNumber(): number | undefined {
    return this.#expected
  }

  file(bytes: Buffer, { firstNumber, mark }: FileHeader, isLast: boolean): void {
    const expected = this.#expected ?? firstNumber
    if (expected < firstNumber) this.#visitor.lost({ fromNumber: expected, toNumber: firstNumber, header: this.#endedAt })
    let number = firstNumber
    let position = FILE_HEADER_SIZE
    for (;;) {
      const entry = entryAt(bytes, position, mark)
      if (entry?.number === number) {
        this.#visitor.entry(entry)
        position += entrySize(entry.size)
        number++
        continue
      }
      const later = findLater(bytes, position, number, mark)
      if (later === undefined || (isLast && later.header.number - later.header.place <= number)) break
      this.#visitor.lost({ fromNumber: number, toNumber: later.header.number, header: headerOf(bytes, position, number, mark) })
      number = later.header.number
      position = later.position
    }
    this.#expected = number
    this.#endedAt = headerOf(bytes, position, number, mark)
  }
}

function entryAt(bytes: Buffer, position: number, mark: number): FoundEntry | undefined {
  const header = decodeEntryHeader(bytes, position, mark)
  const batches = header && decodeBatches(bytes, position, header)
  return batches && { ...header, batches }
}

function headerOf(bytes: Buffer, position: number, number: number, mark: number): EntryHeader | undefined {
  const header = decodeEntryHeader(bytes, position, mark)
  return header?.number === number ? header : undefined
}

/** The first intact entry behind `position` whose number is above `number`. */
function findLater(bytes: Buffer, position: number, number: number, mark: number): { header: EntryHeader; position: number } | undefined {
  for (let at = position + 8; at + ENTRY_HEADER_SIZE <= bytes.length; at += 8) {
    if ((numberAt(bytes, at, mark) ?? 0) <= number) continue
    const header = entryAt(bytes, at, mark)
    if (header !== undefined) return { header, position: at }
  }
  return undefined
}
