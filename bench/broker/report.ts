// What the results say, as text: a table for each group of cases, the goals, and what moved since other results. Pure.

import { type Case, CASES, type Goal } from './cases.ts'
import { type Contender, CONTENDERS, isOurs } from './contenders.ts'
import type { Figures } from './loads.ts'
import type { KeptCase, Results } from './results.ts'
import type { Spread } from './statistics.ts'

interface Column {
  readonly figure: keyof Figures
  readonly title: string
  readonly digits: number
}

const COLUMNS: readonly Column[] = [
  { figure: 'megabytesPerSecond', title: 'MB/s', digits: 0 },
  { figure: 'requestsPerSecond', title: 'requests/s', digits: 0 },
  { figure: 'p50Ms', title: 'p50 ms', digits: 2 },
  { figure: 'p99Ms', title: 'p99 ms', digits: 2 },
  { figure: 'p999Ms', title: 'p99.9 ms', digits: 1 },
  { figure: 'cpuSecondsPerGigabyte', title: 'CPU s/GB', digits: 2 },
  { figure: 'cpuMicrosecondsPerRequest', title: 'CPU µs/request', digits: 1 },
  { figure: 'peakMegabytes', title: 'memory MB', digits: 0 },
  { figure: 'stallMs', title: 'stall ms', digits: 0 },
  { figure: 'seconds', title: 's', digits: 2 },
]
const HIGHER_IS_BETTER: ReadonlySet<keyof Figures> = new Set(['megabytesPerSecond', 'requestsPerSecond'])

interface GoalResult {
  readonly goal: Goal
  readonly ratio: number
  readonly isMet: boolean
}

/** undefined where one of the two was not measured. */
function goalResult(goal: Goal, { contenders }: KeptCase): GoalResult | undefined {
  const [ours, theirs] = [contenders[goal.of]?.[goal.figure]?.median, contenders[goal.to]?.[goal.figure]?.median]
  if (ours === undefined || theirs === undefined) return undefined
  const ratio = ours / theirs
  return { goal, ratio, isMet: ratio >= (goal.atLeast ?? 0) && ratio <= (goal.atMost ?? Infinity) }
}

/** In Markdown: medians, the ratio to Kafka where there is one, and the range of the runs. */
export function tables(results: Results): string {
  const groups = [...new Set(CASES.map(({ group }) => group))]
  return groups
    .map((group) => {
      const cases = CASES.filter((one) => one.group === group).flatMap((one) => {
        const kept = results.cases.find(({ name }) => name === one.name)
        return kept === undefined ? [] : [{ one, kept }]
      })
      return cases.length === 0 ? '' : `### ${group}\n\n${table(cases)}\n`
    })
    .filter((text) => text !== '')
    .join('\n')
}

function table(cases: readonly { readonly one: Case; readonly kept: KeptCase }[]): string {
  const summaries = cases.flatMap(({ kept }) => Object.values(kept.contenders))
  const columns = COLUMNS.filter(({ figure }) => summaries.some((summary) => summary[figure] !== undefined))
  const lines = [`| | | ${columns.map(({ title }) => title).join(' | ')} |`, `|---|---|${columns.map(() => '---:|').join('')}`]
  for (const { one, kept } of cases) {
    let title = one.title
    for (const contender of one.contenders) {
      const summary = kept.contenders[contender]
      if (summary === undefined) continue
      const cells = columns.map(({ figure, digits }) => cell(summary[figure], digits))
      lines.push(`| ${title} | ${CONTENDERS[contender].title} | ${cells.join(' | ')} |`)
      title = ''
    }
  }
  return lines.join('\n')
}

const cell = (spread: Spread | undefined, digits: number): string => (spread === undefined ? '' : formatted(spread.median, digits))

const formatted = (value: number, digits: number): string =>
  value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })

/** In Markdown: each goal, what was reached, and with which spread. */
export function goalTable(results: Results): string {
  const lines = ['| case | goal | reached | |', '|---|---|---:|---|']
  for (const { name, title, group, goals } of CASES) {
    const kept = results.cases.find((one) => one.name === name)
    for (const goal of goals) {
      const result = kept && goalResult(goal, kept)
      if (result === undefined) continue
      lines.push(`| ${group}: ${title} | ${goalText(goal)} | ${formatted(result.ratio, 2)}× | ${result.isMet ? 'met' : '**not met**'} |`)
    }
  }
  return lines.join('\n')
}

function goalText({ figure, of, to, atLeast, atMost }: Goal): string {
  const { title } = COLUMNS.find((column) => column.figure === figure)!
  const bound = atLeast === undefined ? `≤ ${atMost}×` : `≥ ${atLeast}×`
  return `${title}: ${CONTENDERS[of].title} ${bound} ${CONTENDERS[to].title}`
}

/** A line for each figure of ours whose range of runs does not touch the earlier one's any more. */
export function moved(now: readonly KeptCase[], before: Results | undefined): string[] {
  const lines: string[] = []
  for (const { name, contenders } of now) {
    const earlier = before?.cases.find((kept) => kept.name === name)
    for (const [contender, summary] of Object.entries(contenders))
      for (const { figure, title, digits } of COLUMNS) {
        const [was, is] = [earlier?.contenders[contender as Contender]?.[figure], summary[figure]]
        if (was === undefined || is === undefined || !isOurs(contender as Contender) || (is.min <= was.max && was.min <= is.max)) continue
        const isBetter = is.median > was.median === HIGHER_IS_BETTER.has(figure)
        const change = `${formatted(was.median, digits)} to ${formatted(is.median, digits)}`
        lines.push(`${isBetter ? 'better' : 'WORSE'}: ${name}, ${CONTENDERS[contender as Contender].title}, ${title}: ${change}`)
      }
  }
  return lines
}
