import { describe, expect, it } from 'vitest'
import { Counter, Counters, Labelled } from '../../src/lib/counters.ts'
import { watchEventLoop } from '../../src/lib/event-loop.ts'
import { Histogram } from '../../src/lib/histogram.ts'
import { ManualClock } from '../support/manual-clock.ts'

const metric = (name: string, type: 'counter' | 'gauge' | 'histogram' = 'counter') => ({ name, type, doc: `${name}.` })

describe('a registry of counters', () => {
  it('reads everything when it is asked, as plain data', () => {
    const counters = new Counters()
    const requests = new Labelled(['api', 'error'], () => new Counter())
    let open = 1
    counters.register(metric('requests_total'), requests)
    counters.register(metric('open', 'gauge'), () => open)
    requests.of('Produce', 'NONE').add()
    requests.of('Produce', 'NONE').add(2)
    requests.of('Fetch', 'NONE').add()
    open = 7
    const snapshot = counters.snapshot()
    expect(snapshot).toEqual([
      {
        ...metric('requests_total'),
        samples: [
          { labels: { api: 'Produce', error: 'NONE' }, value: 3 },
          { labels: { api: 'Fetch', error: 'NONE' }, value: 1 },
        ],
      },
      { ...metric('open', 'gauge'), samples: [{ labels: {}, value: 7 }] },
    ])
    expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot)
  })

  it('takes a name once', () => {
    const counters = new Counters()
    counters.register(metric('requests_total'), new Counter())
    expect(() => counters.register(metric('requests_total'), new Counter())).toThrow('there already')
  })
})

describe('a histogram', () => {
  const of = (...durationsMs: number[]): ReturnType<Histogram['snapshot']> => {
    const histogram = new Histogram()
    for (const duration of durationsMs) histogram.record(duration)
    return histogram.snapshot()
  }

  it('is all zeros before anything was noted', () => {
    expect(of()).toEqual({ count: 0, sum: 0, max: 0, p50: 0, p90: 0, p99: 0, p999: 0, buckets: [] })
  })

  it('knows count, sum and greatest exactly, in seconds', () => {
    expect(of(1, 2, 1000)).toMatchObject({ count: 3, sum: 1.003, max: 1 })
  })

  it('puts each duration in a bucket that ends above it, by a quarter at most', () => {
    for (let microseconds = 4; microseconds < 2 ** 31; microseconds = Math.ceil(microseconds * 1.13)) {
      const [bucket, ...others] = of(microseconds / 1000).buckets
      expect(others).toEqual([])
      expect(bucket!.le * 1e6).toBeGreaterThan(microseconds * 0.999)
      expect(bucket!.le * 1e6).toBeLessThanOrEqual(microseconds * 1.25 + 1)
    }
  })

  it('answers the durations that half, and nearly all, stayed below', () => {
    const { p50, p90, p99 } = of(...Array.from({ length: 1000 }, (_, index) => index + 1))
    expect(p50).toBeGreaterThanOrEqual(0.5)
    expect(p50).toBeLessThan(0.63)
    expect(p90).toBeGreaterThanOrEqual(0.9)
    expect(p99).toBeLessThanOrEqual(1)
  })

  it('takes any number for a duration', () => {
    expect(of(-1, 0, 0.0001, 1e12)).toMatchObject({ count: 4, buckets: [{ count: 3 }, { count: 1 }] })
  })
})

describe('the watch over the event loop', () => {
  it('notes by how much a timer was late, until it is stopped', () => {
    class LateClock extends ManualClock {
      lateMs = 0
      override monotonic(): number {
        return super.monotonic() + this.lateMs
      }
    }
    const clock = new LateClock()
    const delays = new Histogram()
    const watch = watchEventLoop(clock, delays)
    clock.advance(100)
    expect(delays.snapshot()).toMatchObject({ count: 1, max: 0 })
    clock.lateMs = 40
    clock.advance(100)
    expect(delays.snapshot()).toMatchObject({ count: 2, max: 0.04 })
    watch.stop()
    expect(clock.pendingTimerCount).toBe(0)
  })
})
