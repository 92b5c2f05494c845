// The part of recovery that reads batches: from a given offset to the end of the log, checking what was not synced, and feeding indexes, producers
// and epochs on the way. It changes nothing on disk.

import { BATCH_HEADER_SIZE, type BatchView } from '../../wire/records/batch.ts'
import type { Segment } from '../segments/segment.ts'
import { Damaged } from './damaged.ts'
import { isTimeBorneOut } from '../segments/borne-out.ts'
import type { OffsetIndexEntry } from '../segments/offset-index.ts'
import { SegmentIndexes } from '../segments/segment-indexes.ts'
import { scanBatches } from '../segments/segment-scan.ts'

const LONG_SCAN_BYTES = 16 << 20

export interface RecoveryScanOptions {
  readonly segments: readonly Segment[]
  /** Batches below it are of no interest. */
  readonly from: number
  /** Batches from here on are checked in full and must follow each other without a gap. */
  readonly recoveryPoint: number
  /** Whether offsets may be left out below it, as compaction does. */
  readonly mayHaveGaps: boolean
  readonly indexIntervalBytes: number
  readonly segmentIndexBytes: number
  /** The index files of a segment, whatever they hold. */
  readonly readIndexes: (segment: Segment) => Promise<{ index: Buffer; timeIndex: Buffer }>
  readonly visit: (view: BatchView) => void
}

interface RescannedSegment {
  readonly segment: Segment
  readonly indexes: SegmentIndexes
  readonly firstTimestamp: number | undefined
  /** Where its last good batch ends. */
  readonly size: number
}

export interface LogEnd {
  readonly offset: number
  /** What ends the log before the last segment's last byte; undefined when nothing does. */
  readonly damage: string | undefined
  /**
   * Those that reach the recovery point, and the last; in order, up to the one that the log ends in. One that ends there may have been active still when
   * that was written down: its indexes are written later.
   */
  readonly rescanned: readonly RescannedSegment[]
}

/** Rejects with Damaged. */
export async function scanToEnd(options: RecoveryScanOptions): Promise<LogEnd> {
  const { segments, recoveryPoint, from } = options
  const rescanned: RescannedSegment[] = []
  const firstIndex = Math.max(
    0,
    segments.findLastIndex(({ baseOffset }) => baseOffset <= Math.min(from, recoveryPoint - 1)),
  )
  let nextOffset = segments[firstIndex]!.baseOffset
  for (let index = firstIndex; index < segments.length; index++) {
    const segment = segments[index]!
    if (index > firstIndex && isMisplaced(segment, nextOffset, options)) {
      if (segment.baseOffset <= recoveryPoint) throw new Damaged(`segment ${segment.baseOffset} follows offset ${nextOffset - 1}`)
      return { offset: nextOffset, damage: `segment ${segment.baseOffset} follows offset ${nextOffset - 1}`, rescanned }
    }
    const successor = segments[index + 1]
    if (successor !== undefined && successor.baseOffset < recoveryPoint) {
      nextOffset = await skim(segment, options)
      continue
    }
    const end = await rescan(segment, options)
    rescanned.push(end.rescanned)
    nextOffset = end.nextOffset
    if (end.damage !== undefined) return { offset: nextOffset, damage: end.damage, rescanned }
  }
  return { offset: nextOffset, damage: undefined, rescanned }
}

/** Below the recovery point a gap may be what compaction leaves. */
function isMisplaced({ baseOffset }: Segment, nextOffset: number, { recoveryPoint, mayHaveGaps }: RecoveryScanOptions): boolean {
  return baseOffset < nextOffset || (baseOffset > nextOffset && (!mayHaveGaps || baseOffset > recoveryPoint))
}

/** A segment that was synced whole, its indexes with it: only then does the recovery point pass the first offset of the next. */
async function skim(segment: Segment, { from, mayHaveGaps, visit }: RecoveryScanOptions): Promise<number> {
  const start = await segment.positionBelow(from - 1)
  let expectedOffset = start === 0 ? segment.baseOffset : undefined
  let gap: string | undefined
  const range = { start, end: segment.size, nextOffset: segment.baseOffset, checksumFrom: Number.POSITIVE_INFINITY, readsAhead: true }
  const end = await scanBatches(segment.file, range, (view) => {
    gap = mayHaveGaps ? undefined : gapBefore(view, expectedOffset)
    if (gap !== undefined) return false
    expectedOffset = view.lastOffset + 1
    if (view.baseOffset >= from) visit(view)
    return true
  })
  const damage = end.damage ?? gap
  if (damage !== undefined) throw new Damaged(`segment ${segment.baseOffset} is damaged at byte ${end.position}: ${damage}`)
  return end.nextOffset
}

function gapBefore({ baseOffset }: BatchView, expectedOffset: number | undefined): string | undefined {
  if (expectedOffset === undefined || baseOffset === expectedOffset) return undefined
  return `a batch at offset ${baseOffset} follows offset ${expectedOffset - 1}`
}

interface RescanEnd {
  readonly rescanned: RescannedSegment
  readonly nextOffset: number
  readonly damage: string | undefined
}

/** A segment that holds the recovery point, or lies behind it, or is the last. */
async function rescan(segment: Segment, options: RecoveryScanOptions): Promise<RescanEnd> {
  const { from, recoveryPoint, mayHaveGaps, indexIntervalBytes, visit } = options
  const indexes = await trustedIndexes(segment, options)
  let expectedOffset = indexes.resumePosition === 0 ? segment.baseOffset : undefined
  let latestEpoch = -1
  let hasEpochDrop = false
  let isLastSyncedSound = true
  let misplaced: string | undefined
  let firstTimestamp: number | undefined
  const range = {
    start: indexes.resumePosition,
    end: segment.size,
    nextOffset: segment.baseOffset,
    checksumFrom: recoveryPoint,
    readsAhead: true,
  }
  const syncing = range.end - range.start > LONG_SCAN_BYTES ? segment.file.sync() : undefined // the end will be: it takes as long as the scan
  syncing?.catch(() => undefined) // told below, unless the scan fails
  const end = await scanBatches(segment.file, range, (view, position) => {
    const gap = mayHaveGaps && view.lastOffset < recoveryPoint ? undefined : gapBefore(view, expectedOffset)
    const drop = epochDrop(view, latestEpoch)
    hasEpochDrop = drop !== undefined // the batch before may be the wrong one: if that was synced, what follows must not be cut off
    misplaced = gap ?? drop
    if (misplaced !== undefined) return false
    if (view.lastOffset === recoveryPoint - 1) isLastSyncedSound = view.isCrcValid // else its length, which leads to what follows, may be wrong
    expectedOffset = view.lastOffset + 1
    latestEpoch = view.partitionLeaderEpoch
    if (position === 0) firstTimestamp = view.maxTimestamp
    indexes.add(view, position, indexIntervalBytes)
    if (view.baseOffset >= from) visit(view)
    return true
  })
  await syncing
  if (end.position > 0) firstTimestamp ??= (await segment.headerAt(0)).maxTimestamp
  const damage = end.damage ?? misplaced
  const isOfSynced = end.nextOffset < recoveryPoint || (end.nextOffset === recoveryPoint && (hasEpochDrop || !isLastSyncedSound))
  if (damage !== undefined && isOfSynced) {
    throw new Damaged(`segment ${segment.baseOffset} is damaged at byte ${end.position}: ${damage}`)
  }
  return { rescanned: { segment, indexes, firstTimestamp, size: end.position }, nextOffset: end.nextOffset, damage }
}

function epochDrop({ partitionLeaderEpoch: epoch, baseOffset }: BatchView, latestEpoch: number): string | undefined {
  return epoch < latestEpoch ? `the batch at offset ${baseOffset} has leader epoch ${epoch}, one before it ${latestEpoch}` : undefined
}

/** As much of the index files as lies below the scan's start and agrees with the log. */
async function trustedIndexes(segment: Segment, options: RecoveryScanOptions): Promise<SegmentIndexes> {
  const { index, timeIndex } = await options.readIndexes(segment)
  const lastOffset = Math.min(options.from, options.recoveryPoint) - 1
  const indexes = SegmentIndexes.parsePrefix(index, timeIndex, segment.baseOffset, options.segmentIndexBytes, lastOffset)
  const entry = indexes.offsets.lastEntry
  if (entry === undefined || (await areBorneOut(segment, indexes, entry))) return indexes
  return SegmentIndexes.empty(segment.baseOffset, options.segmentIndexBytes)
}

/** By their last entries: those before are looked at when they are used. */
async function areBorneOut(segment: Segment, indexes: SegmentIndexes, entry: OffsetIndexEntry): Promise<boolean> {
  if (entry.position + BATCH_HEADER_SIZE > segment.size) return false
  const { lastOffset, maxTimestamp } = await segment.headerAt(entry.position)
  const time = indexes.times.lastEntry
  if (lastOffset !== entry.offset || maxTimestamp > (time?.timestamp ?? -1)) return false
  if (time === undefined || (time.offset === lastOffset && time.timestamp === maxTimestamp)) return true
  return isTimeBorneOut(segment, indexes, time)
}
