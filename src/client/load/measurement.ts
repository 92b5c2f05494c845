// What a load has done: counts, and how long each request took. Latencies are held to three significant digits (HdrHistogram, by Node's perf_hooks); one second
// at a time is counted apart, for whoever watches.

import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import { systemClock } from '../../lib/clock.ts'

export interface Interval {
  readonly seconds: number
  readonly requests: number
  readonly records: number
  readonly bytes: number
  /** Empty where nothing was answered. */
  readonly latencies: RecordableHistogram
}

const LONGEST_MICROSECONDS = 3_600_000_000

const newHistogram = (): RecordableHistogram => createHistogram({ lowest: 1, highest: LONGEST_MICROSECONDS, figures: 3 })

export class Measurement {
  readonly #nowMs: () => number
  readonly #latencies = newHistogram()
  readonly #lately = newHistogram()
  #requests = 0
  #records = 0
  #bytes = 0
  #startMs: number
  #earlier: { atMs: number; requests: number; records: number; bytes: number }

  /** `nowMs` is a monotonic clock. */
  constructor(nowMs: () => number = () => systemClock.monotonic()) {
    this.#nowMs = nowMs
    this.#startMs = nowMs()
    this.#earlier = this.#now()
  }

  count(records: number, bytes: number): void {
    this.#records += records
    this.#bytes += bytes
  }

  /** An answer to what was due, or sent, at `sinceMs` of the same clock. */
  answered(sinceMs: number): void {
    this.#requests++
    this.#lately.record(Math.min(LONGEST_MICROSECONDS, Math.max(1, Math.round((this.#nowMs() - sinceMs) * 1000))))
  }

  /** Forgets all: what warmed up is not measured. */
  restart(): void {
    this.#requests = this.#records = this.#bytes = 0
    this.#latencies.reset()
    this.#lately.reset()
    this.#startMs = this.#nowMs()
    this.#earlier = this.#now()
  }

  /** What came since the last call, or the start. */
  lately(): Interval {
    const { atMs, requests, records, bytes } = this.#earlier
    this.#earlier = this.#now()
    const latencies = newHistogram()
    latencies.add(this.#lately)
    this.#latencies.add(this.#lately)
    this.#lately.reset()
    return {
      seconds: (this.#earlier.atMs - atMs) / 1000,
      requests: this.#requests - requests,
      records: this.#records - records,
      bytes: this.#bytes - bytes,
      latencies,
    }
  }

  /** Since the start. */
  total(): Interval {
    this.#latencies.add(this.#lately)
    this.#lately.reset()
    const seconds = (this.#nowMs() - this.#startMs) / 1000
    return { seconds, requests: this.#requests, records: this.#records, bytes: this.#bytes, latencies: this.#latencies }
  }

  #now(): { atMs: number; requests: number; records: number; bytes: number } {
    return { atMs: this.#nowMs(), requests: this.#requests, records: this.#records, bytes: this.#bytes }
  }
}
