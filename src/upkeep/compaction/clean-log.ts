// One compaction of one log, by Kafka's way. First the last offset of every key in the dirty part goes into a map, as far as that has room; then all
// segments up to there are written anew without what the map says is replaced, group by group from the oldest on, small ones together, each group taking
// its place as soon as it is on disk. Stopped anywhere and begun again, it comes to the same result: an old value goes before the tombstone that replaced it.

import type { Counter } from '../../lib/counters.ts'
import type { PartitionLog } from '../../log/partition-log.ts'
import type { CleanedSegment } from '../../log/segments/cleaned-segment.ts'
import type { Segment } from '../../log/segments/segment.ts'
import { scanBatches } from '../../log/segments/segment-scan.ts'
import { BatchView } from '../../wire/records/batch.ts'
import { decompress } from '../../wire/records/codecs.ts'
import { RecordCursor } from '../../wire/records/record-cursor.ts'
import { JobStopped, type JobTurn } from '../scheduler.ts'
import type { Cleanable } from './cleanable.ts'
import { cleanBatch, type CleaningRules } from './clean-batch.ts'
import type { OffsetMap } from './offset-map.ts'

export interface CleaningOptions {
  readonly map: OffsetMap
  readonly deleteRetentionMs: number
  readonly segmentBytes: number
  readonly maxDecompressedBytes: number
  readonly nowMs: number
  readonly turn: JobTurn
  /** Paces what is read and written. */
  readonly spend: (bytes: number) => Promise<void> | undefined
  readonly counters: CleaningCounters
}

export interface CleaningCounters {
  readonly cleanedBytes: Counter
  readonly savedBytes: Counter
}

/** A batch that is not as it was written: what it says cannot be taken for true, and its segment is left as it is. */
class UncleanableLog extends Error {
  override name = 'UncleanableLog'
}

const OFFSETS_MAX = 2 ** 31 - 1 // of a segment
const RECORDS_PER_STEP = 64

/** Resolves to the offset up to which the log is clean now; undefined when its segments were taken away meanwhile. */
export async function cleanLog(log: PartitionLog, { from, to }: Cleanable, options: CleaningOptions): Promise<number | undefined> {
  const segments = [...log.exchange.segments]
  const mapEnd = await unlessTaken(log, segments, () => fillMap(segments, { from, to }, options))
  if (mapEnd === undefined) return undefined
  const covered = segments.slice(0, -1).filter((segment, index) => segment.baseOffset < mapEnd && segments[index + 1]!.baseOffset <= to)
  const lastOffsets = log.exchange.producerLastOffsets
  for (const group of groupsOf(covered, segments, options.segmentBytes)) {
    const isDone = await unlessTaken(log, group, () => cleanGroup(log, group, { mapEnd, lastOffsets }, options))
    if (isDone !== true) return undefined
  }
  return mapEnd
}

/** Undefined when it failed because the segments were taken out of the log meanwhile, and their files with them. */
async function unlessTaken<T>(log: PartitionLog, segments: readonly Segment[], work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    const { segments: left } = log.exchange
    if (error instanceof JobStopped || segments.every((segment) => left.includes(segment))) throw error
    return undefined
  }
}

/** Resolves to the offset that the map covers the dirty part to. */
async function fillMap(
  segments: readonly Segment[],
  { from, to }: Pick<Cleanable, 'from' | 'to'>,
  options: CleaningOptions,
): Promise<number> {
  const { map, spend, turn } = options
  await map.clear(turn)
  let end = from
  for (const segment of segments) {
    if (segment.baseOffset >= to || map.isFull) break
    const start = await segment.positionBelow(from - 1)
    if (start === segment.size) continue
    await scanSound(segment, start, async (view) => {
      await spend(view.sizeInBytes)
      if (view.lastOffset < from) return true
      end = (await addToMap(view, from, options)) + 1
      return !map.isFull
    })
  }
  return map.isFull ? end : to
}

/** Resolves to the last offset that the map covers. */
async function addToMap(view: BatchView, from: number, { map, maxDecompressedBytes, turn }: CleaningOptions): Promise<number> {
  if (view.isControl || view.isTransactional) return view.lastOffset
  const cursor = new RecordCursor(await decompress(view.codec, view.packedRecords, maxDecompressedBytes))
  let covered = view.baseOffset - 1
  for (let index = 0; index < view.recordCount; index++) {
    if (index % RECORDS_PER_STEP === 0) await turn.step()
    cursor.next()
    const offset = view.baseOffset + cursor.offsetDelta
    const { key } = cursor
    if (offset < from || key === null) continue
    if (map.isFull) return covered
    map.put(key, offset)
    covered = offset
  }
  return view.lastOffset
}

interface Group {
  readonly mapEnd: number
  readonly lastOffsets: ReadonlyMap<number, number>
}

/** Resolves to whether the group was still a part of the log. */
async function cleanGroup(
  log: PartitionLog,
  group: readonly Segment[],
  { mapEnd, lastOffsets }: Group,
  options: CleaningOptions,
): Promise<boolean> {
  const cleaned = log.exchange.begin(group[0]!.baseOffset)
  const { map, nowMs, deleteRetentionMs, maxDecompressedBytes, counters } = options
  const isLastOfProducer = ({ producerId, lastOffset }: BatchView): boolean => producerId >= 0 && lastOffsets.get(producerId) === lastOffset
  const rules: CleaningRules = { map, mapEnd, nowMs, deleteRetentionMs, maxDecompressedBytes, mustStay: isLastOfProducer }
  let isReplaced = false
  try {
    const hasChanged = await writeCleaned(group, cleaned, rules, options)
    const size = group.reduce((sum, segment) => sum + segment.size, 0)
    counters.cleanedBytes.add(size)
    if (!hasChanged && group.length === 1) return true
    await cleaned.finish()
    isReplaced = await log.exchange.replace(group, cleaned)
    if (isReplaced) counters.savedBytes.add(size - cleaned.size)
    return isReplaced
  } finally {
    if (!isReplaced && log.exchange.failure === undefined) await cleaned.discard()
  }
}

/** The last batch of a group stays, be it empty, so that what it becomes ends where it does. Resolves to whether anything is other than it was. */
async function writeCleaned(
  group: readonly Segment[],
  cleaned: CleanedSegment,
  rules: CleaningRules,
  { turn, spend }: CleaningOptions,
): Promise<boolean> {
  let hasChanged = false
  for (const segment of group) {
    await scanSound(segment, 0, async (view, position) => {
      await turn.step()
      await spend(view.sizeInBytes)
      const isLast = segment === group.at(-1) && position + view.sizeInBytes === segment.size
      const result = await cleanBatch(view, isLast ? { ...rules, mustStay: () => true } : rules, turn)
      hasChanged ||= result.kind !== 'untouched'
      if (result.kind === 'removed') return true
      const left = result.kind === 'changed' ? new BatchView(result.bytes) : view
      await spend(left.sizeInBytes)
      await cleaned.add(left)
      return true
    })
  }
  return hasChanged
}

async function scanSound(segment: Segment, start: number, visit: (view: BatchView, position: number) => Promise<boolean>): Promise<void> {
  const range = { start, end: segment.size, nextOffset: segment.baseOffset, checksumFrom: 0 }
  const { damage, position } = await scanBatches(segment.file, range, visit)
  if (damage !== undefined) throw new UncleanableLog(`segment ${segment.baseOffset} is damaged at byte ${position}: ${damage}`)
}

/** Segments that follow each other, as many as may become one. */
function groupsOf(covered: readonly Segment[], all: readonly Segment[], segmentBytes: number): Segment[][] {
  const groups: Segment[][] = []
  let groupBytes = 0
  for (const segment of covered) {
    const group = groups.at(-1)
    const fits =
      group !== undefined && groupBytes + segment.size <= segmentBytes && endOf([segment], all) - group[0]!.baseOffset <= OFFSETS_MAX
    if (fits) group.push(segment)
    else groups.push([segment])
    groupBytes = fits ? groupBytes + segment.size : segment.size
  }
  return groups
}

function endOf(group: readonly Segment[], all: readonly Segment[]): number {
  return all[all.indexOf(group.at(-1)!) + 1]!.baseOffset
}
