// One read of one open log, as a fetch asks for it: the bounds that readers see, whether the client's log and ours part, and the records.

import type { ReadResult } from '../../log/log-answers.ts'
import type { PartitionLog } from '../../log/partition-log.ts'
import { Refusal } from '../../wire/error-codes.ts'

export interface PartitionRead {
  readonly topicId: string
  readonly partitionIndex: number
  readonly offset: number
  readonly maxBytes: number
  /** The epoch of the last record that the client has, when it wants to be told of a truncation since (KIP-595); else -1. */
  readonly lastFetchedEpoch: number
}

export interface PartitionBounds {
  readonly logStartOffset: number
  readonly lastStableOffset: number
  readonly highWatermark: number
}

export interface PartitionRecords extends PartitionBounds {
  readonly chunks: readonly Buffer[]
  readonly size: number
  /** As ReadResult's. */
  readonly readOn: (() => void) | undefined
  /** Set when the client's log and ours part: where, and no records. */
  readonly divergingEpoch: { epoch: number; endOffset: number } | undefined
}

export interface ReadLimits {
  readonly readCommitted: boolean
  readonly atLeastOneBatch: boolean
}

/** Synchronous when the log is. Throws or rejects with a Refusal. */
export function readLog(
  log: PartitionLog,
  read: PartitionRead,
  maxBytes: number,
  { readCommitted, atLeastOneBatch }: ReadLimits,
): PartitionRecords | Promise<PartitionRecords> {
  const { highWatermark, lastStableOffset } = log
  const divergingEpoch = divergence(log, read)
  if (divergingEpoch !== undefined) return { ...boundsOf(log), chunks: [], size: 0, readOn: undefined, divergingEpoch }
  const found = log.read(read.offset, maxBytes, { upTo: readCommitted ? lastStableOffset : highWatermark, atLeastOneBatch })
  const recordsOf = ({ chunks, size, readOn }: ReadResult): PartitionRecords => {
    const { logStartOffset } = log
    return { chunks, size, readOn, divergingEpoch, logStartOffset, lastStableOffset, highWatermark } // the bounds that were there before the read
  }
  return found instanceof Promise ? found.then(recordsOf) : recordsOf(found)
}

export const boundsOf = ({ logStartOffset, lastStableOffset, highWatermark }: PartitionLog): PartitionBounds => ({
  logStartOffset,
  lastStableOffset,
  highWatermark,
})

function divergence(log: PartitionLog, { lastFetchedEpoch, offset }: PartitionRead): PartitionRecords['divergingEpoch'] {
  if (lastFetchedEpoch === -1) return undefined
  const { leaderEpoch, endOffset } = log.endOffsetForEpoch(lastFetchedEpoch)
  if (leaderEpoch === -1) throw new Refusal('OFFSET_OUT_OF_RANGE') // an epoch that is yet to come
  return leaderEpoch < lastFetchedEpoch || endOffset < offset ? { epoch: leaderEpoch, endOffset } : undefined
}
