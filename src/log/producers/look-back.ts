// A snapshot keeps one batch per producer, a retry may be any of the last five: the four before are read back from the log.
// Bounded, because a producer with fewer batches would make it read everything: what a retry can still concern is near the end.

import type { BatchView } from '../../wire/records/batch.ts'
import type { ProducerStates } from './producer-state.ts'
import type { Segment } from '../segments/segment.ts'
import { scanBatches } from '../segments/segment-scan.ts'

const FIRST_WINDOW_BYTES = 64 << 10
const LOOK_BACK_BYTES_MAX = 8 << 20

/** `before` is the snapshot's offset: from there on the producers have seen every batch. */
export async function restoreRecentBatches(segments: readonly Segment[], before: number, producers: ProducerStates): Promise<void> {
  let windowBytes = FIRST_WINDOW_BYTES
  let readBytes = 0
  for (const segment of segments.toReversed()) {
    if (segment.baseOffset >= before || !producers.lacksEarlier) continue
    let start = await segment.positionBelow(before - 1)
    const { offsets } = await segment.indexes()
    producers.restoreEarlier(await batchesBetween(segment, start, segment.writtenSize, before))
    while (start > 0 && producers.lacksEarlier && readBytes < LOOK_BACK_BYTES_MAX) {
      const end = start
      start = offsets.entryAtOrBelowPosition(Math.max(0, end - windowBytes))?.position ?? 0
      producers.restoreEarlier(await batchesBetween(segment, start, end, before))
      readBytes += end - start
      windowBytes *= 2
    }
  }
}

async function batchesBetween(segment: Segment, start: number, end: number, before: number): Promise<BatchView[]> {
  const views: BatchView[] = []
  const range = { start, end, nextOffset: segment.baseOffset, checksumFrom: Number.POSITIVE_INFINITY }
  await scanBatches(segment.file, range, (view) => {
    if (view.baseOffset >= before) return false
    views.push(view)
    return true
  })
  return views
}
