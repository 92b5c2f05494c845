// What a program counts about itself. Counters and histograms belong to the parts that fill them, which know no names; a registry, of which each broker
// has its own, gives them their names and reads them when it is asked. Names, units and labels are as Prometheus has them.

import { assert } from './assert.ts'
import { Histogram, type HistogramSnapshot } from './histogram.ts'

/** Only grows. */
export class Counter {
  #value = 0

  get value(): number {
    return this.#value
  }

  add(amount = 1): void {
    this.#value += amount
  }
}

export type Labels = Readonly<Record<string, string>>

/** One counter or histogram for each value of the labels, of which there are few. Whoever fills one often keeps it. */
export class Labelled<T extends Counter | Histogram> {
  readonly #names: readonly string[]
  readonly #make: () => T
  readonly #children = new Map<string, { readonly labels: Labels; readonly child: T }>()

  constructor(names: readonly string[], make: () => T) {
    this.#names = names
    this.#make = make
  }

  /** In the order of the names. */
  of(...values: readonly string[]): T {
    const key = values.join('\n')
    let found = this.#children.get(key)
    if (found === undefined) {
      const labels = Object.fromEntries(this.#names.map((name, index) => [name, values[index]!]))
      this.#children.set(key, (found = { labels, child: this.#make() }))
    }
    return found.child
  }

  samples(): Sample[] {
    return [...this.#children.values()].map(({ labels, child }) => ({ labels, value: valueOf(child) }))
  }
}

export interface Metric {
  readonly name: string
  /** A counter only grows, a gauge is what it is now. */
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** One sentence, its unit included. */
  readonly doc: string
}

export interface Sample {
  readonly labels: Labels
  readonly value: number | HistogramSnapshot
}

export interface MetricSamples extends Metric {
  readonly samples: readonly Sample[]
}

/** A function is asked each time. */
export type Source = Counter | Histogram | Labelled<Counter> | Labelled<Histogram> | (() => number | readonly Sample[])

export class Counters {
  readonly #sources = new Map<string, { readonly metric: Metric; readonly source: Source }>()

  register(metric: Metric, source: Source): void {
    assert(!this.#sources.has(metric.name), () => `metric ${metric.name} is there already`)
    this.#sources.set(metric.name, { metric, source })
  }

  /** Everything as it is now, as plain data. */
  snapshot(): MetricSamples[] {
    return [...this.#sources.values()].map(({ metric, source }) => ({ ...metric, samples: samplesOf(source) }))
  }
}

function samplesOf(source: Source): readonly Sample[] {
  if (source instanceof Labelled) return source.samples()
  const value = typeof source === 'function' ? source() : valueOf(source)
  return Array.isArray(value) ? value : [{ labels: {}, value: value as Sample['value'] }]
}

function valueOf(source: Counter | Histogram): number | HistogramSnapshot {
  return source instanceof Counter ? source.value : source.snapshot()
}
