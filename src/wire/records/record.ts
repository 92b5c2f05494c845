// Records as values, for those who look into batches: the client, the catalog, look-ups by time. The append and fetch paths handle bytes.

import { assert } from '../../lib/assert.ts'
import { Malformed } from '../reader.ts'
import { BATCH_HEADER_SIZE, BatchView, CONTROL_BIT, LOG_APPEND_TIME_BIT, TRANSACTIONAL_BIT, type TimestampType } from './batch.ts'
import { type Codec, CODECS, compress } from './codecs.ts'
import { writeInt64At } from '../fixed-size.ts'
import { type HeaderBytes, RecordCursor } from './record-cursor.ts'
import { varintSize, writeVarint } from './varint.ts'

const MAGIC = 2

export interface RecordHeader {
  readonly key: string
  readonly value: Buffer | null
}

export interface FetchedRecord {
  readonly offset: number
  /** Ms since 1970. */
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader[]
}

export interface RecordToEncode {
  /** Ms since 1970. */
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers?: readonly RecordHeader[]
}

export interface BatchToEncode {
  /** At least one. */
  readonly records: readonly RecordToEncode[]
  readonly baseOffset?: number
  readonly partitionLeaderEpoch?: number
  readonly codec?: Codec
  /** As in `compression.<codec>.level`. */
  readonly level?: number
  readonly timestampType?: TimestampType
  readonly isTransactional?: boolean
  readonly isControl?: boolean
  readonly producerId?: number
  readonly producerEpoch?: number
  readonly baseSequence?: number
}

/** `records` are those of `batch`, decompressed; keys and values are views of them. Throws Malformed. */
export function* readRecords(records: Buffer, batch: BatchView): Generator<FetchedRecord> {
  const { baseOffset, baseTimestamp, recordCount } = batch
  const logAppendTime = batch.timestampType === 'LogAppendTime' ? batch.maxTimestamp : undefined
  const cursor = new RecordCursor(records)
  for (let index = 0; index < recordCount; index++) {
    cursor.next()
    yield {
      offset: baseOffset + cursor.offsetDelta,
      timestamp: logAppendTime ?? baseTimestamp + cursor.timestampDelta,
      key: cursor.key,
      value: cursor.value,
      headers: cursor.headerCount === 0 ? NO_HEADERS : cursor.readHeaders().map(toText),
    }
  }
  if (!cursor.isAtEnd) throw new Malformed(`more bytes than ${recordCount} records take`)
}

const NO_HEADERS: readonly RecordHeader[] = []
const RECORDS_PER_STEP = 500 // half a millisecond, three where the processor's caches hold none of them

const toText = ({ key, value }: HeaderBytes): RecordHeader => ({ key: key.toString(), value })

/** A promise only when large records are compressed. */
export function encodeBatch(batch: BatchToEncode): Buffer | Promise<Buffer> {
  const { records, codec = 'none' } = batch
  const uncompressed = atOnce(encodeRecords(records))
  if (codec === 'none') return withHeader(uncompressed, batch)
  const compressed = compress(codec, uncompressed.subarray(BATCH_HEADER_SIZE), batch.level)
  const assemble = (packed: Buffer): Buffer => withHeader(Buffer.concat([uncompressed.subarray(0, BATCH_HEADER_SIZE), packed]), batch)
  return compressed instanceof Promise ? compressed.then(assemble) : assemble(compressed)
}

/** The same, uncompressed, with stops between: for batches of many records, whose encoding would hold up everybody else for 10 to 20 ms. */
export function* encodeBatchInSteps(batch: Omit<BatchToEncode, 'codec' | 'level'>): Generator<void, Buffer> {
  return withHeader(yield* encodeRecords(batch.records), batch)
}

function atOnce<Result>(steps: Generator<void, Result>): Result {
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

/** With room for the header in front. */
function* encodeRecords(records: readonly RecordToEncode[]): Generator<void, Buffer> {
  assert(records.length > 0, () => 'a batch without records')
  const baseTimestamp = records[0]!.timestamp
  const sizes: number[] = []
  let total = BATCH_HEADER_SIZE
  for (const [index, record] of records.entries()) {
    const size = sizeOf(record, record.timestamp - baseTimestamp, index)
    sizes.push(size)
    total += varintSize(size) + size
    if (index % RECORDS_PER_STEP === RECORDS_PER_STEP - 1) yield
  }
  const bytes = Buffer.allocUnsafe(total)
  let position = BATCH_HEADER_SIZE
  for (const [index, record] of records.entries()) {
    if (index % RECORDS_PER_STEP === RECORDS_PER_STEP - 1) yield
    position = writeVarint(bytes, sizes[index]!, position)
    bytes[position++] = 0 // attributes: none are defined
    position = writeVarint(bytes, record.timestamp - baseTimestamp, position)
    position = writeVarint(bytes, index, position)
    position = writeBytes(bytes, record.key, position)
    position = writeBytes(bytes, record.value, position)
    position = writeVarint(bytes, record.headers?.length ?? 0, position)
    for (const { key, value } of record.headers ?? NO_HEADERS) {
      const keySize = Buffer.byteLength(key)
      position = writeVarint(bytes, keySize, position)
      position += bytes.write(key, position)
      position = writeBytes(bytes, value, position)
    }
  }
  assert(position === total, () => `records of ${total} bytes took ${position}`)
  return bytes
}

function sizeOf({ key, value, headers = NO_HEADERS }: RecordToEncode, timestampDelta: number, offsetDelta: number): number {
  let size = 1 + varintSize(timestampDelta) + varintSize(offsetDelta) + sizeOfBytes(key) + sizeOfBytes(value) + varintSize(headers.length)
  for (const header of headers) {
    const keySize = Buffer.byteLength(header.key)
    size += varintSize(keySize) + keySize + sizeOfBytes(header.value)
  }
  return size
}

function sizeOfBytes(bytes: Buffer | null): number {
  return bytes === null ? 1 : varintSize(bytes.length) + bytes.length
}

function writeBytes(target: Buffer, bytes: Buffer | null, position: number): number {
  if (bytes === null) return writeVarint(target, -1, position)
  const start = writeVarint(target, bytes.length, position)
  return start + bytes.copy(target, start)
}

function withHeader(bytes: Buffer, batch: BatchToEncode): Buffer {
  const { records, baseOffset = 0, partitionLeaderEpoch = -1, producerId = -1, producerEpoch = -1, baseSequence = -1 } = batch
  const view = new BatchView(bytes)
  view.baseOffset = baseOffset
  view.partitionLeaderEpoch = partitionLeaderEpoch
  bytes[16] = MAGIC
  bytes.writeInt32BE(records.length - 1, 23)
  writeInt64At(bytes, records[0]!.timestamp, 27)
  writeInt64At(bytes, producerId, 43)
  bytes.writeInt16BE(producerEpoch, 51)
  bytes.writeInt32BE(baseSequence, 53)
  bytes.writeInt32BE(records.length, 57)
  const maxTimestamp = records.reduce((max, { timestamp }) => Math.max(max, timestamp), -Infinity)
  view.seal(attributesOf(batch), maxTimestamp, bytes.length)
  return bytes
}

function attributesOf({ codec = 'none', timestampType, isTransactional, isControl }: BatchToEncode): number {
  return (
    CODECS.indexOf(codec) |
    (timestampType === 'LogAppendTime' ? LOG_APPEND_TIME_BIT : 0) |
    (isTransactional === true ? TRANSACTIONAL_BIT : 0) |
    (isControl === true ? CONTROL_BIT : 0)
  )
}
