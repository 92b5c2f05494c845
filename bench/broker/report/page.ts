// docs/performance.md and its plots, from the results that are kept. What people wrote outside the marks stays.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { CASES } from '../cases.ts'
import { type Contender, CONTENDERS } from '../contenders.ts'
import type { Figure } from '../figures.ts'
import type { Results } from '../results.ts'
import { type BarGroup, barChart } from './bars.ts'
import { goalTable } from './goal-table.ts'
import { tables } from './tables.ts'

const PAGE = resolve('docs/performance.md')
const PLOT_FOLDER = resolve('docs/performance')
const [BEGIN, END] = ['<!-- results: npm run bench:broker -- --save -->', '<!-- end of results -->']

const COLORS: Readonly<Record<Contender, string>> = {
  os: '#2a9d8f',
  each: '#6d8f99',
  interval: '#8ab17d',
  fsync: '#264653',
  kafka: '#e9a15b',
  'kafka-synced': '#e76f51',
}

interface Plot {
  readonly file: string
  readonly title: string
  readonly unit: string
  readonly figure: Figure
  readonly groups: readonly string[]
}

const PLOTS: readonly Plot[] = [
  {
    file: 'produce.svg',
    title: 'Produce, batches of 64 KB',
    unit: 'MB/s',
    figure: 'megabytesPerSecond',
    groups: ['Produce, batches of 64 KB'],
  },
  {
    file: 'small-requests.svg',
    title: 'Produce, one record of 100 B a request',
    unit: 'requests/s',
    figure: 'requestsPerSecond',
    groups: ['Produce, one record of 100 B a request'],
  },
  {
    file: 'consume.svg',
    title: 'Consume',
    unit: 'MB/s',
    figure: 'megabytesPerSecond',
    groups: ['Consume, 4 connections', 'Produce and consume at once'],
  },
  { file: 'latency.svg', title: 'End to end, p99', unit: 'ms', figure: 'p99Ms', groups: ['End to end, 1 KB records'] },
]

export function writePage(results: Results): void {
  const text = readFileSync(PAGE, 'utf8')
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`${PAGE} has no room for results: the lines "${BEGIN}" and "${END}"`)
  mkdirSync(PLOT_FOLDER, { recursive: true })
  const plots = PLOTS.flatMap((plot) => {
    const groups = groupsOf(plot, results)
    if (groups.length === 0) return []
    writeFileSync(resolve(PLOT_FOLDER, plot.file), barChart(plot.title, plot.unit, groups))
    return [`![${plot.title}](performance/${plot.file})`]
  })
  const sections = [aboutText(results), plots.join('\n\n'), tables(CASES, results), `### Goals\n\n${goalTable(CASES, results)}`]
  writeFileSync(PAGE, `${text.slice(0, begin)}${BEGIN}\n\n${sections.join('\n\n')}\n\n${text.slice(end)}`)
}

function groupsOf({ figure, groups }: Plot, results: Results): BarGroup[] {
  return CASES.filter(({ group }) => groups.includes(group)).flatMap(({ name, title, contenders }) => {
    const kept = results.cases.find((one) => one.name === name)
    const bars = contenders.flatMap((contender) => {
      const spread = kept?.contenders[contender]?.[figure]
      return spread === undefined ? [] : [{ label: CONTENDERS[contender].title, value: spread.median, color: COLORS[contender] }]
    })
    return bars.length === 0 ? [] : [{ title, bars }]
  })
}

function aboutText({ machine, cases }: Results): string {
  const { processor, cores, memoryGigabytes, kernel, fileSystem } = machine
  const dates = [...new Set(cases.map(({ date }) => date.slice(0, 10)))].sort()
  const versions = [...new Set(cases.map(({ versions: { ottla, node, kafka } }) => `Ottla ${ottla}, Node ${node}, Kafka ${kafka}`))]
  const controls = cases.map(({ controlMegabytesPerSecond }) => Math.round(controlMegabytesPerSecond.median))
  return [
    `Measured ${dates.join(' and ')} on ${cores} cores (${processor}), ${memoryGigabytes} GB, ${kernel}, ${fileSystem}. ${versions.join('; ')}.`,
    `The control beside the runs, a plain write of 268 MB that is synced, took between ${Math.min(...controls)} and ${Math.max(...controls)} MB/s.`,
  ].join(' ')
}
