// What moved since other results. Pure.

import { type Contender, CONTENDERS, isOurs } from '../contenders.ts'
import type { KeptCase, Results } from '../results.ts'
import { COLUMNS, formatted, isHigherBetter } from './columns.ts'

/** A line for each figure of ours whose range of runs does not touch the earlier one's any more. */
export function moved(now: readonly KeptCase[], before: Results | undefined): string[] {
  const lines: string[] = []
  for (const { name, contenders } of now) {
    const earlier = before?.cases.find((kept) => kept.name === name)
    for (const [contender, summary] of Object.entries(contenders))
      for (const { figure, title, digits } of COLUMNS) {
        const [was, is] = [earlier?.contenders[contender as Contender]?.[figure], summary[figure]]
        if (was === undefined || is === undefined || !isOurs(contender as Contender) || (is.min <= was.max && was.min <= is.max)) continue
        const isBetter = is.median > was.median === isHigherBetter(figure)
        const change = `${formatted(was.median, digits)} to ${formatted(is.median, digits)}`
        lines.push(`${isBetter ? 'better' : 'WORSE'}: ${name}, ${CONTENDERS[contender as Contender].title}, ${title}: ${change}`)
      }
  }
  return lines
}
