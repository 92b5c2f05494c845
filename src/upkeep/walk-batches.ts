// All batches of a .log file that can be made out. Where none can, because a header is damaged, it looks for the next place at which a whole batch begins
// whose checksum is right, and goes on there.

import type { DiskFile } from '../disk/disk.ts'
import { scanBatches, shapeDamage } from '../log/segments/segment-scan.ts'
import { BATCH_HEADER_SIZE, BatchView } from '../wire/records/batch.ts'

const WINDOW_BYTES = 1 << 20
const MAGIC_POSITION = 16
const MAGIC = 2
const OFFSETS_MAX = 2 ** 31 // of a segment

type ReadableFile = Pick<DiskFile, 'read'>

export interface UnreadablePart {
  readonly position: number
  /** Of the batch that was expected there. */
  readonly offset: number
  /** What is wrong, and from where on it can be read again. */
  readonly message: string
}

export interface BatchWalk {
  readonly file: ReadableFile
  readonly size: number
  readonly baseOffset: number
  /** Answers whether to go on. The checksum has not been looked at. */
  readonly visit: (view: BatchView, position: number) => boolean | Promise<boolean>
  readonly unreadable: (part: UnreadablePart) => void | Promise<void>
}

/** Resolves to the offset after the last batch. */
export async function walkBatches({ file, size, baseOffset, visit, unreadable }: BatchWalk): Promise<number> {
  let start = 0
  let nextOffset = baseOffset
  while (start < size) {
    let lastView: BatchView | undefined
    let lastPosition = start
    const range = { start, end: size, nextOffset, checksumFrom: Infinity }
    const end = await scanBatches(file, range, (view, position) => {
      lastView = view
      lastPosition = position
      return visit(view, position)
    })
    nextOffset = end.nextOffset
    if (end.damage === undefined) break
    const isLengthDoubtful = lastView?.isCrcValid === false // then it does not say where the next one begins
    const position = isLengthDoubtful ? lastPosition : end.position
    const found = await nextBatch(file, { start: isLengthDoubtful ? position + 1 : position, end: size, baseOffset })
    await unreadable({ position, offset: nextOffset, message: `${end.damage}; ${extentOf(position, found?.position)}` })
    start = found?.position ?? size
    nextOffset = found?.baseOffset ?? nextOffset
  }
  return nextOffset
}

function extentOf(position: number, resumedAt: number | undefined): string {
  if (resumedAt === undefined) return 'nothing behind it can be read'
  return resumedAt === position ? 'it can be read' : `${resumedAt - position} bytes cannot be read`
}

/** Whole, and with a right checksum, which does not cover its offset. */
async function nextBatch(
  file: ReadableFile,
  range: { readonly start: number; readonly end: number; readonly baseOffset: number },
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

async function isWholeBatch(file: ReadableFile, position: number, size: number): Promise<boolean> {
  const bytes = Buffer.allocUnsafe(size)
  return (await file.read(bytes, position)) === size && new BatchView(bytes).isCrcValid
}
