import { describe, expect, it } from 'vitest'
import { formatBytes, formatCount, formatTable } from '../../src/cli/terminal.ts'

describe('a size', () => {
  it('is in the unit in which a person would say it', () => {
    expect([0, 1, 512, 999, 1000, 1234, 9_940, 9_960, 123_456, 999_499, 999_999, 1_200_000_000, 5e15].map(formatBytes)).toEqual([
      '0 bytes',
      '1 byte',
      '512 bytes',
      '999 bytes',
      '1.0 kB',
      '1.2 kB',
      '9.9 kB',
      '10 kB',
      '123 kB',
      '999 kB',
      '1.0 MB',
      '1.2 GB',
      '5000 TB',
    ])
  })
})

describe('a count', () => {
  it('has its noun in the singular for one', () => {
    expect([0, 1, 1200].map((count) => formatCount(count, 'topic'))).toEqual(['0 topics', '1 topic', '1,200 topics'])
  })
})

describe('a table', () => {
  it('has columns as wide as their widest cell, numbers to the right, no spaces at line ends', () => {
    expect(formatTable(['name', 'count'], [['orders', 7], ['a', 1200]])).toBe('NAME    COUNT\norders      7\na        1200') // prettier-ignore
    expect(formatTable(['a', 'b'], [['1', '']])).toBe('A  B\n1')
  })
})
