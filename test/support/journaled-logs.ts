// A few partition logs that share a journal, as a broker opens them: the logs, then the replay of what an earlier run left.

import type { Disk } from '../../src/disk/disk.ts'
import type { Clock } from '../../src/lib/clock.ts'
import { Histogram } from '../../src/lib/histogram.ts'
import { Journal } from '../../src/log/journal/journal.ts'
import { replayJournal, surveyJournal } from '../../src/log/journal/journal-replay.ts'
import type { LogServices, LogSettings } from '../../src/log/log-settings.ts'
import { PartitionLog } from '../../src/log/partition-log.ts'
import { logServices } from './log-services.ts'
import { ManualClock } from './manual-clock.ts'
import { logOptions, TOPIC_ID } from './test-log.ts'

const JOURNAL_FOLDER = '/data/journal'

export interface JournaledLogs {
  readonly logs: readonly PartitionLog[]
  readonly journal: Journal
  readonly services: LogServices
  /** Each round and each checkpoint of the journal. */
  readonly syncs: Histogram
  /** As the broker does it when it stops. */
  close(): Promise<void>
}

export interface JournaledLogsOptions {
  readonly partitionCount?: number
  readonly settings?: Partial<LogSettings>
  readonly clock?: Clock
  readonly leaderEpoch?: number
  readonly maxBytes?: number
  readonly fileBytes?: number
  readonly largeBytes?: number
}

export async function openJournaled(disk: Disk, options: JournaledLogsOptions = {}): Promise<JournaledLogs> {
  const {
    partitionCount = 2,
    settings = {},
    clock = new ManualClock(),
    leaderEpoch = 0,
    maxBytes = 16 << 10,
    fileBytes = 2 << 10,
    largeBytes,
  } = options
  const left = await surveyJournal(disk, JOURNAL_FOLDER)
  const base = await logServices(disk, clock)
  const syncs = new Histogram()
  const journal = new Journal({
    ...base,
    folder: JOURNAL_FOLDER,
    syncs,
    fileBytes,
    ...(largeBytes === undefined ? {} : { largeBytes }),
    maxBytes: () => maxBytes,
    checkpointIntervalMs: () => 5000,
  })
  const services = { ...base, journal }
  const indexes = Array.from({ length: partitionCount }, (_, index) => index)
  const logs = await Promise.all(
    indexes.map((partition) => PartitionLog.open(logOptions({ partition, settings, leaderEpoch, services }), { elseOffline: true })),
  )
  const find = (topicId: string, partition: number) => {
    const log = topicId === TOPIC_ID ? logs[partition] : undefined
    return (
      log && { recoveryPoint: services.checkpoints.of('orders', partition).recoveryPoint, open: async () => log, letGo: () => undefined }
    )
  }
  journal.start(await replayJournal(left, { ...services, folder: JOURNAL_FOLDER, find }))
  const close = async (): Promise<void> => {
    for (const log of logs) await log.close()
    await journal.close()
    await services.checkpoints.close()
  }
  return { logs, journal, services, syncs, close }
}
