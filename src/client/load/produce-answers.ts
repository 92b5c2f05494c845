// The answers to Produce v8, which every broker since Kafka 2.4 speaks and which has every number at a place that is known beforehand. An answer without an error
// is recognised by its size and the zeros in it; only one that is not is decoded, to say what it says.
//
//   size 4 | correlation 4 | topics 4 = 1 | name 2 + n | partitions 4 | each: index 4, error 2, base offset 8, append time 8, start offset 8,
//   record errors 4 = 0, message 2 = -1 | throttle 4

import { errorName, Refusal } from '../../wire/error-codes.ts'
import { decodeResponse } from '../../wire/frame.ts'
import { produce } from '../../wire/messages/produce.ts'
import { Reader } from '../../wire/reader.ts'
import type { Scan } from './scanner.ts'

export const PRODUCE_VERSION = 8

const HEAD_SIZE = 14 // without the name
const PARTITION_SIZE = 36
const TAIL_SIZE = 4
const ERROR_AT = 4

/** Calls `onAnswer` for each answer to requests of `partitionCount` partitions of one topic. Throws a Refusal for one that holds an error. */
export function* produceAnswers(topic: string, partitionCount: number, onAnswer: () => void): Scan {
  const headSize = HEAD_SIZE + Buffer.byteLength(topic)
  for (;;) {
    const size = (yield 4).readInt32BE(0)
    const frame = yield size
    if (!isWithoutError(frame, headSize)) refuseErrors(frame)
    onAnswer()
  }

  function isWithoutError(frame: Buffer, start: number): boolean {
    // the last request of a round over all partitions may name fewer
    const partitions = (frame.length - start - TAIL_SIZE) / PARTITION_SIZE
    if (!Number.isInteger(partitions) || partitions < 1 || partitions > partitionCount) return false
    for (let index = 0; index < partitions; index++) if (frame.readInt16BE(start + index * PARTITION_SIZE + ERROR_AT) !== 0) return false
    return true
  }
}

function refuseErrors(frame: Buffer): void {
  const { response } = decodeResponse(produce, PRODUCE_VERSION, new Reader(frame))
  for (const { partitionResponses } of response.responses)
    for (const { index, errorCode, errorMessage } of partitionResponses)
      if (errorCode !== 0) {
        const name = errorName(errorCode)
        throw new Refusal(name, `partition ${index}: ${errorMessage ?? new Refusal(name).message}`)
      }
}
