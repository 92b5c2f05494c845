import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Scan, Scanner } from '../../../src/client/load/scanner.ts'

/** What a scan is handed of bytes 0, 1, 2, … that come in chunks of these sizes. */
function piecesOf(wanted: readonly number[], chunkSizes: readonly number[]): number[][] {
  const pieces: number[][] = []
  function* scan(): Scan {
    for (const count of wanted) {
      const piece = [...(yield count)]
      if (count > 0) pieces.push(piece)
    }
  }
  const scanner = new Scanner(scan())
  let next = 0
  for (const size of chunkSizes) scanner.take(Buffer.from(Array.from({ length: size }, () => next++ % 256)))
  return pieces
}

describe('a scanner', () => {
  it('hands over what is wanted, and passes over the rest', () => {
    expect(piecesOf([2, -3, 1, -0, 2], [10])).toEqual([[0, 1], [5], [6, 7]])
  })

  it('hands over the same however the bytes come', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 30 })
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -9, max: 9 }), { maxLength: 20 }), sizes, (wanted, chunkSizes) => {
        const total = chunkSizes.reduce((sum, size) => sum + size, 0)
        expect(piecesOf(wanted, chunkSizes)).toEqual(piecesOf(wanted, [total]))
      }),
    )
  })

  it('passes over what comes after the end of the scan', () => {
    expect(piecesOf([1], [5, 5])).toEqual([[0]])
  })

  it('throws what the scan throws', () => {
    function* scan(): Scan {
      yield 1
      throw new Error('no')
    }
    const scanner = new Scanner(scan())
    expect(() => scanner.take(Buffer.alloc(1))).toThrow('no')
  })
})
