// Takes the end off a log and keeps it: bytes that recovery does not trust go to `.cut` files beside the log, which nothing reads.
// Segments behind the end go first, the newest first, and the rest of the last one in the end, so that a crash on the way leaves the same cut to make.

import type { Disk } from '../../disk/disk.ts'
import { offsetFileName } from '../file-names.ts'
import type { LogFolder } from '../log-folder.ts'
import type { Segment } from '../segments/segment.ts'

const COPY_SIZE = 1 << 20

export interface Cut {
  /** In it the log ends, at `position`. */
  readonly last: Segment
  readonly position: number
  /** Where the log ends. */
  readonly offset: number
  readonly behind: readonly Segment[]
}

/** Resolves to the number of bytes that were cut, once all of it is on disk. */
export async function moveToCutFiles(disk: Disk, folder: LogFolder, { last, position, offset, behind }: Cut): Promise<number> {
  let cutBytes = 0
  for (const segment of behind.toReversed()) {
    cutBytes += segment.size
    await segment.file.close()
    await disk.rename(segment.file.path, folder.file(offsetFileName(segment.baseOffset, 'cut')))
    await segment.remove()
  }
  const restSize = last.size - position
  if (restSize > 0) {
    cutBytes += restSize
    await copyRest(disk, last, position, folder.file(offsetFileName(offset, 'cut')))
    await folder.sync()
    await last.cut(position)
  }
  await folder.sync()
  return cutBytes
}

function copyRest(disk: Disk, segment: Segment, start: number, path: string): Promise<void> {
  return disk.openFor(path, 'create', async (target) => {
    await target.truncate(0)
    for (let position = start; position < segment.size; position += COPY_SIZE) {
      const chunk = Buffer.allocUnsafe(Math.min(COPY_SIZE, segment.size - position))
      const filled = await segment.file.read(chunk, position)
      const written = await target.write([chunk.subarray(0, filled)], position - start)
      if (written < filled) throw new Error(`there is no room to keep what follows byte ${position} of ${segment.file.path}`)
    }
    await target.sync()
  })
}
