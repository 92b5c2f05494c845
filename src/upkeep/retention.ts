// Retention: what is too old (`retention.ms`) or too much (`retention.bytes`) goes, the oldest segments first and whole segments only, by Kafka's rules. A
// segment is as old as its greatest timestamp, so that one record from the future keeps it; the active one is closed when it must go, too. The start of
// the log is moved, durably, before any file goes.

import type { Clock } from '../lib/clock.ts'
import type { Counter } from '../lib/counters.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { Refusal } from '../wire/error-codes.ts'
import { type KeptPartition, Rests } from './kept-partition.ts'
import type { Job } from './scheduler.ts'

export interface RetentionPolicy {
  /** Below 0: no limit, as for the next. */
  readonly retentionMs: number
  readonly retentionBytes: number
}

export interface RetainedPartition {
  readonly partition: KeptPartition
  readonly policy: RetentionPolicy
}

interface RetentionOptions {
  readonly clock: Clock
  readonly checkIntervalMs: number
  /** Those that may lose records, as things are. */
  readonly partitions: () => Iterable<RetainedPartition>
  readonly runs: Counter
}

export function retentionJob({ clock, checkIntervalMs, partitions, runs }: RetentionOptions): Job {
  const rests = new Rests()
  return {
    name: 'retention',
    pauseMs: () => checkIntervalMs,
    async run(turn) {
      const failures: unknown[] = []
      for (const { partition, policy } of partitions()) {
        await turn.step()
        if (policy.retentionMs < 0 && policy.retentionBytes < 0) continue
        const visit = async (): Promise<number> => partition.visit((log) => retain(log, policy, clock.now()))
        const { retentionMs, retentionBytes } = policy
        await rests
          .unlessResting(partition, { nowMs: clock.now(), terms: `${retentionMs} ${retentionBytes}` }, visit)
          .catch((error: unknown) => failures.push(error))
      }
      runs.add()
      const bug = failures.find((error) => !(error instanceof Refusal)) // one that went offline or was deleted meanwhile is no concern of ours
      if (bug !== undefined) throw bug as Error
    },
  }
}

/** Resolves to the time until which there is nothing to do for it, if nothing is appended. */
async function retain(log: PartitionLog, policy: RetentionPolicy, nowMs: number): Promise<number> {
  const past = await segmentsToRemove(log, policy, nowMs)
  if (past.end === undefined) return past.restsUntilMs
  if (past.endsInActive && !(await log.exchange.roll())) return nowMs // appends are on their way: the next run finds it
  const { end } = past.endsInActive ? await segmentsToRemove(log, policy, nowMs) : past // something may have come before the roll
  if (end !== undefined) await log.advanceLogStartOffset(end)
  return nowMs
}

interface Past {
  /** The offset after the last segment that is past what is to be kept; undefined when none is. */
  readonly end: number | undefined
  readonly endsInActive: boolean
  readonly restsUntilMs: number
}

async function segmentsToRemove(log: PartitionLog, { retentionMs, retentionBytes }: RetentionPolicy, nowMs: number): Promise<Past> {
  const segments = [...log.exchange.segments]
  const { logEndOffset, highWatermark } = log
  const endOf = (index: number): number => segments[index + 1]?.baseOffset ?? logEndOffset
  const mayGo = (index: number): boolean => index < segments.length && segments[index]!.size > 0 && endOf(index) <= highWatermark
  let spareBytes = retentionBytes < 0 ? -1 : log.sizeBytes - retentionBytes
  let count = 0
  while (mayGo(count) && spareBytes >= segments[count]!.size) spareBytes -= segments[count++]!.size
  let restsUntilMs = Infinity
  for (; mayGo(count); count++) {
    restsUntilMs = retentionMs < 0 ? Infinity : (await segments[count]!.ageTimestamp()) + retentionMs + 1
    if (restsUntilMs > nowMs) break
  }
  return { end: count === 0 ? undefined : endOf(count - 1), endsInActive: count === segments.length, restsUntilMs }
}
