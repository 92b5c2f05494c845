// The jobs that go on in the background of a broker: which partitions they are about, and what their topics' configs, as they are by then, want of them.

import type { BrokerConfig } from '../config/resolve.ts'
import type { Clock } from '../lib/clock.ts'
import type { Diagnostics } from '../lib/diagnostics.ts'
import type { LogCheckpoints } from '../log/checkpoints.ts'
import type { CleanerOffsets } from '../upkeep/compaction/cleaner-offsets.ts'
import { type CleanerSettings, type CompactedPartition, compactionJob } from '../upkeep/compaction/compaction.ts'
import { type RetainedPartition, retentionJob } from '../upkeep/retention.ts'
import { scrubJob } from '../upkeep/scrub.ts'
import type { Job } from '../upkeep/scheduler.ts'
import type { UpkeepCounters } from '../upkeep/upkeep-counters.ts'
import type { Partition } from './partitions/partition.ts'
import type { RecordStore } from './record-store.ts'

interface UpkeepOptions {
  readonly clock: Clock
  readonly config: BrokerConfig
  readonly diagnostics: Diagnostics
  readonly records: Pick<RecordStore, 'partitions'>
  /** What is compacted besides, whatever is configured. */
  readonly compacted?: readonly CompactedPartition[]
  readonly checkpoints: LogCheckpoints
  readonly cleanerOffsets: CleanerOffsets
  readonly counters: UpkeepCounters
}

export function upkeepJobs(options: UpkeepOptions): Job[] {
  const { clock, config, records, counters, compacted = [] } = options
  const retention = {
    clock,
    checkIntervalMs: config['log.retention.check.interval.ms'],
    partitions: () => partitionsWith(records, 'delete', retainedPartition),
    runs: counters.retentionRuns,
  }
  const scrub = {
    intervalMs: () => config['scrub.interval.ms'],
    bytesPerSecond: () => config['scrub.bytes.per.second'],
    partitions: () => records.partitions.filter(({ offlineReason }) => offlineReason === undefined),
    scrubbedBytes: counters.scrubbedBytes,
    runs: counters.scrubRuns,
  }
  const compaction = {
    ...options,
    settings: () => cleanerSettings(config),
    partitions: () => [...compacted, ...partitionsWith(records, 'compact', compactedPartition)],
  }
  return [retentionJob(retention), scrubJob(scrub), ...(config['log.cleaner.enable'] ? [compactionJob(compaction)] : [])]
}

function cleanerSettings(config: BrokerConfig): CleanerSettings {
  return {
    backoffMs: config['log.cleaner.backoff.ms'],
    dedupeBufferSize: config['log.cleaner.dedupe.buffer.size'],
    ioBufferLoadFactor: config['log.cleaner.io.buffer.load.factor'],
    ioMaxBytesPerSecond: config['log.cleaner.io.max.bytes.per.second'],
    maxDecompressedBytes: config['max.decompressed.batch.bytes'],
  }
}

function retainedPartition(partition: Partition): RetainedPartition {
  const { config } = partition.topic
  return { partition, policy: { retentionMs: config['retention.ms'], retentionBytes: config['retention.bytes'] } }
}

function compactedPartition(partition: Partition): CompactedPartition {
  const { config } = partition.topic
  const policy = {
    minCleanableRatio: config['min.cleanable.dirty.ratio'],
    minCompactionLagMs: config['min.compaction.lag.ms'],
    maxCompactionLagMs: config['max.compaction.lag.ms'],
    deleteRetentionMs: config['delete.retention.ms'],
  }
  return { partition, policy, segmentBytes: config['segment.bytes'] }
}

/** The one walk over the partitions. One that is offline has nothing to be kept up. */
function* partitionsWith<T>(
  { partitions }: Pick<RecordStore, 'partitions'>,
  policy: 'delete' | 'compact',
  use: (partition: Partition) => T,
): Generator<T> {
  for (const partition of partitions)
    if (partition.topic.config['cleanup.policy'].includes(policy) && partition.offlineReason === undefined) yield use(partition)
}
