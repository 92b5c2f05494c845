import { describe, expect, it } from 'vitest'
import { decodeSnapshot } from '../../../src/log/producers/producer-snapshot.ts'
import { ProducerStates } from '../../../src/log/producers/producer-state.ts'
import type { BatchView } from '../../../src/wire/records/batch.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { batchOf } from '../../support/test-log.ts'

const DAY_MS = 86_400_000

async function batchAt(
  baseOffset: number,
  baseSequence: number,
  { producerId = 9, producerEpoch = 0, count = 2 } = {},
): Promise<BatchView> {
  const { view } = await batchOf(
    Array.from({ length: count }, () => 'v'),
    { producerId, producerEpoch, baseSequence },
  )
  view.baseOffset = baseOffset
  return view
}

function statesOn(clock: ManualClock): ProducerStates {
  return new ProducerStates(() => clock.now(), DAY_MS)
}

describe('the producers of a partition', () => {
  it('are as before when an append is undone', async () => {
    const states = statesOn(new ManualClock())
    const undoFirst = states.add(await batchAt(0, 0))
    const undoSecond = states.add(await batchAt(2, 2))
    undoSecond()
    expect(states.judge(await batchAt(0, 2)).kind).toBe('append')
    expect(states.judge(await batchAt(0, 0)).kind).toBe('duplicate')
    undoFirst()
    expect(states.judge(await batchAt(0, 77)).kind).toBe('append')
  })

  it('are forgotten a day after their last append, whatever timestamps they write', async () => {
    const clock = new ManualClock()
    const states = statesOn(clock)
    states.add(await batchAt(0, 0))
    clock.advance(DAY_MS - 1)
    expect(states.judge(await batchAt(0, 5)).kind).toBe('refuse')
    clock.advance(1)
    expect(states.judge(await batchAt(0, 5)).kind).toBe('append')
  })

  it('start afresh once they have expired: what they wrote before is the original of nothing', async () => {
    const clock = new ManualClock()
    const states = statesOn(clock)
    for (const sequence of [0, 2, 4]) states.add(await batchAt(sequence, sequence))
    clock.advance(DAY_MS)
    states.add(await batchAt(6, 0))
    expect(states.judge(await batchAt(8, 2)).kind).toBe('append')
  })

  it('leave no entry in a snapshot once they have expired', async () => {
    const clock = new ManualClock()
    const states = statesOn(clock)
    states.add(await batchAt(0, 0, { producerId: 1 }))
    clock.advance(DAY_MS)
    states.add(await batchAt(2, 0, { producerId: 2 }))
    expect(decodeSnapshot(states.toSnapshot())?.map(({ producerId }) => producerId)).toEqual([2])
  })

  it('come back from a snapshot with their last batch, and with earlier ones from the log', async () => {
    const clock = new ManualClock()
    const before = statesOn(clock)
    const batches = await Promise.all([0, 2, 4, 6, 8, 10].map((sequence) => batchAt(100 + sequence, sequence)))
    for (const batch of batches) before.add(batch)
    const after = statesOn(clock)
    expect(after.load(before.toSnapshot())).toBe(true)
    expect(after.lacksEarlier).toBe(true)
    expect(after.judge(batches[5]!)).toMatchObject({ kind: 'duplicate', original: { baseOffset: 110 } })
    expect(after.judge(batches[1]!).kind).toBe('refuse')
    after.restoreEarlier(batches.slice(3, 5))
    after.restoreEarlier(batches.slice(0, 3))
    expect(after.lacksEarlier).toBe(false)
    expect(after.judge(batches[1]!)).toMatchObject({ kind: 'duplicate', original: { baseOffset: 102 } })
    expect(after.judge(batches[0]!).kind).toBe('refuse')
  })

  it('take back from the log nothing of another epoch, and nothing that does not join on', async () => {
    const clock = new ManualClock()
    const before = statesOn(clock)
    before.add(await batchAt(110, 10, { producerEpoch: 1 }))
    const after = statesOn(clock)
    after.load(before.toSnapshot())
    after.restoreEarlier([await batchAt(104, 8), await batchAt(106, 6, { producerEpoch: 1 })])
    expect(after.judge(await batchAt(0, 8, { producerEpoch: 1 })).kind).toBe('refuse')
    expect(after.judge(await batchAt(0, 6, { producerEpoch: 1 })).kind).toBe('refuse')
  })
})

describe('a producer snapshot', () => {
  // written by Kafka 4.3.1
  const KAFKAS = Buffer.from(
    '0001ba02d6d3000000010000000000000000000000002452000000000000245200000010000001a1fe3f787cffffffffffffffffffffffff',
    'hex',
  )
  const ENTRY = { producerId: 0, producerEpoch: 0, lastSequence: 9298, lastOffset: 9298, offsetDelta: 16, timestamp: 1795266934908 }

  it('is read from the bytes that Kafka writes', () => {
    expect(decodeSnapshot(KAFKAS)).toEqual([ENTRY])
  })

  it('is written in the same bytes', () => {
    const states = new ProducerStates(() => ENTRY.timestamp, DAY_MS)
    expect(states.load(KAFKAS)).toBe(true)
    expect(states.toSnapshot().toString('hex')).toBe(KAFKAS.toString('hex'))
  })

  it('is not read when a byte of it is wrong, or missing', () => {
    for (let position = 0; position < KAFKAS.length; position++) {
      const damaged = Buffer.from(KAFKAS)
      damaged[position]! ^= 1
      expect(decodeSnapshot(damaged), `byte ${position}`).toBeUndefined()
      expect(decodeSnapshot(KAFKAS.subarray(0, position)), `the first ${position} bytes`).toBeUndefined()
    }
  })
})
