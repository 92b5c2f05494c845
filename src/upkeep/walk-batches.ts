// All batches of a .log file that can be made out. Where none can, because a header is damaged, it looks for the next place at which a whole batch begins
// whose checksum is right, and goes on there.

import type { DiskFile } from '../disk/disk.ts'
import { scanBatches } from '../log/segments/segment-scan.ts'
import { nextBatch } from '../log/soundness/next-batch.ts'
import type { BatchView } from '../wire/records/batch.ts'

type ReadableFile = Pick<DiskFile, 'read'>

export interface UnreadablePart {
  readonly position: number
  /** Of the batch that was expected there, or of the one behind it when that is lower. */
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
    const offset = Math.min(nextOffset, found?.baseOffset ?? nextOffset) // that of the last batch may be what is wrong
    await unreadable({ position, offset, message: `${end.damage}; ${extentOf(position, found?.position)}` })
    start = found?.position ?? size
    nextOffset = found?.baseOffset ?? nextOffset
  }
  return nextOffset
}

function extentOf(position: number, resumedAt: number | undefined): string {
  if (resumedAt === undefined) return 'nothing behind it can be read'
  return resumedAt === position ? 'it can be read' : `${resumedAt - position} bytes cannot be read`
}
