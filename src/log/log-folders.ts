// (Public surface; the bodies follow.) The partition folders of a data folder.

import type { Disk } from '../disk/disk.ts'

export interface LogFolder {
  readonly folder: string
  readonly topic: string
  readonly partition: number
  /** From partition.metadata; undefined when the file is missing or unreadable. */
  readonly topicId: string | undefined
}

/** For broker start: every `<topic>-<partition>` folder. */
export declare function listLogFolders(disk: Disk, dataFolder: string): Promise<LogFolder[]>
/** For broker start: removes the `…-delete` folders that an earlier run left. */
export declare function removeDeletedLogFolders(disk: Disk, dataFolder: string): Promise<void>
/** For the folder of a topic that is gone: as PartitionLog.delete does, without opening it. */
export declare function deleteLogFolder(disk: Disk, folder: string): Promise<void>
