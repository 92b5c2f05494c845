// The bytes of the journal's files. A file is a header and entries, each at a multiple of 8 bytes. An entry holds batches of one partition that follow each
// other. What is not covered by a batch's own checksum is by the entry's: together they show a torn entry, and one of the file's earlier use by its number.
//
//   file    bytes 0-7     magic           OTTLAJ01
//           bytes 8-15    number          of its first entry
//           bytes 16-19   crc             CRC-32C of bytes 0-15
//           bytes 20-23   0
//
//   entry   bytes 0-3     crc             CRC-32C of bytes 4-55
//           bytes 4-7     magic           OJE1
//           bytes 8-15    number          one more than that of the entry before
//           bytes 16-19   place           in its round, from 0: what is written and synced together
//           bytes 20-23   size            of the batches
//           bytes 24-39   topic id
//           bytes 40-43   partition
//           bytes 44-51   base offset     of the first batch
//           bytes 52-55   prefix crc      CRC-32C of the first 21 bytes of each batch, which its own checksum leaves out
//           bytes 56-     batches         then zeros up to a multiple of 8

import { int64At, writeInt64At } from '../../wire/fixed-size.ts'
import { BATCH_HEADER_SIZE, BatchView } from '../../wire/records/batch.ts'
import { crc32c } from '../../wire/records/crc32c.ts'

export const FILE_HEADER_SIZE = 24
export const ENTRY_HEADER_SIZE = 56
const FILE_MAGIC = Buffer.from('OTTLAJ01')
const ENTRY_MAGIC = 0x4f4a4531
const ALIGNMENT = 8
const PREFIX_SIZE = 21

export interface EntryHeader {
  readonly number: number
  readonly place: number
  /** Of the batches. */
  readonly size: number
  readonly topicId: string
  readonly partition: number
  readonly baseOffset: number
}

export const aligned = (size: number): number => Math.ceil(size / ALIGNMENT) * ALIGNMENT

/** What an entry takes in a file. */
export const entrySize = (batchBytes: number): number => aligned(ENTRY_HEADER_SIZE + batchBytes)

export function encodeFileHeader(firstNumber: number): Buffer {
  const header = Buffer.alloc(FILE_HEADER_SIZE)
  FILE_MAGIC.copy(header)
  writeInt64At(header, firstNumber, 8)
  header.writeUInt32BE(crc32c(header.subarray(0, 16)), 16)
  return header
}

/** The number of the file's first entry; undefined when the file is not in use. */
export function decodeFileHeader(bytes: Buffer): number | undefined {
  if (bytes.length < FILE_HEADER_SIZE || !bytes.subarray(0, 8).equals(FILE_MAGIC)) return undefined
  return bytes.readUInt32BE(16) === crc32c(bytes.subarray(0, 16)) ? int64At(bytes, 8) : undefined
}

/** Writes the 56 bytes at the start of `into`. */
export function encodeEntryHeader(into: Buffer, header: EntryHeader, batches: readonly Buffer[]): void {
  into.writeUInt32BE(ENTRY_MAGIC, 4)
  writeInt64At(into, header.number, 8)
  into.writeUInt32BE(header.place, 16)
  into.writeUInt32BE(header.size, 20)
  into.write(header.topicId, 24, 16, 'base64url')
  into.writeInt32BE(header.partition, 40)
  writeInt64At(into, header.baseOffset, 44)
  into.writeUInt32BE(prefixCrcOf(batches), 52)
  into.writeUInt32BE(crc32c(into.subarray(4, ENTRY_HEADER_SIZE)), 0)
}

function prefixCrcOf(batches: readonly Buffer[]): number {
  let crc = 0
  for (const batch of batches) crc = crc32c(batch.subarray(0, PREFIX_SIZE), crc)
  return crc
}

/** Cheap, for a search: whether an entry may begin there, and its number. */
export function numberAt(bytes: Buffer, position: number): number | undefined {
  if (position + ENTRY_HEADER_SIZE > bytes.length || bytes.readUInt32BE(position + 4) !== ENTRY_MAGIC) return undefined
  return int64At(bytes, position + 8)
}

/** undefined when there is no intact header. */
export function decodeEntryHeader(bytes: Buffer, position: number): EntryHeader | undefined {
  const number = numberAt(bytes, position)
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
