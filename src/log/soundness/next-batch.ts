// Finds the way again in a .log file behind bytes that are no batch: the next place at which a whole batch begins whose checksum is right.

import type { DiskFile } from '../../disk/disk.ts'
import { BATCH_HEADER_SIZE, BatchView } from '../../wire/records/batch.ts'
import { shapeDamage } from '../segments/segment-scan.ts'

const WINDOW_BYTES = 1 << 20
const MAGIC_POSITION = 16
const MAGIC = 2
const OFFSETS_MAX = 2 ** 31 // of a segment

interface SearchRange {
  readonly start: number
  readonly end: number
  /** The segment's. */
  readonly baseOffset: number
}

/** Whole, and with a right checksum, which does not cover its offset. */
export async function nextBatch(
  file: Pick<DiskFile, 'read'>,
  range: SearchRange,
): Promise<{ position: number; baseOffset: number } | undefined> {
  for (let start = range.start; start + BATCH_HEADER_SIZE <= range.end; start += WINDOW_BYTES) {
    const window = Buffer.allocUnsafe(Math.min(WINDOW_BYTES + BATCH_HEADER_SIZE, range.end - start))
    await file.read(window, start)
    for (let at = 0; at < WINDOW_BYTES && at + BATCH_HEADER_SIZE <= window.length; at++) {
      if (window[at + MAGIC_POSITION] !== MAGIC) continue
      const view = new BatchView(window, at)
      const { baseOffset, sizeInBytes } = view
      if (shapeDamage(view, range.baseOffset) !== undefined || baseOffset - range.baseOffset > OFFSETS_MAX) continue
      if (start + at + sizeInBytes <= range.end && (await isWholeBatch(file, start + at, sizeInBytes)))
        return { position: start + at, baseOffset }
    }
  }
  return undefined
}

async function isWholeBatch(file: Pick<DiskFile, 'read'>, position: number, size: number): Promise<boolean> {
  const bytes = Buffer.allocUnsafe(size)
  return (await file.read(bytes, position)) === size && new BatchView(bytes).isCrcValid
}
