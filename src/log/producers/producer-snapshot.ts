// The `.snapshot` file, in Kafka's format: every idempotent producer with its last batch, as of the offset in the file's name.
//
//   bytes 0-1     version (1)
//   bytes 2-5     CRC32C of everything after it
//   bytes 6-9     number of entries
//   then entries of 46 bytes:
//   bytes 0-7     producer id
//   bytes 8-9     producer epoch
//   bytes 10-13   last sequence
//   bytes 14-21   last offset
//   bytes 22-25   last offset − first offset of the last batch
//   bytes 26-33   timestamp
//   bytes 34-37   coordinator epoch; -1 when no transaction marker was written
//   bytes 38-45   first offset of the open transaction; -1 when there is none

import { Reader } from '../../wire/reader.ts'
import { crc32c } from '../../wire/records/crc32c.ts'
import { Writer } from '../../wire/writer.ts'

const VERSION = 1
const CRC_END = 6
const HEADER_SIZE = 10
const ENTRY_SIZE = 46

export interface SnapshotEntry {
  readonly producerId: number
  readonly producerEpoch: number
  readonly lastSequence: number
  readonly lastOffset: number
  readonly offsetDelta: number
  readonly timestamp: number
}

export function encodeSnapshot(entries: readonly SnapshotEntry[]): Buffer {
  const writer = new Writer()
  writer.int32(entries.length)
  for (const entry of entries) {
    writer.int64(entry.producerId)
    writer.int16(entry.producerEpoch)
    writer.int32(entry.lastSequence)
    writer.int64(entry.lastOffset)
    writer.int32(entry.offsetDelta)
    writer.int64(entry.timestamp)
    writer.int32(-1)
    writer.int64(-1)
  }
  const body = Buffer.concat(writer.chunks())
  const header = Buffer.alloc(CRC_END)
  header.writeInt16BE(VERSION, 0)
  header.writeUInt32BE(crc32c(body), 2)
  return Buffer.concat([header, body])
}

/** undefined when the bytes are not a whole snapshot. */
export function decodeSnapshot(bytes: Buffer): SnapshotEntry[] | undefined {
  if (bytes.length < HEADER_SIZE || bytes.readInt16BE(0) !== VERSION) return undefined
  if (bytes.readUInt32BE(2) !== crc32c(bytes.subarray(CRC_END))) return undefined
  const reader = new Reader(bytes, CRC_END)
  const count = reader.int32()
  if (count < 0 || reader.remaining !== count * ENTRY_SIZE) return undefined
  return Array.from({ length: count }, () => {
    const entry = {
      producerId: reader.int64(),
      producerEpoch: reader.int16(),
      lastSequence: reader.int32(),
      lastOffset: reader.int64(),
      offsetDelta: reader.int32(),
      timestamp: reader.int64(),
    }
    reader.skip(12)
    return entry
  })
}
