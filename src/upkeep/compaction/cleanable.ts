// Which part of a log compaction has before it, and whether it is worth the work, by Kafka's rules. Clean is what lies below the offset that an earlier
// compaction came to. What follows is dirty, up to the active segment, to records that are too young (`min.compaction.lag.ms`), or not visible yet; and to
// the recovery point as it is on disk, for recovery takes a gap behind that for a loss.

import type { PartitionLog } from '../../log/partition-log.ts'
import type { Segment } from '../../log/segments/segment.ts'

export interface CompactionPolicy {
  readonly minCleanableRatio: number
  readonly minCompactionLagMs: number
  readonly maxCompactionLagMs: number
  readonly deleteRetentionMs: number
}

export interface CleanedUpTo {
  /** Where the last compaction ended; undefined when there was none. */
  readonly cleanedTo: number | undefined
  /** As it is on disk. */
  readonly recoveryPoint: number
}

export interface Cleanable {
  readonly from: number
  /** The end of the last segment that may be compacted. */
  readonly to: number
  /** The dirty share of what is compacted then. */
  readonly ratio: number
  readonly isDue: boolean
  /** The time until which it stays so, if nothing is appended. */
  readonly restsUntilMs: number
}

/** When the active segment must be closed, for its oldest record to be compacted in time (`max.compaction.lag.ms`). */
export function rollDueMs(log: PartitionLog, { maxCompactionLagMs }: CompactionPolicy): number {
  const first = log.exchange.segments.at(-1)?.firstTimestamp ?? -1
  return first < 0 ? Infinity : first + maxCompactionLagMs + 1
}

export async function cleanableOf(log: PartitionLog, upTo: CleanedUpTo, policy: CompactionPolicy, nowMs: number): Promise<Cleanable> {
  const segments = [...log.exchange.segments]
  const from = firstDirtyOffset(log, upTo.cleanedTo)
  const closed = segments.slice(0, -1).map((segment, index) => ({ segment, end: segments[index + 1]!.baseOffset }))
  const limit = Math.min(log.lastStableOffset, upTo.recoveryPoint)
  const settled = closed.filter(({ end }) => end <= limit)
  const young = await firstYoung(settled, from, nowMs - policy.minCompactionLagMs, policy)
  const eligible = young === undefined ? settled : settled.slice(0, young.index)
  const dirty = eligible.filter(({ end }) => end > from).map(({ segment }) => segment)
  const ratio = dirty.length === 0 ? 0 : sizeOf(dirty) / sizeOf(eligible.map(({ segment }) => segment))
  const dueMs = dirty.length === 0 ? Infinity : (await oldestTimestamp(dirty, policy)) + policy.maxCompactionLagMs
  const isDue = ratio > policy.minCleanableRatio || dueMs < nowMs
  const oldEnoughMs = young === undefined ? Infinity : young.timestamp + policy.minCompactionLagMs
  const mayChangeSoon = isDue || settled.length < closed.length
  const restsUntilMs = mayChangeSoon ? nowMs : Math.min(oldEnoughMs, dueMs + 1, rollDueMs(log, policy))
  return { from, to: eligible.at(-1)?.end ?? from, ratio, isDue, restsUntilMs }
}

/** A checkpoint that is not of this log, or no more, counts for nothing. */
function firstDirtyOffset({ logStartOffset, logEndOffset }: PartitionLog, cleanedTo = 0): number {
  return cleanedTo > logEndOffset ? logStartOffset : Math.max(cleanedTo, logStartOffset)
}

interface ClosedSegment {
  readonly segment: Segment
  readonly end: number
}

/** The first dirty segment that has a record after `timestamp`. */
async function firstYoung(
  closed: readonly ClosedSegment[],
  from: number,
  timestamp: number,
  { minCompactionLagMs }: CompactionPolicy,
): Promise<{ index: number; timestamp: number } | undefined> {
  if (minCompactionLagMs === 0) return undefined
  for (const [index, { segment, end }] of closed.entries()) {
    const greatest = end > from ? await segment.greatestTimestamp() : -1
    if (greatest > timestamp) return { index, timestamp: greatest }
  }
  return undefined
}

/** Of the first batches of the segments. */
async function oldestTimestamp(segments: readonly Segment[], { maxCompactionLagMs }: CompactionPolicy): Promise<number> {
  let oldest = Infinity
  if (maxCompactionLagMs >= Number.MAX_SAFE_INTEGER) return oldest
  for (const segment of segments) {
    const { maxTimestamp } = await segment.headerAt(0)
    if (maxTimestamp > 0) oldest = Math.min(oldest, maxTimestamp)
  }
  return oldest
}

function sizeOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { size }) => sum + size, 0)
}
