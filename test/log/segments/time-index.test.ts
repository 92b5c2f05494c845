import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TimeIndex, type TimeIndexEntry } from '../../../src/log/segments/time-index.ts'

const BASE_OFFSET = 1000

/** Entries whose timestamps grow and whose offsets do not fall. */
const entries = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 2 ** 40 }), fc.integer({ min: 0, max: 50 })), { maxLength: 60 })
  .map((steps) => steps.reduce<TimeIndexEntry[]>((list, [timestamp, offset]) => list.concat(next(list.at(-1), timestamp, offset)), []))

function next(last: TimeIndexEntry | undefined, timestampStep: number, offsetStep: number): TimeIndexEntry {
  return { timestamp: (last?.timestamp ?? 0) + timestampStep, offset: (last?.offset ?? BASE_OFFSET) + offsetStep }
}

function indexOf(list: readonly TimeIndexEntry[]): TimeIndex {
  const index = new TimeIndex(BASE_OFFSET, 1 << 20)
  for (const { timestamp, offset } of list) index.maybeAppend(timestamp, offset)
  return index
}

describe('a time index', () => {
  it('finds what a linear scan finds', () => {
    fc.assert(
      fc.property(entries, fc.nat(), fc.integer({ min: -1, max: 1 }), (list, pick, difference) => {
        const timestamp = (list[pick % Math.max(1, list.length)]?.timestamp ?? 5) + difference
        expect(indexOf(list).entryBefore(timestamp)).toEqual(list.findLast((entry) => entry.timestamp < timestamp))
      }),
    )
  })

  it('finds the newest entry below an offset', () => {
    fc.assert(
      fc.property(entries, fc.integer({ min: 990, max: 4000 }), (list, offset) => {
        expect(indexOf(list).lastEntryBelow(offset)).toEqual(list.findLast((entry) => entry.offset < offset))
      }),
    )
  })

  it('is the same when it is read from its bytes', () => {
    fc.assert(
      fc.property(entries, (list) => {
        const bytes = indexOf(list).bytes()
        expect(TimeIndex.parse(bytes, BASE_OFFSET, 0).bytes()).toEqual(bytes)
      }),
    )
  })

  it('is read up to where its bytes stop growing', () => {
    const bytes = indexOf([{ timestamp: 7, offset: 1003 }]).bytes()
    expect(TimeIndex.parse(Buffer.concat([bytes, Buffer.alloc(48)]), BASE_OFFSET, 0).count).toBe(1)
    expect(TimeIndex.parse(Buffer.concat([bytes, bytes]), BASE_OFFSET, 0).count).toBe(1)
    expect(TimeIndex.parse(Buffer.alloc(48), BASE_OFFSET, 0).count).toBe(0)
  })

  it('writes big-endian timestamps and relative offsets', () => {
    const bytes = indexOf([{ timestamp: 0x0102_0304_0506, offset: BASE_OFFSET + 0x0708090a }]).bytes()
    expect(bytes.toString('hex')).toBe('00000102030405060708090a')
  })

  it('takes no entry that is not later than the last', () => {
    const index = indexOf([{ timestamp: 7, offset: 1003 }])
    index.maybeAppend(7, 1004)
    index.maybeAppend(6, 1005)
    expect(index.lastEntry).toEqual({ timestamp: 7, offset: 1003 })
  })

  it('keeps its last place for the entry that closes the segment', () => {
    const index = new TimeIndex(0, 36)
    index.maybeAppend(1, 1)
    expect(index.isFull).toBe(false)
    index.maybeAppend(2, 2)
    expect(index.isFull).toBe(true)
    index.maybeAppend(3, 3)
    expect(index.count).toBe(3)
  })
})
