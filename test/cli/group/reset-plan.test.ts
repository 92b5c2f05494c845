import { describe, expect, it } from 'vitest'
import { planReset, type ResetFacts, type ResetTarget } from '../../../src/cli/group/reset-plan.ts'

const at = (offsets: readonly number[]) => new Map([['orders', new Map(offsets.map((offset, index) => [index, { offset, timestamp: 0 }]))]])
const committed = [{ topic: 'orders', partition: 0, offset: 50, leaderEpoch: 3, metadata: 'm' }]
const facts: ResetFacts = { committed, earliest: at([10, 20]), latest: at([100, 200]), atTime: at([70, -1]) }
const places = [0, 1].map((partition) => ({ topic: 'orders', partition }))

const plan = (target: ResetTarget) => planReset(target, places, facts)

describe('the plan of a reset', () => {
  it.each<[string, ResetTarget, number[]]>([
    ['the beginning', { kind: 'earliest' }, [10, 20]],
    ['the end', { kind: 'latest' }, [100, 200]],
    ['where the group is, or the end where nothing is committed', { kind: 'current' }, [50, 200]],
    ['the first record of a time, or the end where none is that late', { kind: 'time', timeMs: 5 }, [70, 200]],
    ['an offset', { kind: 'offset', offset: 30 }, [30, 30]],
    ['the offsets of a file', { kind: 'each', offsets: places.map((place, index) => ({ ...place, offset: 40 + index })) }, [40, 41]],
  ])('goes to %s', (_, target, offsets) => {
    expect(plan(target)).toEqual({
      offsets: places.map((place, index) => ({ ...place, committedOffset: [50, null][index], newOffset: offsets[index] })),
      warnings: [],
    })
  })

  it('takes the nearest offset that a log has, and says so', () => {
    expect(plan({ kind: 'offset', offset: 15 })).toMatchObject({
      offsets: [{ newOffset: 15 }, { newOffset: 20 }],
      warnings: ['partition 1 of "orders" begins at offset 20: that is taken instead of 15'],
    })
    expect(plan({ kind: 'offset', offset: 150 })).toMatchObject({
      offsets: [{ newOffset: 100 }, { newOffset: 150 }],
      warnings: ['partition 0 of "orders" ends at offset 100: that is taken instead of 150'],
    })
  })

  it('shifts what is committed, and leaves out where nothing is', () => {
    expect(plan({ kind: 'shift', by: -30 })).toEqual({
      offsets: [{ topic: 'orders', partition: 0, committedOffset: 50, newOffset: 20 }],
      warnings: ['nothing is committed in partition 1 of "orders", so there is nothing to shift: it is left out'],
    })
    expect(plan({ kind: 'shift', by: 1000 }).offsets).toMatchObject([{ newOffset: 100 }])
  })
})
