// What was reached of the goals, as a table in Markdown. Pure.

import type { CaseText } from '../case.ts'
import { CONTENDERS } from '../contenders.ts'
import { type Bound, type Goal, judge, type Judgement } from '../goals.ts'
import type { Results } from '../results.ts'
import { columnOf, formatted } from './columns.ts'

/** In every run of every case. */
const STALL_MS_MOST = 50

export function goalTable(cases: readonly CaseText[], results: Results): string {
  const lines = ['| case | goal | reached | |', '|---|---|---:|---|']
  for (const { name, title, group, goals } of cases) {
    const kept = results.cases.find((one) => one.name === name)
    let about = `${group}: ${title}`
    for (const goal of goals) {
      const judgement = kept && judge(goal, kept.contenders)
      if (judgement === undefined) continue
      lines.push(row(about, goalText(goal), reachedText(goal, judgement), judgement.isMet))
      about = ''
    }
  }
  return [...lines, ...stallRow(cases, results)].join('\n')
}

const row = (about: string, goal: string, reached: string, isMet: boolean): string =>
  `| ${about} | ${goal} | ${reached} | ${isMet ? 'met' : '**not met**'} |`

function goalText({ figure, of, bound, or, whereKafka }: Goal): string {
  const alternative = or === undefined ? '' : `, or ${boundText(or)}`
  const otherwise =
    whereKafka === undefined
      ? ''
      : `; where Kafka is over ${whereKafka.isOver} ${columnOf(whereKafka.figure).title}, ${boundText(whereKafka.bound)}`
  return `${columnOf(figure).title}: ${CONTENDERS[of].title} ${boundText(bound)}${alternative}${otherwise}`
}

function boundText({ to, atLeast, atMost }: Bound): string {
  const value = atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`
  return to === undefined ? value : `${value}× ${CONTENDERS[to].title}`
}

/** With the bound that counted where there are several. */
function reachedText({ figure, or, whereKafka }: Goal, { bound, reached }: Judgement): string {
  const value = bound.to === undefined ? formatted(reached, columnOf(figure).digits) : `${formatted(reached, 2)}×`
  return or === undefined && whereKafka === undefined ? value : `${value} (${boundText(bound)})`
}

/** The longest stall of ours in any run, and how much of one was our own doing at most; no row where none was measured. */
function stallRow(cases: readonly CaseText[], results: Results): string[] {
  const stalls = results.cases.flatMap(({ name, contenders }) =>
    Object.values(contenders).flatMap(({ stallMs, ownStallMs, idleStallMs }) =>
      stallMs === undefined ? [] : [{ name, ms: stallMs.max, ownMs: ownStallMs?.max, idleMs: idleStallMs?.max }],
    ),
  )
  const longest = stalls.toSorted((a, b) => b.ms - a.ms)[0]
  if (longest === undefined) return []
  const { group, title } = cases.find(({ name }) => name === longest.name)!
  const own = longest.ownMs === undefined ? '' : `, its own ${formatted(longest.ownMs, 0)} at most`
  const idle = longest.idleMs === undefined ? '' : `, an idle process's ${formatted(longest.idleMs, 0)}`
  const reached = `${formatted(longest.ms, 0)}${own}${idle} (${group}: ${title})`
  return [row('every case', `stall ms: Ottla ≤ ${STALL_MS_MOST} in each run`, reached, longest.ms <= STALL_MS_MOST)]
}
