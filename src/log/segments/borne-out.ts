// Whether a segment's batches bear out what its time index says. An index has no checksum, and a wrong entry would pass over records that are late enough.

import type { DiskFile } from '../../disk/disk.ts'
import { BATCH_HEADER_SIZE, BatchView } from '../../wire/records/batch.ts'
import { scanBatches } from './segment-scan.ts'
import type { SegmentIndexes } from './segment-indexes.ts'
import type { TimeIndexEntry } from './time-index.ts'

interface IndexedFile {
  readonly file: Pick<DiskFile, 'read'>
  readonly size: number
  readonly baseOffset: number
}

/** Whether the batch that the entry names brought that timestamp. */
export async function isTimeBorneOut(indexed: IndexedFile, indexes: SegmentIndexes, entry: TimeIndexEntry): Promise<boolean> {
  const start = indexes.offsets.entryAtOrBelow(entry.offset)?.position ?? 0
  if (brings(await headerAt(indexed.file, start), entry)) return true // nearly always: no need to read more
  let isFound = false
  const end = indexes.offsets.entryAbove(entry.offset)?.position ?? indexed.size
  await scan(indexed, start, end, (lastOffset, maxTimestamp) => {
    isFound = brings({ lastOffset, maxTimestamp }, entry)
    return lastOffset < entry.offset
  })
  return isFound
}

/** Whether the last entry has the greatest timestamp, as far as the last batches tell: an index that was cut short names an earlier one. */
export async function isGreatestBorneOut(indexed: IndexedFile, indexes: SegmentIndexes): Promise<boolean> {
  const last = indexes.times.lastEntry
  let isGreatest = last === undefined || (await isTimeBorneOut(indexed, indexes, last))
  await scan(indexed, indexes.offsets.lastEntry?.position ?? 0, indexed.size, (_, maxTimestamp) => {
    isGreatest &&= maxTimestamp <= (last?.timestamp ?? -1)
    return isGreatest
  })
  return isGreatest
}

function brings({ lastOffset, maxTimestamp }: Pick<BatchView, 'lastOffset' | 'maxTimestamp'>, entry: TimeIndexEntry): boolean {
  return lastOffset === entry.offset && maxTimestamp === entry.timestamp
}

async function headerAt(file: Pick<DiskFile, 'read'>, position: number): Promise<BatchView> {
  const header = Buffer.alloc(BATCH_HEADER_SIZE)
  await file.read(header, position)
  return new BatchView(header)
}

async function scan(
  { file, baseOffset: nextOffset }: IndexedFile,
  start: number,
  end: number,
  goesOn: (lastOffset: number, maxTimestamp: number) => boolean,
): Promise<void> {
  const range = { start, end, nextOffset, checksumFrom: Number.POSITIVE_INFINITY }
  await scanBatches(file, range, ({ lastOffset, maxTimestamp }) => goesOn(lastOffset, maxTimestamp))
}
