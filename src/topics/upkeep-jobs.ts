// The jobs that go on in the background of a broker: which partitions they are about, and what their topics' configs, as they are by then, want of them.

import type { BrokerConfig } from '../config/resolve.ts'
import type { Clock } from '../lib/clock.ts'
import { type RetainedPartition, retentionJob } from '../upkeep/retention.ts'
import type { Job } from '../upkeep/scheduler.ts'
import type { UpkeepCounters } from '../upkeep/upkeep-counters.ts'
import type { Partition } from './partitions/partition.ts'
import type { RecordStore } from './record-store.ts'

interface UpkeepOptions {
  readonly clock: Clock
  readonly config: BrokerConfig
  readonly records: Pick<RecordStore, 'partitions'>
  readonly counters: UpkeepCounters
}

export function upkeepJobs({ clock, config, records, counters }: UpkeepOptions): Job[] {
  const retention = {
    clock,
    checkIntervalMs: config['log.retention.check.interval.ms'],
    partitions: () => partitionsWith(records, 'delete', retainedPartition),
    runs: counters.retentionRuns,
  }
  return [retentionJob(retention)]
}

function retainedPartition(partition: Partition): RetainedPartition {
  const { config } = partition.topic
  return { partition, policy: { retentionMs: config['retention.ms'], retentionBytes: config['retention.bytes'] } }
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
