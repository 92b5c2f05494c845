// What a log is told: settings as plain values, and the parts that all partitions share.

import type { Disk } from '../disk/disk.ts'
import type { FilePool } from '../disk/file-pool.ts'
import type { BufferPool } from '../lib/buffer-pool.ts'
import type { Clock } from '../lib/clock.ts'
import { Counter } from '../lib/counters.ts'
import type { Diagnostics } from '../lib/diagnostics.ts'
import type { TurnShare } from '../lib/turn-share.ts'
import { Histogram } from '../lib/histogram.ts'
import type { Append, WriteTarget } from './append-io.ts'
import type { LogCheckpoints } from './checkpoints.ts'
import type { Deletions } from './deletions.ts'
import type { SyncSchedule } from './durability/sync-schedule.ts'
import type { WriteGate } from './durability/write-gate.ts'
import type { Journal } from './journal/journal.ts'
import type { ReadAhead } from './segments/read-ahead.ts'
import type { TailCache } from './tail-cache.ts'

/** `fsync`: on disk, synced, before it is acknowledged. `os`: handed to the operating system, which survives the process but not the machine. `interval`: as `os`, and synced soon. */
export type Durability = 'fsync' | 'interval' | 'os'

/** Each is the topic config of that name, in plain values. */
export interface LogSettings {
  readonly segmentBytes: number
  readonly segmentMs: number
  readonly segmentJitterMs: number
  readonly segmentIndexBytes: number
  readonly indexIntervalBytes: number
  readonly flushMessages: number
  readonly flushMs: number
  readonly fileDeleteDelayMs: number
  readonly durability: Durability
  readonly durabilityIntervalMs: number
  readonly producerIdExpirationMs: number
  /** Bounds what a batch may unpack to when a timestamp is looked for inside it. */
  readonly maxDecompressedBytes: number
  /** Whether compaction may have left offsets out; if not, a missing offset is damage. */
  readonly mayHaveGaps: boolean
}

/** What all logs of a broker count. */
export class LogCounters {
  /** Visible to readers, as the next two. */
  readonly appendedBatches = new Counter()
  readonly appendedRecords = new Counter()
  readonly appendedBytes = new Counter()
  readonly syncs = new Histogram()
  /** By retention and DeleteRecords, as the next. */
  readonly removedSegments = new Counter()
  readonly removedBytes = new Counter()

  removed(segments: readonly { readonly size: number }[]): void {
    this.removedSegments.add(segments.length)
    for (const { size } of segments) this.removedBytes.add(size)
  }

  /** Found in segments, by readers or the scrubber, as the next two: each part once. */
  readonly damagedParts = new Counter()
  readonly damagedBytes = new Counter()
  readonly damagedOffsets = new Counter()

  foundDamage(bytes: number, offsets: number): void {
    this.damagedParts.add()
    this.damagedBytes.add(bytes)
    this.damagedOffsets.add(offsets)
  }

  /** Answers their bytes. */
  appended(appends: readonly Pick<Append<WriteTarget>, 'bytes' | 'baseOffset' | 'endOffset'>[]): number {
    let size = 0
    for (const { bytes, baseOffset, endOffset } of appends) {
      size += bytes.length
      this.appendedRecords.add(endOffset - baseOffset)
    }
    this.appendedBatches.add(appends.length)
    this.appendedBytes.add(size)
    return size
  }
}

/** Shared by all partitions of a broker. */
export interface LogServices {
  readonly disk: Disk
  readonly clock: Clock
  readonly turnShare: TurnShare
  readonly diagnostics: Diagnostics
  readonly filePool: FilePool
  /** What segments are read into. */
  readonly bufferPool: BufferPool
  readonly readAhead: ReadAhead
  readonly tailCache: TailCache
  readonly checkpoints: LogCheckpoints
  readonly counters: LogCounters
  readonly deletions: Deletions
  /** Every append passes it. */
  readonly writeGate: WriteGate
  /** What makes `fsync` durable; without one, each log syncs its own segments. */
  readonly journal: Journal | undefined
  readonly syncSchedule: SyncSchedule
}

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
