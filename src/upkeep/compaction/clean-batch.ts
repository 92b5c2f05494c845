// One batch, without the records that newer ones of their key have replaced, by Kafka's rules. What is left keeps its offset, and the batch keeps its first
// and last, its producer and its sequence; one of which nothing is left may have to stay, empty. Tombstones (records without a value) that are the last of
// their key get a delete horizon once all older ones of their keys are gone, and go when that has passed (KIP-534):
// it stands where the base timestamp was, so that the records' timestamps are written anew. Batches of transactions, and their markers, stay as they are.

import { BATCH_HEADER_SIZE, BatchView, CODEC_MASK, DELETE_HORIZON_BIT } from '../../wire/records/batch.ts'
import { compress, decompress } from '../../wire/records/codecs.ts'
import { writeInt64At } from '../../wire/fixed-size.ts'
import { RecordCursor } from '../../wire/records/record-cursor.ts'
import { varintSize, writeVarint } from '../../wire/records/varint.ts'
import type { JobTurn } from '../scheduler.ts'
import type { OffsetMap } from './offset-map.ts'

export interface CleaningRules {
  /** Of all keys from the first offset that is not clean yet up to `mapEnd`. */
  readonly map: Pick<OffsetMap, 'get'>
  /** Records from here on are left alone. */
  readonly mapEnd: number
  readonly nowMs: number
  readonly deleteRetentionMs: number
  readonly maxDecompressedBytes: number
  /** A batch must stay although nothing is left in it: the last of its producer, whose sequence goes on from it; the last of a segment. */
  readonly mustStay: (view: BatchView) => boolean
}

/** `removed` of all records that the batch had. */
export type CleanedBatch = { readonly kind: 'untouched' | 'removed' } | { readonly kind: 'changed'; readonly bytes: Buffer }

const UNTOUCHED: CleanedBatch = { kind: 'untouched' }
const REMOVED: CleanedBatch = { kind: 'removed' }
const RECORDS_PER_STEP = 64

/** The checksum of `view` is right. */
export async function cleanBatch(view: BatchView, rules: CleaningRules, turn: JobTurn): Promise<CleanedBatch> {
  if (view.isControl || view.isTransactional || view.baseOffset >= rules.mapEnd) return UNTOUCHED
  const records = await decompress(view.codec, view.packedRecords, rules.maxDecompressedBytes)
  const kept = await keptRecords(view, records, rules, turn)
  if (kept.count === 0) {
    if (!rules.mustStay(view)) return REMOVED
    return view.recordCount === 0 ? UNTOUCHED : { kind: 'changed', bytes: emptied(view) }
  }
  const horizonMs = newDeleteHorizon(view, kept, rules)
  if (horizonMs !== undefined)
    return { kind: 'changed', bytes: await rebuilt(view, await withBaseTimestamp(view, records, kept, horizonMs, turn), kept, horizonMs) }
  if (kept.count === view.recordCount) return UNTOUCHED
  const chunks = kept.runs.map(({ start, end }) => records.subarray(start, end))
  return { kind: 'changed', bytes: await rebuilt(view, chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks), kept, undefined) }
}

interface KeptRecords {
  count: number
  hasTombstones: boolean
  greatestTimestamp: number
  /** Where they lie, those that follow each other as one. */
  readonly runs: { readonly start: number; end: number }[]
}

async function keptRecords(view: BatchView, records: Buffer, rules: CleaningRules, turn: JobTurn): Promise<KeptRecords> {
  const { baseOffset, baseTimestamp, recordCount, deleteHorizonMs = Infinity } = view
  const keepsTombstones = rules.nowMs < deleteHorizonMs
  const kept: KeptRecords = { count: 0, hasTombstones: false, greatestTimestamp: -1, runs: [] }
  const cursor = new RecordCursor(records)
  for (let index = 0; index < recordCount; index++) {
    if (index % RECORDS_PER_STEP === 0) await turn.step()
    const start = cursor.position
    cursor.next()
    if (!isKept(cursor, baseOffset + cursor.offsetDelta, keepsTombstones, rules)) continue
    kept.count++
    kept.hasTombstones ||= cursor.valueSize < 0
    kept.greatestTimestamp = Math.max(kept.greatestTimestamp, baseTimestamp + cursor.timestampDelta)
    const last = kept.runs.at(-1)
    if (last?.end === start) last.end = cursor.position
    else kept.runs.push({ start, end: cursor.position })
  }
  return kept
}

function isKept(cursor: RecordCursor, offset: number, keepsTombstones: boolean, { map, mapEnd }: CleaningRules): boolean {
  if (offset >= mapEnd) return true
  const { key } = cursor
  return key !== null && offset >= map.get(key) && (cursor.valueSize >= 0 || keepsTombstones)
}

/** Not before every older record of their keys is gone: those of a batch that the map does not cover as a whole may have some. */
function newDeleteHorizon(
  view: BatchView,
  { hasTombstones }: KeptRecords,
  { mapEnd, nowMs, deleteRetentionMs }: CleaningRules,
): number | undefined {
  if (!hasTombstones || view.deleteHorizonMs !== undefined || view.lastOffset >= mapEnd) return undefined
  return Math.min(nowMs + deleteRetentionMs, Number.MAX_SAFE_INTEGER)
}

async function withBaseTimestamp(
  view: BatchView,
  records: Buffer,
  { runs }: KeptRecords,
  baseTimestamp: number,
  turn: JobTurn,
): Promise<Buffer> {
  const moveMs = view.baseTimestamp - baseTimestamp
  const chunks: Buffer[] = []
  for (const { start, end } of runs) {
    const cursor = new RecordCursor(records.subarray(0, end), start)
    while (!cursor.isAtEnd) {
      if (chunks.length % RECORDS_PER_STEP === 0) await turn.step()
      cursor.next()
      chunks.push(beginningOf(cursor, moveMs), records.subarray(cursor.valueStart, cursor.position))
    }
  }
  return Buffer.concat(chunks)
}

/** The record up to its value, with its timestamp moved. */
function beginningOf(cursor: RecordCursor, moveMs: number): Buffer {
  const { offsetDelta, keySize, valueSize } = cursor
  const timestampDelta = cursor.timestampDelta + moveMs
  const restSize = cursor.position - cursor.valueStart
  const size =
    1 + varintSize(timestampDelta) + varintSize(offsetDelta) + varintSize(keySize) + Math.max(keySize, 0) + varintSize(valueSize) + restSize
  const bytes = Buffer.allocUnsafe(varintSize(size) + size - restSize)
  let position = writeVarint(bytes, size, 0)
  bytes[position++] = 0 // attributes: none are defined
  position = writeVarint(bytes, timestampDelta, position)
  position = writeVarint(bytes, offsetDelta, position)
  position = writeVarint(bytes, keySize, position)
  if (keySize > 0) position += cursor.bytes.copy(bytes, position, cursor.keyStart, cursor.keyStart + keySize)
  writeVarint(bytes, valueSize, position)
  return bytes
}

/** With the records of `kept` alone. */
async function rebuilt(view: BatchView, records: Buffer, kept: KeptRecords, horizonMs: number | undefined): Promise<Buffer> {
  const packed = await compress(view.codec, records)
  const bytes = Buffer.concat([headerOf(view), packed])
  bytes.writeInt32BE(kept.count, RECORD_COUNT_POSITION)
  if (horizonMs !== undefined) writeInt64At(bytes, horizonMs, BASE_TIMESTAMP_POSITION)
  const maxTimestamp = view.timestampType === 'LogAppendTime' ? view.maxTimestamp : kept.greatestTimestamp
  const attributes = horizonMs === undefined ? view.attributes : view.attributes | DELETE_HORIZON_BIT
  new BatchView(bytes).seal(attributes, maxTimestamp, bytes.length)
  return bytes
}

/** As Kafka leaves it: no records, no codec, no horizon. */
function emptied(view: BatchView): Buffer {
  const bytes = Buffer.from(headerOf(view))
  bytes.writeInt32BE(0, RECORD_COUNT_POSITION)
  writeInt64At(bytes, view.maxTimestamp, BASE_TIMESTAMP_POSITION)
  new BatchView(bytes).seal(view.attributes & ~(CODEC_MASK | DELETE_HORIZON_BIT), view.maxTimestamp, bytes.length)
  return bytes
}

const RECORD_COUNT_POSITION = 57
const BASE_TIMESTAMP_POSITION = 27

function headerOf({ buffer, position }: BatchView): Buffer {
  return buffer.subarray(position, position + BATCH_HEADER_SIZE)
}
