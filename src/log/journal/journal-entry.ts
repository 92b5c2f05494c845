// The bytes of the journal's files. A file is a header and entries, each at a multiple of 8 bytes. An entry holds batches of one partition that follow each
// other. What is not covered by a batch's own checksum is by the entry's: together they show a torn entry. The mark is chosen at random whenever a file is put
// to use: neither an entry of the file's earlier use nor anything that a producer sent is taken for an entry.
//
//   file    bytes 0-7     magic           OTTLAJ01
//           bytes 8-15    number          of its first entry
//           bytes 16-19   mark
//           bytes 20-23   crc             CRC-32C of bytes 0-19
//
//   entry   bytes 0-3     crc             CRC-32C of bytes 4-55
//           bytes 4-7     mark            of its file
//           bytes 8-15    number          one more than that of the entry before
//           bytes 16-19   place           in its round, from 0: what is written and synced together
//           bytes 20-23   size            of the batches
//           bytes 24-39   topic id
//           bytes 40-43   partition
//           bytes 44-51   base offset     of the first batch
//           bytes 52-55   prefix crc      CRC-32C of the first 21 bytes of each batch, which its own checksum leaves out
//           bytes 56-     batches         then zeros up to a multiple of 8

import { randomInt } from 'node:crypto'
import { int64At, writeInt64At } from '../../wire/fixed-size.ts'
import { BATCH_HEADER_SIZE, BatchView } from '../../wire/records/batch.ts'
import { crc32c } from '../../wire/records/crc32c.ts'

export const FILE_HEADER_SIZE = 24
export const ENTRY_HEADER_SIZE = 56
const FILE_MAGIC = Buffer.from('OTTLAJ01')
const ALIGNMENT = 8
const PREFIX_SIZE = 21

export interface FileHeader {
  readonly firstNumber: number
  readonly mark: number
}

export interface EntryToWrite {
  readonly topicId: string
  readonly partition: number
  readonly baseOffset: number
  readonly batches: readonly Buffer[]
  /** Of the batches. */
  readonly size: number
}

export interface EntryHeader {
  readonly number: number
  readonly place: number
  /** Of the batches. */
  readonly size: number
  readonly topicId: string
  readonly partition: number
  readonly baseOffset: number
}

const aligned = (size: number): number => Math.ceil(size / ALIGNMENT) * ALIGNMENT

/** What an entry takes in a file. */
export const entrySize = (batchBytes: number): number => aligned(ENTRY_HEADER_SIZE + batchBytes)

/** Never 0, which is what a file without an entry is full of. */
export const newMark = (): number => randomInt(1, 2 ** 32)

export function encodeFileHeader({ firstNumber, mark }: FileHeader): Buffer {
  const header = Buffer.alloc(FILE_HEADER_SIZE)
  FILE_MAGIC.copy(header)
  writeInt64At(header, firstNumber, 8)
  header.writeUInt32BE(mark, 16)
  header.writeUInt32BE(crc32c(header.subarray(0, 20)), 20)
  return header
}

/**
 * How a file is used. A header that is not as it was written is made good by the first entry, which agrees with a part of it. Else what begins or ends in
 * zeros is what a power loss leaves of one that was just written, or taken back.
 */
export function decodeFileHeader(bytes: Buffer): FileHeader | 'not in use' | 'damaged' {
  if (bytes.length < FILE_HEADER_SIZE) return 'not in use'
  const header = { firstNumber: int64At(bytes, 8), mark: bytes.readUInt32BE(16) }
  if (bytes.subarray(0, 8).equals(FILE_MAGIC) && bytes.readUInt32BE(20) === crc32c(bytes.subarray(0, 20))) return header
  if (bytes.length >= FILE_HEADER_SIZE + ENTRY_HEADER_SIZE) {
    const mark = bytes.readUInt32BE(FILE_HEADER_SIZE + 4)
    const first = decodeEntryHeader(bytes, FILE_HEADER_SIZE, mark)
    if (first !== undefined && (first.number === header.firstNumber || mark === header.mark)) return { firstNumber: first.number, mark }
  }
  return bytes[0] === 0 || bytes[FILE_HEADER_SIZE - 1] === 0 ? 'not in use' : 'damaged'
}

/** Writes the 56 bytes at the start of `into`. */
export function encodeEntryHeader(into: Buffer, mark: number, number: number, place: number, entry: EntryToWrite): void {
  into.writeUInt32BE(mark, 4)
  writeInt64At(into, number, 8)
  into.writeUInt32BE(place, 16)
  into.writeUInt32BE(entry.size, 20)
  into.write(entry.topicId, 24, 16, 'base64url')
  into.writeInt32BE(entry.partition, 40)
  writeInt64At(into, entry.baseOffset, 44)
  into.writeUInt32BE(prefixCrcOf(entry.batches), 52)
  into.writeUInt32BE(crc32c(into.subarray(4, ENTRY_HEADER_SIZE)), 0)
}

function prefixCrcOf(batches: readonly Buffer[]): number {
  let crc = 0
  for (const batch of batches) crc = crc32c(batch.subarray(0, PREFIX_SIZE), crc)
  return crc
}

/** Cheap, for a search: whether an entry may begin there, and its number. */
export function numberAt(bytes: Buffer, position: number, mark: number): number | undefined {
  if (position + ENTRY_HEADER_SIZE > bytes.length || bytes.readUInt32BE(position + 4) !== mark) return undefined
  return int64At(bytes, position + 8)
}

/** undefined when there is no intact header. */
export function decodeEntryHeader(bytes: Buffer, position: number, mark: number): EntryHeader | undefined {
  const number = numberAt(bytes, position, mark)
  if (number === undefined) return undefined
  if (bytes.readUInt32BE(position) !== crc32c(bytes.subarray(position + 4, position + ENTRY_HEADER_SIZE))) return undefined
  return {
    number,
    place: bytes.readUInt32BE(position + 16),
    size: bytes.readUInt32BE(position + 20),
    topicId: bytes.toString('base64url', position + 24, position + 40),
    partition: bytes.readInt32BE(position + 40),
    baseOffset: int64At(bytes, position + 44),
  }
}

/** The batches of the entry whose header is at `position`; undefined when one of them is not as it was written. */
export function decodeBatches(bytes: Buffer, position: number, { size, baseOffset }: EntryHeader): readonly BatchView[] | undefined {
  const start = position + ENTRY_HEADER_SIZE
  const end = start + size
  if (end > bytes.length) return undefined
  const views: BatchView[] = []
  const prefixes: Buffer[] = []
  let nextOffset = baseOffset
  for (let at = start; at < end;) {
    if (at + BATCH_HEADER_SIZE > end) return undefined
    const view = new BatchView(bytes, at)
    if (view.sizeInBytes < BATCH_HEADER_SIZE || at + view.sizeInBytes > end || view.baseOffset !== nextOffset || !view.isCrcValid)
      return undefined
    prefixes.push(bytes.subarray(at, at + PREFIX_SIZE))
    views.push(view)
    nextOffset = view.lastOffset + 1
    at += view.sizeInBytes
  }
  return prefixCrcOf(prefixes) === bytes.readUInt32BE(position + 52) ? views : undefined
}
