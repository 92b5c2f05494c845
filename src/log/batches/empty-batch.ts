// What takes the place of records that are lost: a batch without records that covers their offsets, as Kafka's compaction leaves one behind. So offsets go
// on without a gap, and every reader, Kafka's tools among them, passes over it.

import { BATCH_HEADER_SIZE, BATCH_OVERHEAD, BatchView } from '../../wire/records/batch.ts'
import { writeInt64At } from '../../wire/fixed-size.ts'

const OFFSETS_MAX = 2 ** 31 // that one batch can cover

interface CoveredOffsets {
  readonly fromOffset: number
  /** Exclusive. */
  readonly toOffset: number
  readonly leaderEpoch: number
}

/** One batch, or several where one cannot cover so many offsets. */
export function emptyBatches({ fromOffset, toOffset, leaderEpoch }: CoveredOffsets): Buffer {
  const batches: Buffer[] = []
  for (let offset = fromOffset; offset < toOffset; offset += OFFSETS_MAX)
    batches.push(emptyBatch({ fromOffset: offset, toOffset: Math.min(toOffset, offset + OFFSETS_MAX), leaderEpoch }))
  return Buffer.concat(batches)
}

function emptyBatch({ fromOffset, toOffset, leaderEpoch }: CoveredOffsets): Buffer {
  const bytes = Buffer.alloc(BATCH_HEADER_SIZE)
  const view = new BatchView(bytes)
  view.baseOffset = fromOffset
  bytes.writeInt32BE(BATCH_HEADER_SIZE - BATCH_OVERHEAD, 8)
  view.partitionLeaderEpoch = leaderEpoch
  bytes.writeInt8(2, 16)
  bytes.writeInt32BE(toOffset - fromOffset - 1, 23)
  writeInt64At(bytes, -1, 27) // no record, no timestamps
  writeInt64At(bytes, -1, 35)
  writeInt64At(bytes, -1, 43) // no producer
  bytes.writeInt16BE(-1, 51)
  bytes.writeInt32BE(-1, 53)
  bytes.writeUInt32BE(view.computeCrc(), 17)
  return bytes
}
