// Cuts a log's files back to an offset. The caller lowers the recovery point on disk before, and opens the log anew after.

import type { LogFolder } from '../log-folder.ts'
import type { Segment } from './segment.ts'
import { scanBatches } from './segment-scan.ts'

export interface BatchPlace {
  readonly segment: Segment
  readonly position: number
  readonly baseOffset: number
}

/** Where the batch that holds `offset` begins; undefined past the last. */
export async function findBatch(segments: readonly Segment[], offset: number): Promise<BatchPlace | undefined> {
  for (const segment of segments) {
    let baseOffset: number | undefined
    const range = {
      start: await segment.positionBelow(offset),
      end: segment.writtenSize,
      nextOffset: segment.baseOffset,
      checksumFrom: Number.POSITIVE_INFINITY,
    }
    const { position } = await scanBatches(segment.file, range, (view) => {
      if (view.lastOffset >= offset) baseOffset = view.baseOffset
      return baseOffset === undefined
    })
    if (baseOffset !== undefined) return { segment, position, baseOffset }
  }
  return undefined
}

/** Drops `place`'s batch and everything after it, the newest first, and the indexes that know of it. */
export async function cutSegments(folder: LogFolder, segments: readonly Segment[], { segment, position }: BatchPlace): Promise<void> {
  for (const later of segments.filter(({ baseOffset }) => baseOffset > segment.baseOffset).toReversed()) await later.remove()
  await segment.cut(position)
  await segment.removeIndexes()
  await folder.sync()
  for (const kept of segments) await kept.file.close()
}
