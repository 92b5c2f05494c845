import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OffsetIndex, type OffsetIndexEntry } from '../../../src/log/segments/offset-index.ts'

const BASE_OFFSET = 1000

/** Entries whose offsets and positions grow. */
const entries = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 5000 })), { maxLength: 60 })
  .map((steps) => steps.reduce<OffsetIndexEntry[]>((list, [offset, position]) => list.concat(next(list.at(-1), offset, position)), []))

function next(last: OffsetIndexEntry | undefined, offsetStep: number, positionStep: number): OffsetIndexEntry {
  return { offset: (last?.offset ?? BASE_OFFSET) + offsetStep, position: (last?.position ?? 0) + positionStep }
}

function indexOf(list: readonly OffsetIndexEntry[]): OffsetIndex {
  const index = new OffsetIndex(BASE_OFFSET, 1 << 20)
  for (const { offset, position } of list) index.append(offset, position)
  return index
}

describe('an offset index', () => {
  it('finds what a linear scan finds', () => {
    fc.assert(
      fc.property(entries, fc.integer({ min: 990, max: 5000 }), (list, offset) => {
        expect(indexOf(list).entryAtOrBelow(offset)).toEqual(list.findLast((entry) => entry.offset <= offset))
      }),
    )
  })

  it('finds what a linear scan finds by position', () => {
    fc.assert(
      fc.property(entries, fc.integer({ min: 0, max: 100_000 }), (list, position) => {
        expect(indexOf(list).entryAtOrBelowPosition(position)).toEqual(list.findLast((entry) => entry.position <= position))
      }),
    )
  })

  it('is the same when it is read from its bytes', () => {
    fc.assert(
      fc.property(entries, (list) => {
        const bytes = indexOf(list).bytes()
        expect(OffsetIndex.parse(bytes, BASE_OFFSET, 0).bytes()).toEqual(bytes)
      }),
    )
  })

  it('is read up to where its bytes stop growing: zeros of a file that was made longer, or garbage', () => {
    const bytes = indexOf([{ offset: 1005, position: 100 }]).bytes()
    expect(OffsetIndex.parse(Buffer.concat([bytes, Buffer.alloc(64)]), BASE_OFFSET, 0).count).toBe(1)
    expect(OffsetIndex.parse(Buffer.concat([bytes, bytes]), BASE_OFFSET, 0).count).toBe(1)
    expect(OffsetIndex.parse(Buffer.alloc(64), BASE_OFFSET, 0).count).toBe(0)
    expect(OffsetIndex.parse(bytes.subarray(0, 7), BASE_OFFSET, 0).count).toBe(0)
  })

  it('writes big-endian relative offsets and positions', () => {
    const bytes = indexOf([{ offset: BASE_OFFSET + 0x01020304, position: 0x7fffffff }]).bytes()
    expect(bytes.toString('hex')).toBe('010203047fffffff')
  })

  it('is full after as many entries as its size limit holds', () => {
    const index = new OffsetIndex(0, 23)
    index.append(1, 10)
    expect(index.isFull).toBe(false)
    index.append(2, 20)
    expect(index.isFull).toBe(true)
    expect(() => index.append(3, 30)).toThrow('is full')
  })

  it('refuses an entry that does not grow', () => {
    const index = indexOf([{ offset: 1005, position: 100 }])
    expect(() => index.append(1005, 200)).toThrow('does not grow')
    expect(() => index.append(1006, 100)).toThrow('does not grow')
  })

  it('forgets the entries above an offset', () => {
    fc.assert(
      fc.property(entries, fc.integer({ min: 990, max: 5000 }), (list, offset) => {
        const index = indexOf(list)
        index.truncateAbove(offset)
        expect(index.bytes()).toEqual(indexOf(list.filter((entry) => entry.offset <= offset)).bytes())
      }),
    )
  })
})
