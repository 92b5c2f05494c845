// One partition's log: batches in, batches out by offset or time.
// (Public surface; the bodies follow.)

import type { CheckedBatch } from './check-batch.ts'
import type { LogServices, LogSettings } from './log-settings.ts'

export interface PartitionLogOptions {
  /** The partition's folder, `<data folder>/<topic>-<partition>`; it appears at the first append. */
  readonly folder: string
  readonly topicId: string
  readonly topic: string
  readonly partition: number
  /** Noted in the log at the first append under it. */
  readonly leaderEpoch: number
  readonly settings: LogSettings
  readonly services: LogServices
}

export interface Appended {
  readonly baseOffset: number
  /** -1 with CreateTime. */
  readonly logAppendTimeMs: number
  readonly logStartOffset: number
  /** Settles once the batch is as durable as the mode promises and visible to readers; rejects with a Refusal KAFKA_STORAGE_ERROR. */
  readonly done: Promise<void>
}

export interface ReadOptions {
  /** Exclusive; at most the high watermark. */
  readonly upTo: number
  /** The first batch is returned even when it is larger than `maxBytes`, so that a reader never gets stuck. */
  readonly atLeastOneBatch: boolean
}

export interface ReadResult {
  /** Whole batches, in order; the first one may begin before the offset that was asked for. */
  readonly chunks: readonly Buffer[]
  readonly size: number
}

export interface TimestampedOffset {
  readonly offset: number
  readonly timestamp: number
  readonly leaderEpoch: number
}

export declare class PartitionLog {
  /** Recovers what is in the folder. Damage before the recovery point makes the log offline; other failures of the disk reject. */
  static open(options: PartitionLogOptions): Promise<PartitionLog>

  get logStartOffset(): number
  /** Nothing at or past it is shown to anyone. */
  get highWatermark(): number
  get lastStableOffset(): number
  /** Of the next append; above the high watermark while appends are on their way to disk. */
  get logEndOffset(): number
  get sizeBytes(): number
  /** Why nothing is read or written any more (damage; a bug of ours); undefined while the log is served. */
  get offlineReason(): string | undefined
  /** Why no more appends are taken until a restart, while reads go on (a failed sync). */
  get readOnlyReason(): string | undefined

  /** The high watermark moved, or the log went offline. May be called within `append`. */
  onAdvance: (() => void) | undefined

  /** One batch, which is patched in place (base offset, leader epoch) and kept. A repeated batch answers its first offset. Throws a Refusal. */
  append(batch: CheckedBatch): Appended
  /** Synchronous when the tail cache has it. Throws or rejects with OFFSET_OUT_OF_RANGE or KAFKA_STORAGE_ERROR. Empty between `upTo` and the log's end. */
  read(offset: number, maxBytes: number, options: ReadOptions): ReadResult | Promise<ReadResult>
  /** The first record below `upTo` whose timestamp is at or after `timestampMs`. */
  offsetForTimestamp(timestampMs: number, upTo: number): Promise<TimestampedOffset | undefined>
  /** The first record below `upTo` that carries the greatest timestamp. */
  offsetOfMaxTimestamp(upTo: number): Promise<TimestampedOffset | undefined>
  /** The last epoch at or below `epoch` and where it ended; -1 and -1 when there is none. */
  endOffsetForEpoch(epoch: number): { leaderEpoch: number; endOffset: number }
  /** The leader epoch of the record at `offset`; -1 when unknown. */
  epochAt(offset: number): number

  /** Records below `offset` are gone, for good once this settles. Refuses one above the high watermark (OFFSET_OUT_OF_RANGE); a lower one than now changes nothing. */
  advanceLogStartOffset(offset: number): Promise<void>
  /** Drops the batch that holds `offset` and all after it. */
  truncateTo(offset: number): Promise<void>
  updateSettings(settings: LogSettings): void
  /** Everything appended before the call is synced. */
  flush(): Promise<void>
  /** Takes no more appends, flushes, and leaves everything so that the next open has nothing to recover. */
  close(): Promise<void>
  /** Takes no more appends or reads, renames the folder to `….<uuid>-delete` and syncs; the files go `fileDeleteDelayMs` later. */
  delete(): Promise<void>
}
