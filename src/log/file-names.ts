// The names of a log's files and folders: Kafka's, so that its tools and ours read the same folder.
//
//   <topic>-<partition>/                       one log
//     <20-digit base offset>.log .index .timeindex    one segment
//     <20-digit base offset>.txnindex                 its aborted transactions, where it has some
//     <20-digit offset>.snapshot               producers as they were before that offset
//     <20-digit offset>.cut                    what recovery cut off the log at that offset, or a repair took out: ours, never read
//     <any of these>.cut                       a file that a repair wrote anew, as it was; with a number when there is one already
//     <any of these>.deleted                   no part of the log any more: removed later
//     <those of a segment>.cleaned             what compaction is writing: no part of the log yet
//     <those of a segment>.swap                what compaction has written: takes the place of the segments whose offsets it covers
//     <20-digit offset>.unreplayed             what the journal had for the log and could not be appended to it: the same
//     leader-epoch-checkpoint, partition.metadata
//   <topic>-<partition>.<32 hex digits>-delete/     a log being deleted

import { randomUUID } from 'node:crypto'

/** In the data folder, beside the folders of the logs. */
export const JOURNAL_FOLDER = 'journal'
/** A journal that could not be read whole, as a repair found it. */
export const damagedJournalName = (number: number): string => `${JOURNAL_FOLDER}.damaged-${number}`
export const isDamagedJournalName = (name: string): boolean => /^journal\.damaged-\d+$/.test(name)
export const PARTITION_METADATA = 'partition.metadata'
export const LEADER_EPOCH_CHECKPOINT = 'leader-epoch-checkpoint'

const NAME_LENGTH_MAX = 255
const DELETE_SUFFIX = '-delete'

export type OffsetFileKind = 'log' | 'index' | 'timeindex' | 'txnindex' | 'snapshot' | 'cut' | 'unreplayed'

export function offsetFileName(offset: number, kind: OffsetFileKind): string {
  return `${String(offset).padStart(20, '0')}.${kind}`
}

/** undefined for any other file. */
export function parseOffsetFileName(name: string): { offset: number; kind: OffsetFileKind } | undefined {
  const match = /^(\d{20})\.(log|index|timeindex|txnindex|snapshot|cut|unreplayed)$/.exec(name)
  return match === null ? undefined : { offset: Number(match[1]), kind: match[2] as OffsetFileKind }
}

/** What the name of a file ends in that is not, or not yet, or no more, a part of the log. */
export type PassingSuffix = '.deleted' | '.cleaned' | '.swap'

/** undefined for any other file. */
export function parsePassingFileName(name: string): { offset: number; kind: OffsetFileKind; suffix: PassingSuffix } | undefined {
  const match = /^(.+)(\.deleted|\.cleaned|\.swap)$/.exec(name)
  const parsed = match === null ? undefined : parseOffsetFileName(match[1]!)
  return parsed && { ...parsed, suffix: match![2] as PassingSuffix }
}

export function logFolderName(topic: string, partition: number): string {
  return `${topic}-${partition}`
}

/** undefined for a folder that is no log, or one that is being deleted. */
export function parseLogFolderName(name: string): { topic: string; partition: number } | undefined {
  const match = /^([a-zA-Z0-9._-]+)-(\d{1,10})$/.exec(name)
  return match === null ? undefined : { topic: match[1]!, partition: Number(match[2]) }
}

/** Shortened, as Kafka does, when the file system would not take it. */
export function deletedFolderName(name: string): string {
  const suffix = `.${randomUUID().replaceAll('-', '')}${DELETE_SUFFIX}`
  return name.slice(0, NAME_LENGTH_MAX - suffix.length) + suffix
}

export function isDeletedFolderName(name: string): boolean {
  return /\.[0-9a-f]{32}-delete$/.test(name)
}

/** What recovery or a repair took out, and kept. */
export function isSideFile(name: string): boolean {
  return name.endsWith('.cut')
}
