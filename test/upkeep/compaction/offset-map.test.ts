import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { immediateTurn } from '../../support/job-turn.ts'
import { OffsetMap } from '../../../src/upkeep/compaction/offset-map.ts'

describe('the offset map', () => {
  it('answers what a map of all keys would, until it is full', async () => {
    const keys = fc.array(fc.tuple(fc.string({ maxLength: 3 }), fc.nat(2 ** 50)), { maxLength: 200 })
    await fc.assert(
      fc.asyncProperty(keys, fc.integer({ min: 1, max: 120 }), async (puts, slots) => {
        const map = new OffsetMap(24 * slots, 0.9)
        const model = new Map<string, number>()
        for (const [key, offset] of puts) {
          if (map.isFull) break
          map.put(Buffer.from(key), offset)
          model.set(key, offset)
        }
        expect(map.count).toBe(model.size)
        for (const [key] of puts) expect(map.get(Buffer.from(key))).toBe(model.get(key) ?? -1)
        await map.clear(immediateTurn)
        for (const [key] of puts) expect(map.get(Buffer.from(key))).toBe(-1)
      }),
    )
  })

  it('takes as many keys as the memory has room for at that load', () => {
    const map = new OffsetMap(24 * 1000, 0.9)
    for (let key = 0; !map.isFull; key++) map.put(Buffer.from(`${key}`), key)
    expect(map.count).toBe(900)
  })

  it('has room for one key, however little memory it gets', () => {
    const map = new OffsetMap(1, 0.9)
    map.put(Buffer.from('a'), 5)
    expect([map.isFull, map.get(Buffer.from('a')), map.get(Buffer.from('b'))]).toEqual([true, 5, -1])
  })
})
