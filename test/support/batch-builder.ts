// Record batches byte by byte, right or wrong on purpose. Written without src/wire/records, so that neither can hide a mistake of the other.
//
//   0 baseOffset int64 · 8 batchLength int32 · 12 partitionLeaderEpoch int32 · 16 magic int8 · 17 crc uint32 (of what follows) · 21 attributes int16
//   23 lastOffsetDelta int32 · 27 baseTimestamp int64 · 35 maxTimestamp int64 · 43 producerId int64 · 51 producerEpoch int16 · 53 baseSequence int32
//   57 record count int32 · 61 records

import { crc32c } from '@node-rs/crc32'

export interface BuiltRecord {
  readonly key?: string | null
  readonly value?: string | null
  readonly timestampDelta?: number
  /** Where it is not its place in the batch. */
  readonly offsetDelta?: number
  /** Added to the length that it states. */
  readonly lengthError?: number
}

export interface BuiltBatch {
  readonly records?: readonly BuiltRecord[]
  readonly baseOffset?: number
  readonly magic?: number
  readonly attributes?: number
  readonly lastOffsetDelta?: number
  readonly baseTimestamp?: bigint
  readonly maxTimestamp?: bigint
  readonly producerId?: number
  readonly producerEpoch?: number
  readonly baseSequence?: number
  readonly recordCount?: number
  /** What stands for the records instead, when they are compressed or garbage. */
  readonly payload?: Buffer
  readonly crcError?: number
  readonly lengthError?: number
}

const HEADER_SIZE = 61
const LENGTH_COUNTS_FROM = 12
const CRC_COVERS_FROM = 21

export const BATCH_TIMESTAMP = 1_700_000_000_000n

export function buildBatch(batch: BuiltBatch = {}): Buffer {
  const records = batch.records ?? [{ key: 'key', value: 'value' }]
  const payload = batch.payload ?? buildRecords(records)
  const bytes = Buffer.concat([Buffer.alloc(HEADER_SIZE), payload])
  const baseTimestamp = batch.baseTimestamp ?? BATCH_TIMESTAMP
  const lastDelta = Math.max(0, ...records.map(({ timestampDelta = 0 }) => timestampDelta))
  bytes.writeBigInt64BE(BigInt(batch.baseOffset ?? 0), 0)
  bytes.writeInt32BE(bytes.length - LENGTH_COUNTS_FROM + (batch.lengthError ?? 0), 8)
  bytes.writeInt32BE(-1, 12)
  bytes.writeInt8(batch.magic ?? 2, 16)
  bytes.writeInt16BE(batch.attributes ?? 0, 21)
  bytes.writeInt32BE(batch.lastOffsetDelta ?? records.length - 1, 23)
  bytes.writeBigInt64BE(baseTimestamp, 27)
  bytes.writeBigInt64BE(batch.maxTimestamp ?? baseTimestamp + BigInt(lastDelta), 35)
  bytes.writeBigInt64BE(BigInt(batch.producerId ?? -1), 43)
  bytes.writeInt16BE(batch.producerEpoch ?? -1, 51)
  bytes.writeInt32BE(batch.baseSequence ?? -1, 53)
  bytes.writeInt32BE(batch.recordCount ?? records.length, 57)
  const crc = crc32c(bytes.subarray(CRC_COVERS_FROM))
  bytes.writeUInt32BE((crc ^ (batch.crcError ?? 0)) >>> 0, 17)
  return bytes
}

/** The records section of a batch, before any compression. */
export function buildRecords(records: readonly BuiltRecord[]): Buffer {
  return Buffer.concat(
    records.map((record, index) => {
      const { key = null, value = null, timestampDelta = 0, offsetDelta = index, lengthError = 0 } = record
      const body = Buffer.concat([Buffer.of(0), varint(timestampDelta), varint(offsetDelta), field(key), field(value), varint(0)])
      return Buffer.concat([varint(body.length + lengthError), body])
    }),
  )
}

/**
 * A message of the format before batches (magic 0 or 1): offset, size, CRC-32 of what follows, magic, attributes, in magic 1 a timestamp, key, value.
 */
export function buildOldMessage(magic: 0 | 1, crc32: (bytes: Buffer) => number): Buffer {
  const timestamp = magic === 0 ? Buffer.alloc(0) : int64(BATCH_TIMESTAMP)
  const body = Buffer.concat([Buffer.of(magic, 0), timestamp, int32(-1), int32(1), Buffer.from('v')])
  return Buffer.concat([int64(0n), int32(body.length + 4), int32(crc32(body) | 0), body])
}

/** Which batches lie one behind the other in `bytes`. */
export function batchesIn(bytes: Buffer): { baseOffset: number; lastOffset: number; recordCount: number }[] {
  const batches = []
  for (let position = 0; position < bytes.length; position += LENGTH_COUNTS_FROM + bytes.readInt32BE(position + 8)) {
    const baseOffset = Number(bytes.readBigInt64BE(position))
    batches.push({ baseOffset, lastOffset: baseOffset + bytes.readInt32BE(position + 23), recordCount: bytes.readInt32BE(position + 57) })
  }
  return batches
}

function field(text: string | null): Buffer {
  if (text === null) return varint(-1)
  const bytes = Buffer.from(text)
  return Buffer.concat([varint(bytes.length), bytes])
}

function varint(value: number): Buffer {
  let rest = value >= 0 ? value * 2 : -value * 2 - 1
  const bytes: number[] = []
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return Buffer.from([...bytes, rest])
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return bytes
}
