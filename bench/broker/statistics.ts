// Medians and spreads of runs. Pure.

import type { Contender } from './contenders.ts'
import type { Figure, Figures } from './figures.ts'

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export type Summary = { readonly [F in Figure]?: Spread }
/** Of those that took part in a case. */
export type Summaries = { readonly [C in Contender]?: Summary }

export function summarize(runs: readonly Figures[]): Summary {
  const names = new Set(runs.flatMap((run) => Object.keys(run) as Figure[]))
  return Object.fromEntries([...names].map((name) => [name, spreadOf(runs.map((run) => run[name]).filter(isNumber))]))
}

export function spreadOf(numbers: readonly number[]): Spread {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  const median = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2
  return { median, min: sorted[0]!, max: sorted.at(-1)! }
}

const isNumber = (value: number | undefined): value is number => value !== undefined && !Number.isNaN(value)
