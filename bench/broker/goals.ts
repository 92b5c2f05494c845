// What we want to reach, as data, and whether it was: ratios of medians of one run of the suite, or figures of their own. Pure.

import type { Contender } from './contenders.ts'
import type { Figure } from './figures.ts'
import type { Summaries } from './statistics.ts'

export interface Bound {
  /** Of whose figure it is a multiple; without one it is a figure itself. */
  readonly to?: Contender
  /** One of them. */
  readonly atLeast?: number
  readonly atMost?: number
}

export interface Goal {
  readonly figure: Figure
  readonly of: Contender
  readonly bound: Bound
  /** To meet this is as good. */
  readonly or?: Bound
  /** Where Kafka is as fast as that, this counts and nothing else. */
  readonly whereKafka?: { readonly figure: Figure; readonly isOver: number; readonly bound: Bound }
}

export interface Judgement {
  /** Of the goal's, the one that counted. */
  readonly bound: Bound
  /** A multiple where the bound is one. */
  readonly reached: number
  readonly isMet: boolean
}

/** undefined where what it takes was not measured. */
export function judge(goal: Goal, summaries: Summaries): Judgement | undefined {
  const { figure, of, bound, or, whereKafka } = goal
  const judged = (candidate: Bound): Judgement | undefined => judgeBound(candidate, figure, of, summaries)
  if (whereKafka !== undefined && (summaries.kafka?.[whereKafka.figure]?.median ?? 0) > whereKafka.isOver) return judged(whereKafka.bound)
  const alternative = or && judged(or)
  const first = judged(bound)
  return first?.isMet !== true && alternative?.isMet === true ? alternative : first
}

function judgeBound(bound: Bound, figure: Figure, of: Contender, summaries: Summaries): Judgement | undefined {
  const ours = summaries[of]?.[figure]?.median
  const theirs = bound.to === undefined ? 1 : summaries[bound.to]?.[figure]?.median
  if (ours === undefined || theirs === undefined) return undefined
  const reached = ours / theirs
  return { bound, reached, isMet: reached >= (bound.atLeast ?? 0) && reached <= (bound.atMost ?? Infinity) }
}
