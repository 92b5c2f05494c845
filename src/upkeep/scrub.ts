// The scrubber: reads every batch of every partition from the disk, slowly, whether or not anybody asked for it, so that damage is found while there may
// still be a copy of what it hit. What it finds is told, counted and refused to readers; it changes nothing.

import type { Counter } from '../lib/counters.ts'
import { Refusal } from '../wire/error-codes.ts'
import type { KeptPartition } from './kept-partition.ts'
import type { Job } from './scheduler.ts'

interface ScrubOptions {
  readonly intervalMs: () => number
  /** 0: not at all. */
  readonly bytesPerSecond: () => number
  readonly partitions: () => Iterable<KeptPartition>
  readonly scrubbedBytes: Counter
  readonly runs: Counter
}

export function scrubJob({ intervalMs, bytesPerSecond, partitions, scrubbedBytes, runs }: ScrubOptions): Job {
  return {
    name: 'scrub',
    pauseMs: intervalMs,
    async run(turn) {
      if (bytesPerSecond() === 0) return
      const failures: unknown[] = []
      const paced = async (bytes: number): Promise<void> => {
        scrubbedBytes.add(bytes)
        await turn.sleep((1000 * bytes) / Math.max(1, bytesPerSecond()))
      }
      for (const partition of partitions()) {
        await turn.step()
        if (partition.sizeAtRest === 0) continue
        await partition.visit((log) => log.scrub(paced)).catch((error: unknown) => failures.push(error))
      }
      runs.add()
      const serious = failures.find((error) => !(error instanceof Refusal)) // one that went offline or was deleted meanwhile is no concern of ours
      if (serious !== undefined) throw serious as Error
    },
  }
}
