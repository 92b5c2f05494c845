// What a log answers, and what a reader asks of it.

import type { Refusal } from '../wire/error-codes.ts'
import type { FoundRecord } from './segments/timestamps.ts'

export interface Appended {
  readonly baseOffset: number
  /** -1 with CreateTime. */
  readonly logAppendTimeMs: number
  readonly logStartOffset: number
}

/**
 * Called once, after `append` has returned: when the batch is as durable as the mode promises and visible to readers, or with a Refusal KAFKA_STORAGE_ERROR.
 * Must not throw.
 */
export type AppendSettled = (result: Appended | Refusal) => void

export interface ReadOptions {
  /** Exclusive; at most the high watermark. */
  readonly upTo: number
  /** The first batch is returned even when it is larger than `maxBytes`, so that a reader never gets stuck. */
  readonly atLeastOneBatch: boolean
}

export interface ReadResult {
  /** Whole batches, in order; the first one may begin before the offset that was asked for. */
  readonly chunks: readonly Buffer[]
  readonly size: number
  /** To be called when the reader has got it, if he may go on: what follows is read meanwhile. */
  readonly readOn?: () => void
}

export const NO_BATCHES: ReadResult = { chunks: [], size: 0 }

export interface TimestampedOffset extends FoundRecord {
  readonly leaderEpoch: number
}
