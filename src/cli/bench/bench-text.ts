// What a benchmark found, as text and as data. Pure.

import type { RecordableHistogram } from 'node:perf_hooks'
import type { Interval } from '../../client/load/measurement.ts'
import type { ProcessUsage } from './process-usage.ts'
import { formatBytes, formatNumber } from '../terminal.ts'

export interface Measured extends Interval {
  /** Of the process that was asked about. */
  readonly broker: ProcessUsage | undefined
}

export interface Latencies {
  readonly minMs: number
  readonly meanMs: number
  readonly p50Ms: number
  readonly p90Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
}

interface BenchResult {
  readonly seconds: number
  readonly requests: number
  readonly records: number
  /** Of batches, as they are on the wire. */
  readonly bytes: number
  readonly requestsPerSecond: number
  readonly recordsPerSecond: number
  readonly megabytesPerSecond: number
  /** undefined where nothing was answered, or nothing is (acks=0). */
  readonly latency: Latencies | undefined
  readonly broker: BrokerCost | undefined
}

interface BrokerCost {
  readonly cpuSeconds: number
  readonly cpuSecondsPerGigabyte: number
  readonly cpuMicrosecondsPerRequest: number
  /** Since it was started. */
  readonly peakMegabytes: number
}

const SPARKS = '▁▂▃▄▅▆▇█'
const SPARKS_SHOWN = 30
const BAR_WIDTH = 40
const SEARCH_STEPS = 20 // a ten-thousandth of a percent
const BAR_PARTS = ' ▏▎▍▌▋▊▉█'

export function resultOf({ seconds, requests, records, bytes, latencies, broker }: Measured): BenchResult {
  return {
    seconds: rounded(seconds, 3),
    requests,
    records,
    bytes,
    requestsPerSecond: rounded(requests / seconds, 1),
    recordsPerSecond: rounded(records / seconds, 1),
    megabytesPerSecond: rounded(bytes / seconds / 1e6, 3),
    latency: latencies.count === 0 ? undefined : latenciesOf(latencies),
    broker: broker && {
      cpuSeconds: rounded(broker.cpuSeconds, 2),
      cpuSecondsPerGigabyte: rounded(broker.cpuSeconds / (bytes / 1e9), 3),
      cpuMicrosecondsPerRequest: rounded((broker.cpuSeconds * 1e6) / requests, 2),
      peakMegabytes: rounded(broker.peakBytes / 1e6, 1),
    },
  }
}

export function latenciesOf(histogram: RecordableHistogram): Latencies {
  const atMs = (percentile: number): number => histogram.percentile(percentile) / 1000
  return {
    minMs: histogram.min / 1000,
    meanMs: rounded(histogram.mean / 1000, 3),
    p50Ms: atMs(50),
    p90Ms: atMs(90),
    p99Ms: atMs(99),
    p999Ms: atMs(99.9),
    maxMs: histogram.max / 1000,
  }
}

/** The rates of the last seconds as a small curve, then the last second in numbers. */
export function liveLine(rates: readonly number[], { seconds, records, bytes, latencies }: Interval, secondsInAll: number): string {
  const shown = rates.slice(-SPARKS_SHOWN)
  const most = Math.max(...shown, 1)
  const curve = shown.map((rate) => SPARKS[Math.min(SPARKS.length - 1, Math.floor((rate / most) * SPARKS.length))]).join('')
  const latency =
    latencies.count === 0 ? '' : `  p50 ${milliseconds(latencies.percentile(50))}, p99 ${milliseconds(latencies.percentile(99))}`
  const rate = `${formatNumber(Math.round(records / seconds))} records/s, ${formatBytes(Math.round(bytes / seconds))}/s`
  return `${rates.length} of ${secondsInAll} s  ${curve}  ${rate}${latency}`
}

export function summary(title: string, measured: Measured, latencyOf: string): string {
  const { seconds, requests, records, bytes, latencies, broker } = measured
  const perSecond = (count: number): string => formatNumber(Math.round(count / seconds))
  const total = `${formatNumber(records)} records, ${formatBytes(bytes)} in ${seconds.toFixed(1)} s`
  const rate = `${perSecond(records)} records/s   ${formatBytes(Math.round(bytes / seconds))}/s   ${perSecond(requests)} requests/s`
  const lines = [title, '', `total    ${total}`, `rate     ${rate}`]
  if (broker !== undefined) lines.push(`broker   ${brokerText(measured, broker)}`)
  if (latencies.count > 0) lines.push(`latency  ${percentilesText(latencies)}  ${latencyOf}`, '', ...histogramLines(latencies))
  return lines.join('\n')
}

function brokerText({ seconds, bytes, requests }: Measured, { cpuSeconds, peakBytes }: ProcessUsage): string {
  const cores = `${(cpuSeconds / seconds).toFixed(2)} cores`
  const each = `${(cpuSeconds / (bytes / 1e9)).toFixed(2)} CPU s/GB   ${((cpuSeconds * 1e6) / requests).toFixed(1)} CPU µs/request`
  return `${cores}   ${each}   ${formatBytes(peakBytes)} at most`
}

function percentilesText(latencies: RecordableHistogram): string {
  const at = (percentile: number): string => `p${percentile} ${milliseconds(latencies.percentile(percentile))}`
  return [at(50), at(90), at(99), at(99.9), `max ${milliseconds(latencies.max)}`].join('   ')
}

/** Between powers of two, as bars; percentages of all. */
function histogramLines(latencies: RecordableHistogram): string[] {
  const bounds = powersOfTwo(latencies.min, latencies.max)
  const shares = sharesBelow(latencies, bounds).map((below, index, all) => below - (all[index - 1] ?? 0))
  const most = Math.max(...shares)
  const labels = bounds.map((bound) => `≤ ${milliseconds(bound)}`)
  const width = Math.max(...labels.map(({ length }) => length))
  return shares.map(
    (share, index) => `  ${labels[index]!.padStart(width)}  ${bar(share / most)} ${`${(100 * share).toFixed(2)}%`.padStart(7)}`,
  )
}

function powersOfTwo(min: number, max: number): number[] {
  const first = Math.floor(Math.log2(Math.max(1, min)))
  const last = Math.max(first, Math.ceil(Math.log2(max)))
  return Array.from({ length: last - first + 1 }, (_, index) => 2 ** (first + index))
}

/** The histogram tells the value at a percentile, and not the percentile of a value: that is sought. */
function sharesBelow(latencies: RecordableHistogram, bounds: readonly number[]): number[] {
  return bounds.map((bound) => {
    if (bound >= latencies.max) return 1
    let [below, above] = [0, 100]
    for (let step = 0; step < SEARCH_STEPS; step++) {
      const middle = (below + above) / 2
      if (latencies.percentile(middle) <= bound) below = middle
      else above = middle
    }
    return below / 100
  })
}

function bar(share: number): string {
  const eighths = Math.round(share * BAR_WIDTH * 8)
  return `${'█'.repeat(Math.floor(eighths / 8))}${BAR_PARTS[eighths % 8]}`.padEnd(BAR_WIDTH + 1)
}

/** From microseconds, with three significant digits. */
function milliseconds(microseconds: number): string {
  const ms = microseconds / 1000
  const digits = ms < 1 ? 3 : ms < 10 ? 2 : ms < 100 ? 1 : 0
  return `${ms.toFixed(digits)} ms`
}

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits))
