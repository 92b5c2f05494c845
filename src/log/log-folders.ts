// The log folders of a data folder, without opening the logs: finding them at start, and deleting them.
// Deleting renames first, so that the name is free and a crash leaves nothing that looks like a log; the files go later.

import { dirname, join } from 'node:path'
import type { Disk } from '../disk/disk.ts'
import type { Diagnostics } from '../lib/diagnostics.ts'
import { deletedFolderName, isDeletedFolderName, PARTITION_METADATA, parseLogFolderName } from './file-names.ts'
import { parsePartitionMetadata } from './log-folder.ts'

export interface NamedLog {
  readonly name: string
  readonly topic: string
  readonly partition: number
}

export interface FoundLog {
  readonly folder: string
  readonly topic: string
  readonly partition: number
  /** undefined when partition.metadata is missing, damaged or cannot be read. */
  readonly topicId: string | undefined
}

/** Those of the names in a data folder that are of folders that a log may be opened in. */
export function logFoldersAmong(names: readonly string[]): NamedLog[] {
  return names.flatMap((name) => {
    const parsed = parseLogFolderName(name)
    return parsed === undefined ? [] : { name, ...parsed }
  })
}

/** Whose the folders are, by what is in them. */
export async function readLogFolders(disk: Pick<Disk, 'readFile'>, dataFolder: string, logs: readonly NamedLog[]): Promise<FoundLog[]> {
  const found: FoundLog[] = []
  for (const { name, topic, partition } of logs) {
    const folder = join(dataFolder, name)
    const metadata = await disk.readFile(join(folder, PARTITION_METADATA)).catch(() => undefined) // who opens the log is told why
    found.push({ folder, topic, partition, topicId: metadata === undefined ? undefined : parsePartitionMetadata(metadata.toString()) })
  }
  return found
}

/** Every folder that a log may be opened in. */
export async function listLogFolders(disk: Pick<Disk, 'list' | 'readFile'>, dataFolder: string): Promise<FoundLog[]> {
  return readLogFolders(disk, dataFolder, logFoldersAmong((await disk.list(dataFolder)) ?? []))
}

/** Resolves to the folder's new name, once that is on disk; the files are still there. */
export async function renameForDeletion(disk: Disk, folder: string): Promise<string> {
  const parent = dirname(folder)
  const renamed = join(parent, deletedFolderName(folder.slice(parent.length + 1)))
  await disk.rename(folder, renamed)
  await disk.syncFolder(parent)
  return renamed
}

/** Removes a renamed folder with its files, in the order of their offsets: what is left after a crash is the end of a log, without gaps. */
async function removeLogFolder(disk: Disk, folder: string): Promise<void> {
  const names = await disk.list(folder)
  if (names === undefined) return // a broker that was started meanwhile has removed it
  for (const name of names.toSorted()) await disk.unlink(join(folder, name))
  await disk.removeEmptyFolder(folder)
}

/** For a folder that was renamed. What cannot be removed is left to the next start. */
export function removeLogFolderOrWarn({ disk, diagnostics }: Deletion, folder: string): Promise<void> {
  return warnOfFailure(diagnostics, folder, () => removeLogFolder(disk, folder))
}

/** For the folder of a topic that is gone; its log is not open. What cannot be removed is left to the next start. */
export async function deleteLogFolder({ disk, diagnostics }: Deletion, folder: string): Promise<void> {
  await warnOfFailure(diagnostics, folder, async () => removeLogFolder(disk, await renameForDeletion(disk, folder)))
}

/** The folders that an earlier run renamed and did not get to remove. */
export async function removeDeletedLogFolders(
  { disk, diagnostics }: Deletion,
  dataFolder: string,
  names?: readonly string[],
): Promise<void> {
  for (const name of names ?? (await disk.list(dataFolder)) ?? []) {
    const folder = join(dataFolder, name)
    if (isDeletedFolderName(name)) await removeLogFolderOrWarn({ disk, diagnostics }, folder)
  }
}

interface Deletion {
  readonly disk: Disk
  readonly diagnostics: Diagnostics
}

async function warnOfFailure(diagnostics: Diagnostics, folder: string, remove: () => Promise<void>): Promise<void> {
  await remove().catch((error: unknown) =>
    diagnostics.warn('a deleted log could not be removed; the next start tries again', { folder, error: String(error) }),
  )
}
