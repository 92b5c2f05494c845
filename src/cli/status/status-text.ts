// A broker's status as tables for people. What never happened is left out of them; programs get everything.

import type { Labels, Sample } from '../../lib/counters.ts'
import type { HistogramSnapshot } from '../../lib/histogram.ts'
import { formatBytes, formatCount, formatHoldings, formatNumber, formatTable } from '../terminal.ts'
import type { WrittenStatus } from './status-file.ts'

export function statusText(status: WrittenStatus): string {
  const metrics = new Metrics(status)
  const rows = [
    ['data', status.dataFolder, formatHoldings(status)],
    ['connections', `${metrics.number('ottla_connections')} open`, connectionsText(metrics)],
    ['network', `${metrics.bytes('ottla_received_bytes_total')} in`, `${metrics.bytes('ottla_sent_bytes_total')} out`],
    ['appended', metrics.bytes('ottla_appended_bytes_total'), appendsText(metrics)],
    [
      'syncs',
      formatNumber(metrics.histogram('ottla_sync_duration_seconds').count),
      durationsText(metrics.histogram('ottla_sync_duration_seconds')),
    ],
    ['reads', `${metrics.bytes('ottla_tail_cache_hit_bytes_total')} from memory`, cacheText(metrics)],
    [
      'waiting',
      formatCount(metrics.number('ottla_fetches_waiting'), 'fetch', 'fetches'),
      `${metrics.count('ottla_fetch_waits_total')} since the start`,
    ],
    ['groups', formatCount(metrics.number('ottla_groups'), 'group'), groupsText(metrics)],
    [
      'files',
      `${metrics.number('ottla_segment_files_open')} open`,
      `opened ${metrics.count('ottla_segment_files_opened_total')} times, ${metrics.count('ottla_segment_files_evicted_total')} closed to make room`,
    ],
    [
      'event loop',
      `${milliseconds(metrics.histogram('ottla_event_loop_delay_seconds').p50)} late`,
      durationsText(metrics.histogram('ottla_event_loop_delay_seconds')),
    ],
    ['process', metrics.bytes('process_resident_memory_bytes'), `${metrics.number('process_cpu_seconds_total').toFixed(1)} s of CPU time`],
  ] as const
  const [nameWidth, valueWidth] = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length))) as [number, number]
  return [
    `Ottla ${status.version} on ${status.bootstrapServers}, process ${status.pid}, running for ${elapsed(status.timeMs - status.startedMs)}`,
    ...status.troubles.map((trouble) => `  ! ${trouble}`),
    ...rows.map(([name, value, more]) => `  ${name.padEnd(nameWidth)}  ${value.padEnd(valueWidth)}   ${more}`.trimEnd()),
    ...apiTable(metrics),
    ...errorTable(metrics),
  ].join('\n')
}

class Metrics {
  readonly #samples: ReadonlyMap<string, readonly Sample[]>

  constructor({ metrics }: WrittenStatus) {
    this.#samples = new Map(metrics.map(({ name, samples }) => [name, samples]))
  }

  samples(name: string): readonly Sample[] {
    return this.#samples.get(name) ?? []
  }

  number(name: string, labels: Labels = {}): number {
    const found = this.samples(name).filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
    return found.reduce((sum, { value }) => sum + Number(value), 0)
  }

  count(name: string, labels: Labels = {}): string {
    return formatNumber(this.number(name, labels))
  }

  bytes(name: string, labels: Labels = {}): string {
    return formatBytes(this.number(name, labels))
  }

  histogram(name: string, label?: string): HistogramSnapshot {
    const found = this.samples(name).find(({ labels }) => label === undefined || Object.values(labels)[0] === label)
    return (found?.value ?? NO_DURATIONS) as HistogramSnapshot
  }
}

const NO_DURATIONS: HistogramSnapshot = { count: 0, sum: 0, max: 0, p50: 0, p90: 0, p99: 0, p999: 0, buckets: [] }

function connectionsText(metrics: Metrics): string {
  const closed = metrics.samples('ottla_connections_closed_total').map(({ labels, value }) => `${Number(value)} ${labels['reason']}`)
  const reasons = closed.length === 0 ? '' : `; closed: ${closed.join(', ')}`
  const refused = metrics.number('ottla_connections_refused_total')
  return `${metrics.count('ottla_connections_opened_total')} since the start${reasons}${refused === 0 ? '' : `; ${refused} refused`}`
}

function appendsText(metrics: Metrics): string {
  return `${metrics.count('ottla_appended_records_total')} records in ${metrics.count('ottla_appended_batches_total')} batches`
}

function cacheText(metrics: Metrics): string {
  const [hits, misses] = [metrics.number('ottla_tail_cache_hits_total'), metrics.number('ottla_tail_cache_misses_total')]
  const share =
    hits + misses === 0 ? 'nothing read yet' : `${Math.round((100 * hits) / (hits + misses))} % of ${formatNumber(hits + misses)} reads`
  return `${share}; the cache takes ${metrics.bytes('ottla_tail_cache_bytes')}`
}

function groupsText(metrics: Metrics): string {
  const states = metrics.samples('ottla_groups').map(({ labels, value }) => `${Number(value)} ${labels['state']} (${labels['type']})`)
  const members = formatCount(metrics.number('ottla_group_members'), 'member')
  const rebalances = formatCount(metrics.number('ottla_group_events_total', { event: 'rebalance' }), 'rebalance')
  const commits = `${metrics.count('ottla_offset_commits_total')} offsets committed`
  return `${states.length === 0 ? '' : `${states.join(', ')}; `}${members}; ${rebalances} and ${commits} since the start`
}

function durationsText({ count, p50, p99, max }: HistogramSnapshot): string {
  return count === 0 ? '' : `half within ${milliseconds(p50)}, 99 % within ${milliseconds(p99)}, at most ${milliseconds(max)}`
}

function apiTable(metrics: Metrics): string[] {
  const rows = metrics.samples('ottla_requests_total').flatMap(({ labels, value }) => {
    if (value === 0) return []
    const api = labels['api']!
    const { p50, p99, max } = metrics.histogram('ottla_request_duration_seconds', api)
    const errors = metrics.number('ottla_request_errors_total', labels)
    const [requestBytes, responseBytes] = [
      metrics.bytes('ottla_request_bytes_total', labels),
      metrics.bytes('ottla_response_bytes_total', labels),
    ]
    return [[api, Number(value), errors, requestBytes, responseBytes, milliseconds(p50), milliseconds(p99), milliseconds(max)]]
  })
  const header = ['api', 'requests', 'errors', 'in', 'out', '50 %', '99 %', 'longest']
  return rows.length === 0 ? [] : ['', formatTable(header, rows)]
}

function errorTable(metrics: Metrics): string[] {
  const rows = metrics.samples('ottla_request_errors_total').map(({ labels, value }) => [labels['api']!, labels['error']!, Number(value)])
  return rows.length === 0 ? [] : ['', formatTable(['api', 'error', 'count'], rows)]
}

function milliseconds(seconds: number): string {
  const value = seconds * 1000
  return `${value >= 99.5 ? formatNumber(Math.round(value)) : Number(value.toPrecision(2))} ms`
}

function elapsed(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const [days, hours, minutes] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60]
  if (days > 0) return `${formatCount(days, 'day')} ${hours} h`
  if (hours > 0) return `${hours} h ${minutes} min`
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`
}
