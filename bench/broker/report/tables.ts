// The results as tables in Markdown, one for each group of cases. Pure.

import type { CaseText } from '../case.ts'
import { type Contender, CONTENDERS, isOurs } from '../contenders.ts'
import type { Figure } from '../figures.ts'
import type { KeptCase, Results } from '../results.ts'
import type { Spread, Summaries } from '../statistics.ts'
import { type Column, columnsFor, formatted } from './columns.ts'

/** Medians of the runs; for the main figures with the least and the most of them, and what ours is of Kafka's. */
export function tables(cases: readonly CaseText[], results: Results): string {
  const groups = [...new Set(cases.map(({ group }) => group))]
  return groups
    .map((group) => {
      const measured = cases
        .filter((one) => one.group === group)
        .flatMap((one) => {
          const kept = results.cases.find(({ name }) => name === one.name)
          return kept === undefined ? [] : [{ one, kept }]
        })
      return measured.length === 0 ? '' : `### ${group}\n\n${table(measured)}\n`
    })
    .filter((text) => text !== '')
    .join('\n')
}

function table(cases: readonly { readonly one: CaseText; readonly kept: KeptCase }[]): string {
  const figures = new Set(
    cases.flatMap(({ kept }) => Object.values(kept.contenders)).flatMap((summary) => Object.keys(summary) as Figure[]),
  )
  const columns = columnsFor(figures)
  const isBesideKafka = cases.some(({ kept }) => kept.contenders.kafka !== undefined)
  const titles = columns.flatMap(({ title, isMain }) => (isMain && isBesideKafka ? [title, '× Kafka'] : [title]))
  const lines = [`| | | ${titles.join(' | ')} |`, `|---|---|${titles.map(() => '---:|').join('')}`]
  for (const { one, kept } of cases) {
    let title = one.title
    for (const contender of one.contenders) {
      if (kept.contenders[contender] === undefined) continue
      const cells = columns.flatMap((column) => cellsOf(column, contender, kept.contenders, isBesideKafka))
      lines.push(`| ${title} | ${CONTENDERS[contender].title} | ${cells.join(' | ')} |`)
      title = ''
    }
  }
  return lines.join('\n')
}

function cellsOf({ figure, digits, isMain }: Column, contender: Contender, summaries: Summaries, isBesideKafka: boolean): string[] {
  const spread = summaries[contender]?.[figure]
  if (isMain === undefined) return [spread === undefined ? '' : formatted(spread.median, digits)]
  const shown = spread === undefined ? '' : withRange(spread, digits)
  return isBesideKafka ? [shown, isOurs(contender) ? ratio(spread, summaries.kafka?.[figure]) : ''] : [shown]
}

const ratio = (ours: Spread | undefined, theirs: Spread | undefined): string =>
  ours === undefined || theirs === undefined ? '' : formatted(ours.median / theirs.median, 2)

/** `485 (470-510)`; the median alone where the others read the same. */
function withRange({ median, min, max }: Spread, digits: number): string {
  const [middle, least, most] = [median, min, max].map((value) => formatted(value, digits)) as [string, string, string]
  return least === most ? middle : `${middle} (${least}-${most})`
}
