import { describe, expect, it } from 'vitest'
import { judge, type ProducerState, sequenceAfter, sequenceBefore, withBatch } from '../../../src/log/producers/sequence.ts'

const LAST = 0x7fffffff

/** A producer at epoch 3 whose batches, of two records each, end at `lastSequence`. */
function producerAt(lastSequence: number, batchCount = 5): ProducerState {
  let state: ProducerState | undefined
  for (let index = batchCount - 1; index >= 0; index--) {
    const last = sequenceBefore(lastSequence, 2 * index)
    const offset = 100 - 2 * index
    state = withBatch(state, 3, {
      firstSequence: sequenceBefore(last, 1),
      lastSequence: last,
      baseOffset: offset - 1,
      lastOffset: offset,
      timestamp: 0,
    })
  }
  return state!
}

describe('the verdict on a batch of an idempotent producer', () => {
  it.each<[string, ProducerState | undefined, [epoch: number, first: number, last: number], string]>([
    ['an unknown producer may start at 0', undefined, [0, 0, 4], 'append'],
    ['an unknown producer may start anywhere', undefined, [7, 1234, 1240], 'append'],
    ['the next sequence', producerAt(9), [3, 10, 12], 'append'],
    ['the newest batch again', producerAt(9), [3, 8, 9], 'duplicate'],
    ['the oldest of the last five again', producerAt(9), [3, 0, 1], 'duplicate'],
    ['one older than the last five', producerAt(19), [3, 8, 9], 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
    ['a gap', producerAt(9), [3, 11, 12], 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
    ['a batch that begins like a known one but is longer', producerAt(9), [3, 8, 10], 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
    ['a part of a known batch', producerAt(9), [3, 9, 9], 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
    ['0 after the last sequence there is', producerAt(LAST), [3, 0, 1], 'append'],
    ['1 after the last sequence there is', producerAt(LAST), [3, 1, 2], 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
    ['the sequence after one that wrapped', producerAt(0), [3, 1, 1], 'append'],
    ['a wrapped batch again', producerAt(0), [3, LAST, 0], 'duplicate'],
    ['a later epoch at 0', producerAt(9), [4, 0, 3], 'append'],
    ['a later epoch that goes on counting', producerAt(9), [4, 10, 12], 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
    ['an earlier epoch', producerAt(9), [2, 10, 12], 'INVALID_PRODUCER_EPOCH'],
    ['a known batch under an earlier epoch', producerAt(9), [2, 8, 9], 'INVALID_PRODUCER_EPOCH'],
    ['a producer of which only the epoch is known, at 0', { producerEpoch: 3, recentBatches: [] }, [3, 0, 1], 'append'],
    [
      'a producer of which only the epoch is known, elsewhere',
      { producerEpoch: 3, recentBatches: [] },
      [3, 5, 6],
      'OUT_OF_ORDER_SEQUENCE_NUMBER',
    ],
  ])('%s', (_, state, [epoch, first, last], expected) => {
    const verdict = judge(state, epoch, first, last)
    expect(verdict.kind === 'refuse' ? verdict.error : verdict.kind).toBe(expected)
  })

  it('tells where the original of a duplicate is', () => {
    expect(judge(producerAt(9), 3, 4, 5)).toMatchObject({ original: { baseOffset: 95, lastOffset: 96 } })
  })

  it('remembers five batches, and none of an earlier epoch', () => {
    const state = producerAt(39, 12)
    expect(state.recentBatches.map(({ firstSequence }) => firstSequence)).toEqual([30, 32, 34, 36, 38])
    const batch = { firstSequence: 0, lastSequence: 0, baseOffset: 101, lastOffset: 101, timestamp: 0 }
    expect(withBatch(state, 4, batch)).toEqual({ producerEpoch: 4, recentBatches: [batch] })
  })

  it('counts around from 2^31 - 1 to 0, and back', () => {
    expect([sequenceAfter(5), sequenceAfter(LAST)]).toEqual([6, 0])
    expect([sequenceBefore(5, 5), sequenceBefore(0, 1), sequenceBefore(3, 10)]).toEqual([0, LAST, LAST - 6])
  })
})
