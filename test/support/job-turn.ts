// What a background job is handed, where it need not give way to anybody and the log is open.

import type { PartitionLog } from '../../src/log/partition-log.ts'
import type { KeptPartition } from '../../src/upkeep/kept-partition.ts'
import type { JobTurn } from '../../src/upkeep/scheduler.ts'

export const immediateTurn: JobTurn = { step: () => undefined, sleep: async () => undefined }

export function openPartition(log: PartitionLog): KeptPartition {
  return { name: { topic: log.topic, partition: log.partition }, sizeAtRest: undefined, visit: (work) => work(log) }
}
