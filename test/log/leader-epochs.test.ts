import { describe, expect, it } from 'vitest'
import { LeaderEpochs } from '../../src/log/leader-epochs.ts'

/** Epoch 2 from 0, epoch 5 from 100, epoch 6 from 150. */
function epochsOf(...entries: [epoch: number, startOffset: number][]): LeaderEpochs {
  const epochs = new LeaderEpochs()
  for (const [epoch, startOffset] of entries) epochs.assign(epoch, startOffset)
  return epochs
}
const threeEpochs = (): LeaderEpochs => epochsOf([2, 0], [5, 100], [6, 150])

describe('leader epochs', () => {
  it.each([
    ['the current one ends at the log end', 6, { leaderEpoch: 6, endOffset: 200 }],
    ['an earlier one ends where the next began', 5, { leaderEpoch: 5, endOffset: 150 }],
    ['one that wrote nothing is answered with the one before it', 4, { leaderEpoch: 2, endOffset: 100 }],
    ['one before the first ends where the first began', 1, { leaderEpoch: 1, endOffset: 0 }],
    ['one that is yet to come is unknown', 7, { leaderEpoch: -1, endOffset: -1 }],
    ['no epoch is unknown', -1, { leaderEpoch: -1, endOffset: -1 }],
  ])('%s', (_, epoch, expected) => {
    expect(threeEpochs().endOffsetFor(epoch, 6, 200)).toEqual(expected)
  })

  it('end at the log end when the current epoch has written nothing', () => {
    expect(threeEpochs().endOffsetFor(6, 8, 200)).toEqual({ leaderEpoch: 6, endOffset: 200 })
    expect(threeEpochs().endOffsetFor(7, 8, 200)).toEqual({ leaderEpoch: 6, endOffset: 200 })
    expect(threeEpochs().endOffsetFor(8, 8, 200)).toEqual({ leaderEpoch: 8, endOffset: 200 })
  })

  it('tell the epoch of every offset', () => {
    expect([0, 99, 100, 149, 150, 9999].map((offset) => threeEpochs().epochAt(offset))).toEqual([2, 2, 5, 5, 6, 6])
    expect(epochsOf([3, 10]).epochAt(9)).toBe(-1)
  })

  it('do not go back', () => {
    const epochs = threeEpochs()
    expect(epochs.assign(6, 160)).toBe(false)
    expect(epochs.assign(4, 160)).toBe(false)
    expect(epochs.latestEpoch).toBe(6)
  })

  it('forget one that holds no record when another begins at its place', () => {
    const epochs = threeEpochs()
    expect(epochs.assign(9, 150)).toBe(true)
    expect(epochs.format()).toBe('0\n3\n2 0\n5 100\n9 150\n')
  })

  it('follow the log when its end or its start moves', () => {
    const cut = threeEpochs()
    cut.truncateFromEnd(150)
    expect(cut.format()).toBe('0\n2\n2 0\n5 100\n')
    const trimmed = threeEpochs()
    trimmed.truncateFromStart(120)
    expect(trimmed.format()).toBe('0\n2\n5 120\n6 150\n')
  })

  it('are written as Kafka writes them, and read back', () => {
    expect(threeEpochs().format()).toBe('0\n3\n2 0\n5 100\n6 150\n')
    expect(LeaderEpochs.parse('0\n3\n2 0\n5 100\n6 150\n')?.format()).toBe(threeEpochs().format())
    expect(LeaderEpochs.parse('0\n0\n')?.latestEpoch).toBe(-1)
  })

  it.each(['', '1\n0\n', '0\n2\n1 0\n', '0\n1\n1 x\n', '0\n2\n5 100\n4 200\n', '0\n2\n4 100\n5 100\n'])(
    'are not read from damaged text: %j',
    (text) => {
      expect(LeaderEpochs.parse(text)).toBeUndefined()
    },
  )
})
