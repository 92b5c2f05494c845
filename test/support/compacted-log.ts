// A log with keys that is compacted at the test's word, and what must hold of it whatever is done to it.

import type { Disk } from '../../src/disk/disk.ts'
import { Counter } from '../../src/lib/counters.ts'
import type { LogSettings } from '../../src/log/log-settings.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { CleanerOffsets } from '../../src/upkeep/compaction/cleaner-offsets.ts'
import type { CompactionPolicy } from '../../src/upkeep/compaction/cleanable.ts'
import { type CleanerSettings, compactionJob } from '../../src/upkeep/compaction/compaction.ts'
import { BatchView } from '../../src/wire/records/batch.ts'
import { decompress } from '../../src/wire/records/codecs.ts'
import { type BatchToEncode, encodeBatch, readRecords } from '../../src/wire/records/record.ts'
import { immediateTurn, openPartition } from './job-turn.ts'
import type { ManualClock } from './manual-clock.ts'
import { readBatches } from './read-log.ts'
import { openLog, settled, type TestLog, startAppend } from './test-log.ts'

const EAGER: CompactionPolicy = {
  minCleanableRatio: 0,
  minCompactionLagMs: 0,
  maxCompactionLagMs: Number.MAX_SAFE_INTEGER,
  deleteRetentionMs: 86_400_000,
}

export interface KeyedRecord {
  readonly key: string
  /** null is a tombstone. */
  readonly value: string | null
  readonly timestamp?: number
}

export interface CompactedLog extends TestLog {
  readonly clock: ManualClock
  readonly counters: { compactionRuns: Counter; cleanedBytes: Counter; savedBytes: Counter }
  append(records: readonly KeyedRecord[], batch?: Omit<BatchToEncode, 'records'>): Promise<number>
  /** Called at each step of a compaction. */
  whileCompacting: (() => Promise<void> | undefined) | undefined
  /** Closes the active segment and writes the checkpoints first, unless told otherwise. */
  compact(policy?: Partial<CompactionPolicy>, settings?: Partial<CleanerSettings>, active?: 'stays open' | 'as it is'): Promise<void>
}

export async function openCompactedLog(
  disk: Disk,
  clock: ManualClock,
  { leaderEpoch = 0, ...settings }: Partial<LogSettings> & { leaderEpoch?: number } = {},
): Promise<CompactedLog> {
  const opened = await openLog(disk, { clock, leaderEpoch, settings: { segmentBytes: 1 << 20, mayHaveGaps: true, ...settings } })
  const { log, services } = opened
  const { checkpoints } = services
  const cleanerOffsets = await CleanerOffsets.open(disk, '/data')
  const counters = { compactionRuns: new Counter(), cleanedBytes: new Counter(), savedBytes: new Counter() }
  const partition = openPartition(log)
  const defaults = { backoffMs: 1, dedupeBufferSize: 1 << 16, ioBufferLoadFactor: 0.9, ioMaxBytesPerSecond: Number.MAX_VALUE }
  let [policyNow, settingsNow]: [CompactionPolicy, CleanerSettings] = [EAGER, { ...defaults, maxDecompressedBytes: 1 << 20 }]
  const partitions = (): Iterable<{ partition: typeof partition; policy: CompactionPolicy; segmentBytes: number }> => [
    { partition, policy: policyNow, segmentBytes: opened.settings.segmentBytes },
  ]
  const job = compactionJob({ ...services, checkpoints, cleanerOffsets, counters, partitions, settings: () => settingsNow })
  const compacted: CompactedLog = {
    ...opened,
    clock,
    counters,
    whileCompacting: undefined,
    async append(records, batch = {}) {
      const stamped = records.map(({ key, value, timestamp = clock.now() }) => ({
        timestamp,
        key: Buffer.from(key),
        value: value === null ? null : Buffer.from(value),
      }))
      const bytes = await encodeBatch({ ...batch, records: stamped })
      const appended = startAppend(log, { bytes, view: new BatchView(bytes) })
      await appended.done
      return appended.baseOffset
    },
    async compact(policy = {}, cleaner = {}, active) {
      if (active === undefined) await log.exchange.roll()
      await settled()
      if (active !== 'as it is') await checkpoints.save(log)
      ;[policyNow, settingsNow] = [
        { ...EAGER, ...policy },
        { ...settingsNow, ...defaults, ...cleaner },
      ]
      await job.run({ ...immediateTurn, step: () => compacted.whileCompacting?.() })
    },
  }
  return compacted
}

export interface SeenKey {
  readonly offset: number
  readonly timestamp: number
  readonly key: string
  readonly value: string | null
}

/** Every record, and the batches that they come in. */
export async function readKeyed(log: PartitionLog, offset = log.logStartOffset): Promise<{ records: SeenKey[]; batches: BatchView[] }> {
  const records: SeenKey[] = []
  const batches: BatchView[] = []
  for (let next = offset; next < log.highWatermark;) {
    const views = await readBatches(log, next, 1 << 16)
    if (views.length === 0) throw new Error(`nothing at offset ${next}, below the high watermark ${log.highWatermark}`)
    for (const view of views) {
      if (!view.isCrcValid) throw new Error(`the batch at ${view.baseOffset} is damaged`)
      batches.push(view)
      for (const record of readRecords(await decompress(view.codec, view.packedRecords, 1 << 20), view))
        if (record.offset >= next)
          records.push({ ...record, key: String(record.key), value: record.value === null ? null : String(record.value) })
      next = view.lastOffset + 1
    }
  }
  return { records, batches }
}

/** The newest record of each key. */
export function lastOfEachKey<T extends { readonly key: string }>(records: readonly T[]): T[] {
  return [...new Map(records.map((record) => [record.key, record])).values()]
}
