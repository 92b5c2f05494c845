// Finding records by time: the segment by its greatest timestamp, the batch by the time index, the record by unpacking the batch.
// Timestamps need not grow with offsets, so the answer is the first record that is late enough, not the only one.

import { Refusal } from '../../wire/error-codes.ts'
import type { BatchView } from '../../wire/records/batch.ts'
import { decompress } from '../../wire/records/codecs.ts'
import { readRecords } from '../../wire/records/record.ts'
import type { Segment } from './segment.ts'
import type { LogInspector } from '../soundness/log-inspector.ts'
import { scanBatches } from './segment-scan.ts'

export interface FoundRecord {
  readonly offset: number
  readonly timestamp: number
}

export interface TimestampQuery {
  /** Records below it are deleted. */
  readonly from: number
  /** Exclusive. */
  readonly upTo: number
  readonly maxDecompressedBytes: number
  readonly inspector: LogInspector
}

/** The first record whose timestamp is at or after `timestampMs`. */
export async function firstRecordAtOrAfter(
  segments: readonly Segment[],
  timestampMs: number,
  query: TimestampQuery,
): Promise<FoundRecord | undefined> {
  for (const segment of segments) {
    if ((await segment.greatestTimestamp()) < timestampMs) continue
    const found = await firstInSegment(segment, timestampMs, query)
    if (found !== undefined) return found
  }
  return undefined
}

/** The first record that carries the greatest timestamp of all. */
export async function recordOfGreatestTimestamp(segments: readonly Segment[], query: TimestampQuery): Promise<FoundRecord | undefined> {
  let greatest = -1
  for (const segment of segments) greatest = Math.max(greatest, await greatestVisible(segment, query))
  return greatest < 0 ? undefined : firstRecordAtOrAfter(segments, greatest, query)
}

async function firstInSegment(segment: Segment, timestampMs: number, query: TimestampQuery): Promise<FoundRecord | undefined> {
  let start = await segment.positionBefore(timestampMs)
  for (;;) {
    let candidate: BatchView | undefined
    const position = await scanUndamaged(segment, start, query, (view) => {
      const isCandidate = view.maxTimestamp >= timestampMs && view.lastOffset >= query.from
      if (isCandidate) candidate = view
      return !isCandidate && view.lastOffset < query.upTo
    })
    if (candidate === undefined || candidate.lastOffset >= query.upTo) return undefined
    const found = await firstInBatch(candidate, timestampMs, query)
    if (found !== undefined) return found
    start = position + candidate.sizeInBytes // only its deleted records are late enough
  }
}

async function firstInBatch(view: BatchView, timestampMs: number, query: TimestampQuery): Promise<FoundRecord | undefined> {
  for (const record of await recordsOf(view, query)) {
    if (record.timestamp >= timestampMs && record.offset >= query.from) return { offset: record.offset, timestamp: record.timestamp }
  }
  return undefined
}

async function recordsOf(view: BatchView, query: TimestampQuery): Promise<Iterable<FoundRecord>> {
  return readRecords(await decompress(view.codec, view.packedRecords, query.maxDecompressedBytes), view)
}

/** Of the records that are neither deleted nor still on their way; -1 when none has a timestamp. */
async function greatestVisible(segment: Segment, query: TimestampQuery): Promise<number> {
  const { from, upTo } = query
  const hasDeleted = segment.baseOffset < from
  if (segment.isSealed && !hasDeleted) return segment.greatestTimestamp()
  const entry = hasDeleted ? undefined : (await segment.indexes()).times.lastEntryBelow(upTo)
  let greatest = entry?.timestamp ?? -1
  let partlyDeleted: BatchView | undefined
  await scanUndamaged(segment, await segment.positionBelow(entry?.offset ?? from), query, (view) => {
    if (view.lastOffset >= upTo) return false
    if (view.recordCount === 0) return true
    if (view.baseOffset >= from) greatest = Math.max(greatest, view.maxTimestamp)
    else if (view.lastOffset >= from) partlyDeleted = view
    return true
  })
  if (partlyDeleted === undefined) return greatest
  for (const { offset, timestamp } of await recordsOf(partlyDeleted, query)) if (offset >= from) greatest = Math.max(greatest, timestamp)
  return greatest
}

/** Resolves to the position where `visit` stopped it. What lies behind damage may be earlier than what the damage hides: rejects with CORRUPT_MESSAGE. */
async function scanUndamaged(
  segment: Segment,
  start: number,
  { inspector }: TimestampQuery,
  visit: (view: BatchView) => boolean,
): Promise<number> {
  const range = { start, end: segment.writtenSize, nextOffset: segment.baseOffset, checksumFrom: Number.NEGATIVE_INFINITY }
  const { damage, position } = await scanBatches(segment.file, range, visit)
  if (damage === undefined) return position
  await inspector.inspect(segment, position)
  throw new Refusal('CORRUPT_MESSAGE', `segment ${segment.baseOffset} is damaged at byte ${position}: ${damage}`)
}
