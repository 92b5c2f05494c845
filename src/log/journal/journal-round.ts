// What goes to the journal in one write: the entries that wait, small ones copied together, large batches from where they lie.

import {
  encodeEntryHeader,
  encodeFileHeader,
  ENTRY_HEADER_SIZE,
  entrySize,
  type EntryToWrite,
  FILE_HEADER_SIZE,
  type FileHeader,
} from './journal-entry.ts'

const COPIED_BELOW_BYTES = 4 << 10
const PADDING = Buffer.alloc(8)

export interface EncodedRound {
  readonly chunks: readonly Buffer[]
  readonly size: number
}

/** Numbers the entries from `firstNumber` on, with their file's mark. A file begins with a header of its own. */
export function encodeRound(
  entries: readonly EntryToWrite[],
  { firstNumber, mark, beginsFile }: FileHeader & { readonly beginsFile: boolean },
): EncodedRound {
  const copies = Buffer.allocUnsafe(entries.reduce((sum, entry) => sum + copiedSize(entry), beginsFile ? FILE_HEADER_SIZE : 0))
  const chunks: Buffer[] = []
  let size = 0
  let start = 0 // of what was copied and is not in a chunk yet
  let end = 0
  const copy = (bytes: Buffer): void => {
    end += bytes.copy(copies, end)
    size += bytes.length
  }
  const refer = (bytes: Buffer): void => {
    if (end > start) chunks.push(copies.subarray(start, end))
    start = end
    chunks.push(bytes)
    size += bytes.length
  }
  if (beginsFile) copy(encodeFileHeader({ firstNumber, mark }))
  for (const [place, entry] of entries.entries()) {
    encodeEntryHeader(copies.subarray(end), mark, firstNumber + place, place, entry)
    end += ENTRY_HEADER_SIZE
    size += ENTRY_HEADER_SIZE
    for (const batch of entry.batches) {
      if (batch.length < COPIED_BELOW_BYTES) copy(batch)
      else refer(batch)
    }
    copy(PADDING.subarray(0, paddingOf(entry)))
  }
  if (end > start) chunks.push(copies.subarray(start, end))
  return { chunks, size }
}

const paddingOf = ({ size }: EntryToWrite): number => entrySize(size) - ENTRY_HEADER_SIZE - size

function copiedSize(entry: EntryToWrite): number {
  let size = ENTRY_HEADER_SIZE + paddingOf(entry)
  for (const { length } of entry.batches) if (length < COPIED_BELOW_BYTES) size += length
  return size
}
