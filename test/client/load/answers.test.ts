import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FETCH_VERSION, fetchAnswers, type FetchedBatch } from '../../../src/client/load/fetch-answers.ts'
import { PRODUCE_VERSION, produceAnswers } from '../../../src/client/load/produce-answers.ts'
import { type Scan, Scanner } from '../../../src/client/load/scanner.ts'
import { errorCode } from '../../../src/wire/error-codes.ts'
import { encodeResponse } from '../../../src/wire/frame.ts'
import { fetch } from '../../../src/wire/messages/fetch.ts'
import { produce } from '../../../src/wire/messages/produce.ts'
import { encodeBatch } from '../../../src/wire/records/record.ts'
import { BatchView } from '../../../src/wire/records/batch.ts'
import type { Draft } from '../../../src/wire/schema.ts'

const TOPIC = 'ünï'

/** In chunks of that size. */
function scanned(scan: Scan, bytes: Buffer, chunkBytes: number): void {
  const scanner = new Scanner(scan)
  for (let start = 0; start < bytes.length; start += chunkBytes) scanner.take(bytes.subarray(start, start + chunkBytes))
}

describe('answers to Produce', () => {
  const answer = (...errorCodes: readonly number[]): Buffer =>
    Buffer.concat(
      encodeResponse(produce, PRODUCE_VERSION, 7, {
        responses: [
          {
            name: TOPIC,
            partitionResponses: errorCodes.map((code, index) => ({ index, errorCode: code, baseOffset: 12, recordErrors: [] })),
          },
        ],
      }),
    )

  it('are counted, however they come', () => {
    for (const chunkBytes of [1, 7, 1000]) {
      let count = 0
      scanned(
        produceAnswers(TOPIC, 3, () => count++),
        Buffer.concat([answer(0, 0, 0), answer(0), answer(0, 0, 0)]),
        chunkBytes,
      )
      expect(count).toBe(3)
    }
  })

  it('with an error are refused in its words, whichever partition has it', () => {
    const read = (bytes: Buffer) => () =>
      scanned(
        produceAnswers(TOPIC, 3, () => undefined),
        bytes,
        1000,
      )
    expect(read(answer(0, 0, errorCode('NOT_LEADER_OR_FOLLOWER')))).toThrow(/partition 2: this broker does not hold/)
    expect(read(answer(errorCode('MESSAGE_TOO_LARGE'), 0, 0))).toThrow(/partition 0: .*larger than/)
  })
})

describe('answers to Fetch', () => {
  type Partition = Draft<typeof fetch.response>['responses'][number]['partitions'][number]
  const batchOf = (baseOffset: number, count: number): Buffer => {
    const records = Array.from({ length: count }, () => ({ timestamp: 1, key: null, value: Buffer.alloc(9) }))
    const bytes = encodeBatch({ records }) as Buffer
    new BatchView(bytes).baseOffset = baseOffset
    return bytes
  }
  const partition = (partitionIndex: number, records: Buffer | null, more: Partial<Partition> = {}): Partition => ({
    partitionIndex,
    errorCode: 0,
    highWatermark: 9,
    abortedTransactions: null,
    records,
    ...more,
  })
  const answer = (partitions: readonly Partition[], code = 0): Buffer =>
    Buffer.concat(encodeResponse(fetch, FETCH_VERSION, 7, { errorCode: code, responses: [{ topic: TOPIC, partitions: [...partitions] }] }))
  const observed = (bytes: Buffer, chunkBytes: number): (FetchedBatch | 'answered')[] => {
    const seen: (FetchedBatch | 'answered')[] = []
    scanned(fetchAnswers({ batch: (batch) => seen.push(batch), answered: () => seen.push('answered') }), bytes, chunkBytes)
    return seen
  }

  it('tell their batches, in any number of partitions, however they come', () => {
    const [first, second, third] = [batchOf(5, 3), batchOf(8, 1), batchOf(2 ** 40, 2)]
    const bytes = Buffer.concat([
      answer([
        partition(0, Buffer.concat([first, second])),
        partition(1, null, { abortedTransactions: [{ producerId: 1, firstOffset: 2 }] }),
        partition(2, third),
      ]),
      answer([]),
    ])
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), (chunkBytes) => {
        expect(observed(bytes, chunkBytes)).toEqual([
          { partition: 0, baseOffset: 5, nextOffset: 8, bytes: first.length },
          { partition: 0, baseOffset: 8, nextOffset: 9, bytes: second.length },
          { partition: 2, baseOffset: 2 ** 40, nextOffset: 2 ** 40 + 2, bytes: third.length },
          'answered',
          'answered',
        ])
      }),
    )
  })

  it('pass over a batch whose end is cut off', () => {
    const whole = batchOf(0, 1)
    for (const cut of [1, 30, whole.length - 1]) {
      const bytes = answer([partition(0, Buffer.concat([whole, batchOf(1, 1).subarray(0, cut)])), partition(1, whole)])
      expect(observed(bytes, 50).map((batch) => (batch === 'answered' ? batch : batch.partition))).toEqual([0, 1, 'answered'])
    }
  })

  it('with an error are refused in its words', () => {
    expect(() => observed(answer([partition(3, null, { errorCode: errorCode('OFFSET_OUT_OF_RANGE') })]), 99)).toThrow(
      /partition 3: .*offset/,
    )
    expect(() => observed(answer([], errorCode('FETCH_SESSION_ID_NOT_FOUND')), 99)).toThrow(/session/)
  })
})
