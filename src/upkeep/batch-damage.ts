// What is wrong inside a batch of plausible shape, as a sentence; undefined when nothing is. A stored batch may lack records that a compaction removed.

import { Malformed } from '../wire/reader.ts'
import { Refusal } from '../wire/error-codes.ts'
import type { BatchView } from '../wire/records/batch.ts'
import { decompress } from '../wire/records/codecs.ts'
import { OutputTooLarge } from '../wire/records/compression.ts'
import { RecordCursor } from '../wire/records/record-cursor.ts'

const DECOMPRESSED_BYTES_MAX = 1 << 30

/** Synchronous for batches without a codec, and small ones. `use` gets the records, decompressed, when they are sound. */
export function batchDamage(view: BatchView, use?: (records: Buffer) => void): string | undefined | Promise<string | undefined> {
  if (!view.isCrcValid) return 'the checksum is wrong'
  const check = (records: Buffer): string | undefined => {
    const damage = recordsDamage(view, records)
    if (damage === undefined) use?.(records)
    return damage
  }
  try {
    const records = decompress(view.codec, view.packedRecords, DECOMPRESSED_BYTES_MAX)
    return records instanceof Promise ? records.then(check).catch(sentenceOf) : check(records)
  } catch (error) {
    return sentenceOf(error)
  }
}

function sentenceOf(error: unknown): string {
  if (error instanceof Malformed) return `the records cannot be decompressed: ${error.message}`
  if (error instanceof OutputTooLarge || error instanceof Refusal) return error.message
  throw error
}

function recordsDamage(view: BatchView, records: Buffer): string | undefined {
  const { recordCount, lastOffsetDelta, baseTimestamp } = view
  if (recordCount < 0) return `it claims ${recordCount} records`
  if (view.producerId >= 0 && view.baseSequence < 0 && !view.isControl) return `it has producer ${view.producerId} but no sequence`
  const cursor = new RecordCursor(records)
  let lastDelta = -1
  let greatestTimestamp = -Infinity
  try {
    for (let index = 0; index < recordCount; index++) {
      cursor.next()
      if (cursor.offsetDelta <= lastDelta) return `record ${index} does not follow the one before it`
      lastDelta = cursor.offsetDelta
      greatestTimestamp = Math.max(greatestTimestamp, baseTimestamp + cursor.timestampDelta)
    }
  } catch (error) {
    if (error instanceof Malformed) return `its records are malformed: ${error.message}`
    throw error
  }
  if (!cursor.isAtEnd) return `it has more bytes than its ${recordCount} records take`
  if (lastDelta > lastOffsetDelta)
    return `its last record has offset ${view.baseOffset + lastDelta}, but it claims to end at ${view.lastOffset}`
  if (view.timestampType === 'CreateTime' && greatestTimestamp > view.maxTimestamp) {
    return `a record has timestamp ${greatestTimestamp}, but it claims ${view.maxTimestamp} to be the greatest`
  }
  return undefined
}
