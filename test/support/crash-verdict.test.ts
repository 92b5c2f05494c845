import { describe, expect, it } from 'vitest'
import { brokenPromises, type FoundRecord, type PartitionHistory } from './crash-verdict.ts'

const found = (...names: string[]): FoundRecord[] =>
  names.map((name, offset) => ({ producer: name[0]!, number: Number(name.slice(1)), offset }))

const history = (changes: Partial<PartitionHistory>): PartitionHistory => ({
  acknowledged: [],
  sentCounts: new Map([
    ['a', 3],
    ['b', 3],
  ]),
  idempotent: new Set(['a']),
  found: found('a0', 'b0', 'a1', 'a2', 'b1'),
  ...changes,
})

describe('the verdict on a log after a kill', () => {
  it('accepts what was acknowledged at its offset, and what was sent without an answer', () => {
    const acknowledged = [
      { producer: 'a', number: 0, offset: 0 },
      { producer: 'a', number: 1, offset: 2 },
    ]
    expect(brokenPromises(history({ acknowledged }))).toEqual([])
  })

  it('misses an acknowledged record past the end', () => {
    const acknowledged = [{ producer: 'b', number: 2, offset: 5 }]
    expect(brokenPromises(history({ acknowledged }))).toEqual(['record 2 of b was acknowledged at offset 5, where nothing is'])
  })

  it('sees another record at the offset of an acknowledged one', () => {
    const acknowledged = [{ producer: 'a', number: 1, offset: 1 }]
    expect(brokenPromises(history({ acknowledged }))).toEqual(['record 1 of a was acknowledged at offset 1, where record 0 of b is'])
  })

  it('sees a record that was never sent', () => {
    expect(brokenPromises(history({ found: found('a0', 'a1', 'b0', 'b1', 'b2', 'b3') }))).toEqual([
      'record 3 of b is at offset 5, and was never sent',
    ])
    expect(brokenPromises(history({ found: found('c0') }))).toEqual(['record 0 of c is at offset 0, and was never sent'])
  })

  it('sees a record of an idempotent producer twice, and allows it to others', () => {
    expect(brokenPromises(history({ found: found('b0', 'b0', 'a0', 'a0') }))).toEqual(['record 0 of a is at offsets 2 and 3'])
  })

  it('sees records of one producer in the wrong order', () => {
    expect(brokenPromises(history({ found: found('b0', 'b2', 'b1') }))).toEqual(['record 1 of b is at offset 2, behind record 2'])
    expect(brokenPromises(history({ found: found('b0', 'b1', 'b0', 'b1') }))).toEqual([])
  })

  it('sees a record of an idempotent producer before an earlier one, and allows it to others', () => {
    expect(brokenPromises(history({ found: found('a0', 'a2') }))).toEqual(['record 2 of a is at offset 1, before record 1'])
    expect(brokenPromises(history({ found: found('b0', 'b2') }))).toEqual([])
  })

  it('sees a gap between offsets', () => {
    const [first, second] = found('a0', 'a1') as [FoundRecord, FoundRecord]
    expect(brokenPromises(history({ found: [first, { ...second, offset: 7 }] }))).toEqual(['offset 7 stands where 1 belongs'])
  })
})
