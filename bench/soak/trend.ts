// Whether a figure grows: a straight line through what was seen of it (least squares), and how sure its slope is. Pure.

export interface Point {
  readonly at: number
  readonly value: number
}

export interface Trend {
  readonly slope: number
  /** Of the slope: the true one is below `slope - 2 * error` in one case of forty. */
  readonly error: number
}

/** None can be told from fewer than three points. */
export function trendOf(points: readonly Point[]): Trend {
  const count = points.length
  if (count < 3) return { slope: 0, error: Infinity }
  const meanAt = mean(points.map(({ at }) => at))
  const meanValue = mean(points.map(({ value }) => value))
  const spread = sum(points.map(({ at }) => (at - meanAt) ** 2))
  const slope = sum(points.map(({ at, value }) => (at - meanAt) * (value - meanValue))) / spread
  const missed = sum(points.map(({ at, value }) => (value - meanValue - slope * (at - meanAt)) ** 2))
  return { slope, error: Math.sqrt(missed / (count - 2) / spread) }
}

/** By more than the bound for certain: what may be chance counts for nothing. */
export const growsBeyond = ({ slope, error }: Trend, bound: number): boolean => slope - 2 * error > bound

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
const mean = (numbers: readonly number[]): number => sum(numbers) / numbers.length
