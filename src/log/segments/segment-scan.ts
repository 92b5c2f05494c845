// Walks the batches of a segment file in order, from a batch's first byte on: headers always, checksums when asked.
// What it hands out is whole and of plausible shape; it stops at the first batch that is not, and says what is wrong with it.

import type { DiskFile } from '../../disk/disk.ts'
import { BATCH_HEADER_SIZE, BATCH_OVERHEAD, BatchView } from '../../wire/records/batch.ts'
import { CHUNK_SIZE, chunksAhead, newChunks } from './chunks.ts'

export interface ScanRange {
  /** Of a batch's first byte. */
  readonly start: number
  readonly end: number
  /** No batch may begin below it. undefined: they may come in any order. */
  readonly nextOffset: number | undefined
  /** Batches that reach this offset have their checksums compared. Infinity: none. */
  readonly checksumFrom: number
  /** For a scan to the end, of a file that stays open: faster, but a view is good only until `visit` is done with it. */
  readonly readsAhead?: boolean
}

export interface ScanEnd {
  /** Where the next batch would begin. */
  readonly position: number
  readonly nextOffset: number
  /** What is wrong at `position`; undefined when the scan reached its end or was stopped. */
  readonly damage: string | undefined
}

/** `visit` may keep the view, unless the scan reads ahead; it returns false, or a promise of it, to stop in front of the batch it was given. */
export async function scanBatches(
  file: Pick<DiskFile, 'read'>,
  range: ScanRange,
  visit: (view: BatchView, position: number) => boolean | Promise<boolean>,
): Promise<ScanEnd> {
  const isOrdered = range.nextOffset !== undefined
  let { start: position, nextOffset = 0 } = range
  let wantedSize = CHUNK_SIZE
  const readChunk = range.readsAhead === true ? chunksAhead(file, range.end) : newChunks(file)
  while (position < range.end) {
    const { bytes: chunk, filled } = await readChunk(position, Math.min(wantedSize, range.end - position))
    if (filled < chunk.length) return { position, nextOffset, damage: `the file ends at ${position + filled}, before ${range.end}` }
    let at = 0
    for (;;) {
      if (chunk.length - at < BATCH_HEADER_SIZE) break
      const view = new BatchView(chunk, at)
      const damage = shapeDamage(view, isOrdered ? nextOffset : 0)
      if (damage !== undefined) return { position: position + at, nextOffset, damage }
      if (at + view.sizeInBytes > chunk.length) break
      if (view.lastOffset >= range.checksumFrom && !view.isCrcValid) {
        return { position: position + at, nextOffset, damage: `the checksum of the batch at offset ${view.baseOffset} is wrong` }
      }
      const visited = visit(view, position + at)
      if (!(visited instanceof Promise ? await visited : visited)) return { position: position + at, nextOffset, damage: undefined }
      nextOffset = view.lastOffset + 1
      at += view.sizeInBytes
    }
    position += at
    const rest = range.end - position
    if (rest === 0) break
    const neededSize = chunk.length - at < BATCH_OVERHEAD ? BATCH_OVERHEAD : new BatchView(chunk, at).sizeInBytes
    if (neededSize > rest || rest < BATCH_HEADER_SIZE)
      return { position, nextOffset, damage: `a batch is incomplete: ${rest} bytes of it are there` }
    wantedSize = Math.max(CHUNK_SIZE, neededSize)
  }
  return { position, nextOffset, damage: undefined }
}

/** What shows that these bytes are no batch that could follow `nextOffset - 1`. */
export function shapeDamage(view: BatchView, nextOffset: number): string | undefined {
  if (view.magic !== 2) return `there is no batch of format 2 (magic is ${view.magic})`
  if (view.sizeInBytes < BATCH_HEADER_SIZE) return `a batch claims a size of ${view.sizeInBytes} bytes`
  if (view.baseOffset < nextOffset) return `a batch at offset ${view.baseOffset} follows offset ${nextOffset - 1}`
  if (view.lastOffsetDelta < 0) return `the batch at offset ${view.baseOffset} claims to end before it`
  return undefined
}
