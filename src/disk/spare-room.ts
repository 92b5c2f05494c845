// A file of random bytes that is given up when a small file cannot be replaced for want of room, and made again when there is some: what makes room
// (where a log begins, before its segments go) must be written first, however full others have made the disk, or a quota.

import { randomBytes } from 'node:crypto'
import { type Disk, hasCode, overwriteFile } from './disk.ts'

const SPARE_BYTES = 512 << 10

/** The disk, whose `replaceFile` has a little room of its own. `disk` is a plain object. */
export function withSpareRoom(disk: Disk, path: string): Disk {
  let isKept = false
  const keep = async (): Promise<void> => {
    isKept = true // by this call; another need not begin
    try {
      await overwriteFile(disk, path, randomBytes(SPARE_BYTES), 'unsynced')
    } catch {
      isKept = false
      await disk.unlink(path).catch(() => undefined)
    }
  }
  return {
    ...disk,
    async replaceFile(file, bytes) {
      try {
        await disk.replaceFile(file, bytes)
        if (!isKept) await keep()
      } catch (error) {
        if (!hasCode(error, 'ENOSPC', 'EDQUOT')) throw error
        isKept = false
        await disk.unlink(path) // also one that an earlier run left
        await disk.replaceFile(file, bytes)
      }
    },
  }
}
