// The records of a batch, decompressed, against what the batch says of them and what the topic demands. One pass that allocates nothing per record;
// only when it finds a record that the topic refuses does a second pass say which ones and why.

import { Malformed } from '../../wire/reader.ts'
import { Refusal } from '../../wire/error-codes.ts'
import type { BatchView } from '../../wire/records/batch.ts'
import { RecordCursor } from '../../wire/records/record-cursor.ts'
import { type RecordError, RefusedRecords } from '../../wire/records/refused-records.ts'

export interface RecordRules {
  readonly isCompacted: boolean
  /** With LogAppendTime the records' own timestamps do not matter. */
  readonly timestampType: 'CreateTime' | 'LogAppendTime'
  /** 2^53 - 1 and more: no limit. */
  readonly timestampBeforeMaxMs: number
  readonly timestampAfterMaxMs: number
  readonly nowMs: number
}

const NO_TIMESTAMP = -1
/** Ms, far beyond any date. Up to it, the sum of a base timestamp and a delta is exact. */
const TIMESTAMP_MAX = 2 ** 52
const RECORD_ERRORS_MAX = 100 // a batch may hold a million records, and the answer is kept in memory

/** Answers the greatest of their timestamps; throws a Refusal. They begin at `start` of `records`. */
export function checkRecords(records: Buffer, start: number, view: BatchView, rules: RecordRules): number {
  const { recordCount } = view
  const cursor = new RecordCursor(records, start)
  let least = Infinity
  let greatest = -Infinity
  let hasKeys = true
  let index = 0
  try {
    for (; index < recordCount; index++) {
      cursor.next()
      const { timestampDelta } = cursor
      if (cursor.offsetDelta !== index) throw new Malformed(`its offset delta is ${cursor.offsetDelta}`)
      if (cursor.keySize < 0) hasKeys = false
      if (timestampDelta < least) least = timestampDelta
      if (timestampDelta > greatest) greatest = timestampDelta
    }
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    throw new Refusal('INVALID_RECORD', `record ${index} of ${recordCount} is malformed: ${error.message}`)
  }
  if (!cursor.isAtEnd) throw new Refusal('INVALID_RECORD', `the batch has more bytes than its ${recordCount} records take`)
  const range = timestampRange(rules)
  const isInRange =
    mayHold(range, view.baseTimestamp) && view.baseTimestamp + least >= range.from && view.baseTimestamp + greatest <= range.upTo
  if (!isInRange || (rules.isCompacted && !hasKeys)) refuseOffenders(new RecordCursor(records, start), view, range, rules.isCompacted)
  return view.baseTimestamp + greatest
}

interface TimestampRange {
  readonly from: number
  readonly upTo: number
}

const ANY_TIMESTAMP: TimestampRange = { from: -Infinity, upTo: Infinity }

function timestampRange({ timestampType, timestampBeforeMaxMs, timestampAfterMaxMs, nowMs }: RecordRules): TimestampRange {
  if (timestampType === 'LogAppendTime') return ANY_TIMESTAMP
  return { from: Math.max(nowMs - timestampBeforeMaxMs, -TIMESTAMP_MAX), upTo: Math.min(nowMs + timestampAfterMaxMs, TIMESTAMP_MAX) }
}

/** Whether the timestamps of a batch with this base can be told. */
function mayHold(range: TimestampRange, baseTimestamp: number): boolean {
  return range === ANY_TIMESTAMP || Math.abs(baseTimestamp) <= TIMESTAMP_MAX
}

/** Returns when all that is out of range are records without a timestamp. */
function refuseOffenders(
  cursor: RecordCursor,
  { recordCount, baseTimestamp }: BatchView,
  range: TimestampRange,
  isCompacted: boolean,
): void {
  const recordErrors: RecordError[] = []
  let errorCount = 0
  let hasWrongTimestamp = false
  const addError = (batchIndex: number, batchIndexErrorMessage: string): void => {
    errorCount++
    if (recordErrors.length < RECORD_ERRORS_MAX) recordErrors.push({ batchIndex, batchIndexErrorMessage })
  }
  for (let index = 0; index < recordCount; index++) {
    cursor.next()
    const timestamp = baseTimestamp + cursor.timestampDelta
    if (isCompacted && cursor.keySize < 0) {
      addError(index, 'a record of a compacted topic needs a key')
    } else if (!mayHold(range, baseTimestamp)) {
      hasWrongTimestamp = true
      addError(index, `the base timestamp of its batch, ${baseTimestamp} or beyond, is no time in milliseconds`)
    } else if (timestamp !== NO_TIMESTAMP && (timestamp < range.from || timestamp > range.upTo)) {
      hasWrongTimestamp = true
      addError(
        index,
        `the timestamp ${timestamp} is not between ${range.from} and ${range.upTo} (message.timestamp.before.max.ms and after.max.ms)`,
      )
    }
  }
  if (errorCount === 0) return
  const { batchIndex, batchIndexErrorMessage } = recordErrors[0]!
  const sentence = `${errorCount} of ${recordCount} records are refused; record ${batchIndex}: ${batchIndexErrorMessage}`
  throw new RefusedRecords(hasWrongTimestamp ? 'INVALID_TIMESTAMP' : 'INVALID_RECORD', sentence, recordErrors)
}
