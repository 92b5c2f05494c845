// Reads what an earlier run left in the journal: every entry in order, up to the first that is torn. A round is written only when the one before it is synced,
// so that an entry that is missing in front of a later round was synced once: that is damage, and told as such.

import {
  aligned,
  decodeBatches,
  decodeEntryHeader,
  decodeFileHeader,
  ENTRY_HEADER_SIZE,
  type EntryHeader,
  FILE_HEADER_SIZE,
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

export interface JournalFileToRead {
  readonly path: string
  readonly firstNumber: number
}

/** The files that are in use, in the order they were written in. `heads` are their first bytes. */
export function filesInUse(heads: ReadonlyMap<string, Buffer>): JournalFileToRead[] {
  const files: JournalFileToRead[] = []
  for (const [path, head] of heads) {
    const firstNumber = decodeFileHeader(head)
    if (firstNumber !== undefined) files.push({ path, firstNumber })
  }
  return files.toSorted((a, b) => a.firstNumber - b.firstNumber)
}

/** Reads files one after the other: `next` takes each, `isLast` says that none follows. */
export class JournalScan {
  readonly #visitor: JournalVisitor
  #expected: number | undefined

  constructor(visitor: JournalVisitor) {
    this.#visitor = visitor
  }

  /** One more than that of the last entry; undefined before the first file. */
  get nextNumber(): number | undefined {
    return this.#expected
  }

  file(bytes: Buffer, firstNumber: number, isLast: boolean): void {
    const expected = this.#expected ?? firstNumber
    if (expected < firstNumber) this.#visitor.lost({ fromNumber: expected, toNumber: firstNumber, header: undefined })
    let number = firstNumber
    for (let position = FILE_HEADER_SIZE; ;) {
      const entry = entryAt(bytes, position)
      if (entry?.number === number) {
        this.#visitor.entry(entry)
        position += aligned(ENTRY_HEADER_SIZE + entry.size)
        number++
        continue
      }
      const later = findLater(bytes, position, number)
      if (later === undefined || (isLast && later.header.number - later.header.place <= number)) break
      this.#visitor.lost({ fromNumber: number, toNumber: later.header.number, header: headerOf(bytes, position, number) })
      number = later.header.number
      position = later.position
    }
    this.#expected = number
  }
}

function entryAt(bytes: Buffer, position: number): FoundEntry | undefined {
  const header = decodeEntryHeader(bytes, position)
  const batches = header && decodeBatches(bytes, position, header)
  return batches && { ...header, batches }
}

function headerOf(bytes: Buffer, position: number, number: number): EntryHeader | undefined {
  const header = decodeEntryHeader(bytes, position)
  return header?.number === number ? header : undefined
}

/** The first intact entry behind `position` whose number is above `number`: what is below is left from the file's earlier use. */
function findLater(bytes: Buffer, position: number, number: number): { header: EntryHeader; position: number } | undefined {
  for (let at = position + 8; at + ENTRY_HEADER_SIZE <= bytes.length; at += 8) {
    if ((numberAt(bytes, at) ?? 0) <= number) continue
    const header = entryAt(bytes, at)
    if (header !== undefined) return { header, position: at }
  }
  return undefined
}
