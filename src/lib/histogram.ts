// How often a duration was how long: buckets that grow by a quarter of a power of two, so that a quantile is off by an eighth at most, in a fixed
// kilobyte of memory. Noting one allocates nothing.

const SUB_BUCKETS = 4 // of each power of two
const BUCKET_COUNT = 120 // from below 1 µs to 2^31 µs, 36 minutes; what is longer counts as that
const [COUNT, SUM, MAX] = [BUCKET_COUNT, BUCKET_COUNT + 1, BUCKET_COUNT + 2] // behind the buckets: a number in an array of numbers is never boxed

export interface HistogramSnapshot {
  readonly count: number
  /** Seconds, as all that follow. */
  readonly sum: number
  readonly max: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  /** Those that are not empty, ascending: below which duration (`le`), and how many. Not cumulative. */
  readonly buckets: readonly { readonly le: number; readonly count: number }[]
}

export class Histogram {
  readonly #numbers = new Float64Array(BUCKET_COUNT + 3)

  record(durationMs: number): void {
    const numbers = this.#numbers
    numbers[bucketOf(durationMs)]!++
    numbers[COUNT]!++
    numbers[SUM]! += durationMs
    if (durationMs > numbers[MAX]!) numbers[MAX] = durationMs
  }

  snapshot(): HistogramSnapshot {
    const [count, sum, max] = [this.#numbers[COUNT]!, this.#numbers[SUM]!, this.#numbers[MAX]!]
    const buckets = Array.from({ length: BUCKET_COUNT }, (_, index) => ({ le: upperBoundSeconds(index), count: this.#numbers[index]! }))
    const quantile = (share: number): number => {
      let below = 0
      const holder = buckets.find((bucket) => (below += bucket.count) >= share * count)
      return count === 0 ? 0 : Math.min(holder!.le, max / 1000)
    }
    return {
      count,
      sum: sum / 1000,
      max: max / 1000,
      p50: quantile(0.5),
      p90: quantile(0.9),
      p99: quantile(0.99),
      p999: quantile(0.999),
      buckets: buckets.filter((bucket) => bucket.count > 0),
    }
  }
}

function bucketOf(durationMs: number): number {
  const microseconds = Math.min(Math.max(durationMs * 1000, 0), 2 ** 31 - 1) | 0
  if (microseconds < SUB_BUCKETS) return microseconds
  const exponent = 31 - Math.clz32(microseconds)
  return (exponent - 1) * SUB_BUCKETS + ((microseconds >>> (exponent - 2)) & (SUB_BUCKETS - 1))
}

function upperBoundSeconds(index: number): number {
  if (index < SUB_BUCKETS) return (index + 1) / 1e6
  const width = 2 ** (Math.floor(index / SUB_BUCKETS) - 1)
  return ((SUB_BUCKETS + (index % SUB_BUCKETS) + 1) * width) / 1e6
}
