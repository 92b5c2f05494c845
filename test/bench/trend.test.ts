import { describe, expect, it } from 'vitest'
import { growsBeyond, trendOf } from '../../bench/soak/trend.ts'

const points = (valueAt: (at: number) => number) => Array.from({ length: 40 }, (_, at) => ({ at, value: valueAt(at) }))
/** Up and down by one, for ever. */
const noise = (at: number): number => Math.sin(at * 12.9898)

describe('a trend', () => {
  it('is the slope of a straight line, for certain', () => {
    const { slope, error } = trendOf(points((at) => 100 + 3 * at))
    expect(slope).toBeCloseTo(3)
    expect(error).toBeCloseTo(0)
  })

  it('is none where a figure only goes up and down', () => {
    expect(growsBeyond(trendOf(points((at) => 100 + 20 * noise(at))), 0.5)).toBe(false)
  })

  it('is seen through what goes up and down', () => {
    expect(growsBeyond(trendOf(points((at) => 100 + at + 2 * noise(at))), 0.5)).toBe(true)
  })

  it('is within a bound when it is smaller', () => {
    expect(growsBeyond(trendOf(points((at) => 100 + 0.4 * at)), 0.5)).toBe(false)
  })

  it('does not grow when it falls', () => {
    expect(growsBeyond(trendOf(points((at) => 100 - at)), 0.5)).toBe(false)
  })

  it('cannot be told from two points', () => {
    expect(growsBeyond(trendOf(points((at) => 100 * at).slice(0, 2)), 0.5)).toBe(false)
  })
})
