// The job that compacts logs (`cleanup.policy` compact): the one with the greatest dirty share first, one at a time, as long as one is worth it. A log that
// cannot be compacted, because it is damaged or the disk fails, is left alone until the next start, and said; the others go on.

import type { Clock } from '../../lib/clock.ts'
import type { Counter } from '../../lib/counters.ts'
import type { Diagnostics } from '../../lib/diagnostics.ts'
import type { LogCheckpoints } from '../../log/checkpoints.ts'
import type { PartitionLog } from '../../log/partition-log.ts'
import { isOutOfRoom } from '../../log/segments/cleaned-segment.ts'
import { Refusal } from '../../wire/error-codes.ts'
import { type KeptPartition, Rests } from '../kept-partition.ts'
import { type Job, JobStopped, type JobTurn } from '../scheduler.ts'
import { cleanableOf, type Cleanable, type CompactionPolicy, rollDueMs } from './cleanable.ts'
import { type CleaningCounters, cleanLog } from './clean-log.ts'
import type { CleanerOffsets } from './cleaner-offsets.ts'
import { OffsetMap } from './offset-map.ts'
import { Pace } from './pace.ts'

export interface CompactedPartition {
  readonly partition: KeptPartition
  readonly policy: CompactionPolicy
  readonly segmentBytes: number
}

/** Each is the broker config `log.cleaner.…` of that name. */
export interface CleanerSettings {
  readonly backoffMs: number
  readonly dedupeBufferSize: number
  readonly ioBufferLoadFactor: number
  readonly ioMaxBytesPerSecond: number
  /** Bounds what a batch may unpack to. */
  readonly maxDecompressedBytes: number
}

export interface CompactionOptions {
  readonly clock: Clock
  readonly diagnostics: Diagnostics
  readonly checkpoints: LogCheckpoints
  readonly cleanerOffsets: CleanerOffsets
  /** As they are by then. */
  readonly settings: () => CleanerSettings
  /** Those that are compacted, as things are. */
  readonly partitions: () => Iterable<CompactedPartition>
  readonly counters: CleaningCounters & { readonly compactionRuns: Counter }
}

export function compactionJob(options: CompactionOptions): Job {
  const compaction = new Compaction(options)
  return { name: 'compaction', pauseMs: () => options.settings().backoffMs, pace: PACE, run: (turn) => compaction.run(turn) }
}

/** A third of the time: producers beside it wait a millisecond longer. */
const PACE = { workMs: 0.5, restMs: 1 }

interface Due extends CompactedPartition {
  readonly ratio: number
}

class Compaction {
  readonly #options: CompactionOptions
  readonly #pace: Pace
  readonly #rests = new Rests()
  readonly #uncleanable = new WeakSet<KeptPartition>()

  constructor(options: CompactionOptions) {
    this.#options = options
    this.#pace = new Pace(options.clock, () => options.settings().ioMaxBytesPerSecond)
  }

  async run(turn: JobTurn): Promise<void> {
    let map: OffsetMap | undefined
    for (let isProgressing = true; isProgressing;) {
      isProgressing = false
      for (const due of (await this.#findDue(turn)).toSorted((a, b) => b.ratio - a.ratio)) {
        const { dedupeBufferSize, ioBufferLoadFactor } = this.#options.settings()
        map ??= new OffsetMap(dedupeBufferSize, ioBufferLoadFactor)
        if (await this.#cleanOne(due, map, turn)) isProgressing = true
      }
    }
  }

  async #findDue(turn: JobTurn): Promise<Due[]> {
    const { clock, partitions } = this.#options
    const found: Due[] = []
    for (const compacted of partitions()) {
      const { partition, policy } = compacted
      await turn.step()
      if (this.#uncleanable.has(partition)) continue
      const look = async (log: PartitionLog): Promise<number> => {
        const { isDue, ratio, restsUntilMs } = await this.#look(log, policy)
        if (isDue) found.push({ ...compacted, ratio })
        return restsUntilMs
      }
      const terms = Object.values(policy).join(' ')
      await this.#guarded(partition, async () => {
        await this.#rests.unlessResting(partition, { nowMs: clock.now(), terms }, () => partition.visit(look))
        return true
      })
    }
    return found
  }

  async #look(log: PartitionLog, policy: CompactionPolicy): Promise<Cleanable> {
    const { clock, checkpoints, cleanerOffsets } = this.#options
    const nowMs = clock.now()
    if (rollDueMs(log, policy) <= nowMs) await log.exchange.roll()
    const upTo = { cleanedTo: cleanerOffsets.of(log), recoveryPoint: checkpoints.writtenRecoveryPoint(log) }
    return cleanableOf(log, upTo, policy, nowMs)
  }

  /** Resolves to whether it came to an end. */
  #cleanOne({ partition, policy, segmentBytes }: Due, map: OffsetMap, turn: JobTurn): Promise<boolean> {
    return this.#guarded(partition, () => partition.visit((log) => this.#clean(log, { policy, segmentBytes, map, turn })))
  }

  async #clean(
    log: PartitionLog,
    { policy, segmentBytes, map, turn }: Pick<Due, 'policy' | 'segmentBytes'> & { map: OffsetMap; turn: JobTurn },
  ): Promise<boolean> {
    const { clock, diagnostics, cleanerOffsets, settings, counters } = this.#options
    const cleanable = await this.#look(log, policy)
    if (!cleanable.isDue) return false
    if (cleanerOffsets.of(log) === undefined) await cleanerOffsets.set(log, cleanable.from) // its offsets may have gaps from now on
    const cleanedTo = await cleanLog(log, cleanable, {
      map,
      turn,
      segmentBytes,
      counters,
      deleteRetentionMs: policy.deleteRetentionMs,
      maxDecompressedBytes: settings().maxDecompressedBytes,
      nowMs: clock.now(),
      spend: (bytes) => this.#pace.spend(bytes, turn),
    })
    if (cleanedTo === undefined || log.exchange.segments.length === 0) return false // deleted or truncated meanwhile
    await cleanerOffsets.set(log, cleanedTo)
    counters.compactionRuns.add()
    diagnostics.debug('compacted a log', { topic: log.topic, partition: log.partition, from: cleanable.from, to: cleanedTo })
    return true
  }

  async #guarded(partition: KeptPartition, work: () => Promise<boolean>): Promise<boolean> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof JobStopped) throw error
      if (error instanceof Refusal) return false // it went offline or was deleted meanwhile
      const { diagnostics } = this.#options
      const details = { ...partition.name, error: String(error) }
      if (isOutOfRoom(error)) {
        diagnostics.warn('a log could not be compacted: there is no room for it; it will be tried again', details)
      } else {
        this.#uncleanable.add(partition)
        diagnostics.error('a log cannot be compacted; it is left as it is until the next start. ottla verify tells more', details)
      }
      return false
    }
  }
}
