// Checks a data folder, or the folder of one partition, file by file, and changes nothing. Nobody may write there meanwhile.

import { basename, dirname, resolve } from 'node:path'
import type { ReadingDisk } from '../disk/disk.ts'
import { PARTITION_METADATA, parseOffsetFileName } from '../log/file-names.ts'
import type { Report } from './finding.ts'
import { checkDataFolder, DATA_FOLDER_PROPERTIES, type MetadataLogFacts } from './folder-check.ts'
import { checkPartition, type PartitionFacts, type Totals } from './partition-check.ts'

interface VerifyOptions {
  readonly disk: ReadingDisk
  readonly metadata: MetadataLogFacts
  readonly report: Report
  /** Counts what has been checked, as it goes on. */
  readonly totals: Totals
}

/** What a folder is: a partition inside a data folder is checked against what that knows of it. */
export type FolderKind =
  | { readonly kind: 'data folder'; readonly dataFolder: string; readonly only: string | undefined }
  | { readonly kind: 'partition'; readonly folder: string }

/** undefined for a folder that is neither; one that is not there rejects with ENOENT. */
export async function kindOfFolder(disk: ReadingDisk, path: string): Promise<FolderKind | undefined> {
  const folder = resolve(path)
  const names = await disk.list(folder)
  if (names === undefined) throw Object.assign(new Error(`there is no folder ${folder}`), { code: 'ENOENT', path: folder })
  if (names.includes(DATA_FOLDER_PROPERTIES)) return { kind: 'data folder', dataFolder: folder, only: undefined }
  if (!names.some((name) => name === PARTITION_METADATA || parseOffsetFileName(name) !== undefined)) return undefined
  const around = await disk.list(dirname(folder))
  if (around?.includes(DATA_FOLDER_PROPERTIES) === true) return { kind: 'data folder', dataFolder: dirname(folder), only: basename(folder) }
  return { kind: 'partition', folder }
}

export async function verify(kind: FolderKind, { disk, metadata, report, totals }: VerifyOptions): Promise<void> {
  if (kind.kind === 'data folder') return checkDataFolder({ ...kind, disk, metadata, report, totals })
  await checkPartition({ disk, folder: kind.folder, facts: NOTHING_KNOWN, report, totals })
}

/** Of a partition's folder outside any data folder. */
export const NOTHING_KNOWN: PartitionFacts = {
  topicId: undefined,
  recoveryPoint: undefined,
  logStartOffset: undefined,
  mayHaveGaps: true,
  wasCleanShutdown: true,
}
