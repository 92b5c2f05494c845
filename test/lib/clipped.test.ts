import { describe, expect, it } from 'vitest'
import { clipped } from '../../src/lib/clipped.ts'

describe('a clipped text', () => {
  it.each([
    ['', 3, ''],
    ['abc', 3, 'abc'],
    ['abcd', 3, 'abc…'],
    ['ab😀d', 3, 'ab…'],
    ['ab😀', 4, 'ab😀'],
    ['ab😀d', 4, 'ab😀…'],
  ])('of %o in %i characters is %o', (text, lengthMax, result) => {
    expect(clipped(text, lengthMax)).toBe(result)
  })
})
