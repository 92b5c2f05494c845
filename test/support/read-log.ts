// What a log serves, read through its public surface.

import type { PartitionLog } from '../../src/log/partition-log.ts'
import { BatchView } from '../../src/wire/records/batch.ts'
import { decompress } from '../../src/wire/records/codecs.ts'
import { readRecords } from '../../src/wire/records/record.ts'

export interface SeenRecord {
  readonly offset: number
  readonly timestamp: number
  readonly value: string
}

/** The batches of one read. */
export async function readBatches(log: PartitionLog, offset: number, maxBytes = 1 << 20, atLeastOneBatch = true): Promise<BatchView[]> {
  const { chunks, size } = await log.read(offset, maxBytes, { upTo: log.highWatermark, atLeastOneBatch })
  const bytes = Buffer.concat(chunks)
  if (bytes.length !== size) throw new Error(`a read of ${size} bytes has ${bytes.length}`)
  const views: BatchView[] = []
  for (let position = 0; position < bytes.length; position += views.at(-1)!.sizeInBytes) views.push(new BatchView(bytes, position))
  return views
}

/** Every record from `offset` to the high watermark, in reads of `maxBytes`. */
export async function readAll(log: PartitionLog, offset = log.logStartOffset, maxBytes = 1 << 20): Promise<SeenRecord[]> {
  const seen: SeenRecord[] = []
  for (let next = offset; next < log.highWatermark;) {
    const views = await readBatches(log, next, maxBytes)
    if (views.length === 0) throw new Error(`nothing at offset ${next}, below the high watermark ${log.highWatermark}`)
    for (const view of views) {
      if (!view.isCrcValid) throw new Error(`the batch at ${view.baseOffset} is damaged`)
      const records = await decompress(view.codec, view.packedRecords, 1 << 20)
      for (const { offset, timestamp, value } of readRecords(records, view)) {
        if (offset >= next) seen.push({ offset, timestamp, value: String(value) })
      }
      next = view.lastOffset + 1
    }
  }
  return seen
}
