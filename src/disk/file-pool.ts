// (Public surface; the bodies follow.) Files opened on use and closed, least recently used first, beyond a limit.

import type { Disk } from './disk.ts'

export declare class FilePool {
  constructor(disk: Disk, openFilesMax: number)
  /** Closes every file. */
  close(): Promise<void>
}
