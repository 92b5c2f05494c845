// A partition log on a disk of the test's choice, small enough to roll and index often, and the few things that tests do with it.

import type { Disk } from '../../src/disk/disk.ts'
import type { Clock } from '../../src/lib/clock.ts'
import type { LogLine } from '../../src/lib/diagnostics.ts'
import type { CheckedBatch } from '../../src/log/batches/check-batch.ts'
import type { LogServices, LogSettings, PartitionLogOptions } from '../../src/log/log-settings.ts'
import type { Appended, AppendSettled } from '../../src/log/log-answers.ts'
import { PartitionLog } from '../../src/log/partition-log.ts'
import { Refusal } from '../../src/wire/error-codes.ts'
import { BatchView } from '../../src/wire/records/batch.ts'
import { type BatchToEncode, encodeBatch } from '../../src/wire/records/record.ts'
import { logServices } from './log-services.ts'

export const FOLDER = '/data/orders-0'
export const TOPIC_ID = 'b8tRS7h4TJ2Vt43Dp85v2A'

const SETTINGS: LogSettings = {
  segmentBytes: 4096,
  segmentMs: 7 * 86_400_000,
  segmentJitterMs: 0,
  segmentIndexBytes: 10 << 20,
  indexIntervalBytes: 256,
  flushMessages: Number.MAX_SAFE_INTEGER,
  flushMs: Number.MAX_SAFE_INTEGER,
  fileDeleteDelayMs: 60_000,
  durability: 'fsync',
  durabilityIntervalMs: 1000,
  producerIdExpirationMs: 86_400_000,
  maxDecompressedBytes: 1 << 20,
  mayHaveGaps: false,
}

export interface TestLog {
  readonly log: PartitionLog
  readonly services: LogServices
  readonly settings: LogSettings
  readonly lines: readonly LogLine[]
  /** As the broker does it when it stops. */
  close(): Promise<void>
}

interface OpenOptions {
  readonly settings?: Partial<LogSettings>
  readonly clock?: Clock
  readonly leaderEpoch?: number
  /** Of the broker that runs; else a new one starts. */
  readonly services?: LogServices
}

export async function openLog(disk: Disk, { settings = {}, clock, leaderEpoch = 0, ...running }: OpenOptions = {}): Promise<TestLog> {
  const lines: LogLine[] = []
  const services = running.services ?? (await logServices(disk, clock, (line) => lines.push(line)))
  const log = await PartitionLog.open(logOptions({ partition: 0, settings, leaderEpoch, services }))
  return {
    log,
    services,
    lines,
    settings: { ...SETTINGS, ...settings },
    async close() {
      await log.close()
      await services.checkpoints.close()
    },
  }
}

/** As the broker does it with a log that nobody uses, and with one that is used again. */
export async function unloadAndOpen({ log, services, settings }: TestLog, leaderEpoch: number): Promise<TestLog> {
  await log.flush()
  await log.unload()
  return openLog(services.disk, { settings, leaderEpoch, services })
}

export function logOptions({
  partition,
  settings,
  ...rest
}: Pick<PartitionLogOptions, 'partition' | 'leaderEpoch' | 'services'> & { settings: Partial<LogSettings> }): PartitionLogOptions {
  return {
    folder: `/data/orders-${partition}`,
    topicId: TOPIC_ID,
    topic: 'orders',
    partition,
    settings: { ...SETTINGS, ...settings },
    ...rest,
  }
}

/** A batch of one-byte-or-more records; their values say which they are. */
export async function batchOf(
  values: readonly string[],
  batch: Omit<BatchToEncode, 'records'> & { timestamps?: readonly number[] } = {},
): Promise<CheckedBatch> {
  const { timestamps = [], ...rest } = batch
  const records = values.map((value, index) => ({ timestamp: timestamps[index] ?? 1_000_000, key: null, value: Buffer.from(value) }))
  const bytes = await encodeBatch({ ...rest, records })
  return { bytes, view: new BatchView(bytes) }
}

export async function append(log: PartitionLog, values: readonly string[], batch: Parameters<typeof batchOf>[1] = {}): Promise<Appended> {
  const appended = startAppend(log, await batchOf(values, batch))
  await appended.done
  return appended
}

export interface StartedAppend extends Appended {
  /** Rejects when the append was undone. Need not be waited for. */
  readonly done: Promise<void>
}

export function startAppend(log: PartitionLog, batch: CheckedBatch): StartedAppend {
  let settled!: AppendSettled
  const done = new Promise<void>((resolve, reject) => {
    settled = (result) => (result instanceof Refusal ? reject(result) : resolve())
  })
  done.catch(() => undefined)
  return { ...log.append(batch, settled), done }
}

/** Lets everything that waits for nothing but a memory disk happen. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}
