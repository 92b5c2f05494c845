// The answers to Fetch v11, which every broker since Kafka 2.3 speaks. Of the records only the batches' headers are looked at.

import { errorName, Refusal } from '../../wire/error-codes.ts'
import type { Scan } from './scanner.ts'

export const FETCH_VERSION = 11

export interface FetchedBatch {
  readonly partition: number
  readonly baseOffset: number
  readonly nextOffset: number
  readonly bytes: number
}

export interface FetchObserver {
  /** In the order of offsets. A batch whose end was cut off is not among them. */
  batch: (batch: FetchedBatch) => void
  /** All of an answer has come. */
  answered: () => void
}

const HEAD_SIZE = 4 + 4 + 4 + 2 + 4 + 4 // size, correlation, throttle, error, session, topics
const ERROR_AT = 12
const PARTITION_SIZE = 4 + 2 + 8 + 8 + 8 + 4 // index, error, high watermark, last stable, start offset, aborted transactions
const ABORTED_SIZE = 16
const RECORDS_SIZE = 4 + 4 // preferred replica, bytes of records
const BATCH_HEADER_SIZE = 27 // up to the last offset
const BATCH_OVERHEAD_SIZE = 12 // before what the batch's own size counts

/** Throws a Refusal for an answer that holds an error. */
export function* fetchAnswers(observer: FetchObserver): Scan {
  for (;;) {
    const head = yield HEAD_SIZE
    refuse(head.readInt16BE(ERROR_AT))
    for (let topics = head.readInt32BE(HEAD_SIZE - 4); topics > 0; topics--) {
      yield -(yield 2).readInt16BE(0) // its name
      for (let partitions = (yield 4).readInt32BE(0); partitions > 0; partitions--) yield* fetchedPartition(observer)
    }
    observer.answered()
  }
}

function* fetchedPartition({ batch: onBatch }: FetchObserver): Scan {
  const about = yield PARTITION_SIZE
  const partition = about.readInt32BE(0)
  refuse(about.readInt16BE(4), `partition ${partition}`)
  yield -Math.max(0, about.readInt32BE(PARTITION_SIZE - 4)) * ABORTED_SIZE
  let left = Math.max(0, (yield RECORDS_SIZE).readInt32BE(4))
  while (left >= BATCH_HEADER_SIZE) {
    const header = yield BATCH_HEADER_SIZE
    left -= BATCH_HEADER_SIZE
    const bytes = BATCH_OVERHEAD_SIZE + header.readInt32BE(8)
    const rest = bytes - BATCH_HEADER_SIZE
    if (rest > left) break
    const baseOffset = header.readUInt32BE(0) * 2 ** 32 + header.readUInt32BE(4)
    const nextOffset = baseOffset + header.readInt32BE(23) + 1
    yield -rest
    left -= rest
    onBatch({ partition, baseOffset, nextOffset, bytes })
  }
  yield -left
}

function refuse(errorCode: number, where?: string): void {
  if (errorCode === 0) return
  const { error, message } = new Refusal(errorName(errorCode))
  throw new Refusal(error, where === undefined ? message : `${where}: ${message}`)
}
