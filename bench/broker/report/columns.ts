// How each figure is called and written. Pure.

import type { Figure } from '../figures.ts'

export interface Column {
  readonly figure: Figure
  readonly title: string
  readonly digits: number
  /** Of what a case is about: with its spread, and beside Kafka's. */
  readonly isMain?: true
}

export const COLUMNS: readonly Column[] = [
  { figure: 'megabytesPerSecond', title: 'MB/s', digits: 0, isMain: true },
  { figure: 'requestsPerSecond', title: 'requests/s', digits: 0, isMain: true },
  { figure: 'p50Ms', title: 'p50 ms', digits: 2 },
  { figure: 'p99Ms', title: 'p99 ms', digits: 2 },
  { figure: 'p999Ms', title: 'p99.9 ms', digits: 1 },
  { figure: 'cpuSecondsPerGigabyte', title: 'CPU s/GB', digits: 2, isMain: true },
  { figure: 'cpuMicrosecondsPerRequest', title: 'CPU µs/request', digits: 1, isMain: true },
  { figure: 'firstRoundTripMs', title: 'first round trip ms', digits: 0, isMain: true },
  { figure: 'readyMs', title: 'ready after a stop ms', digits: 0, isMain: true },
  { figure: 'allReadyMs', title: 'all of them ms', digits: 0 },
  { figure: 'readyAfterKillMs', title: 'ready after kill -9 ms', digits: 0, isMain: true },
  { figure: 'allReadyAfterKillMs', title: 'all of them ms', digits: 0 },
  { figure: 'joinMs', title: 'one joins ms', digits: 0, isMain: true },
  { figure: 'leaveMs', title: 'one leaves ms', digits: 0, isMain: true },
  { figure: 'residentMegabytes', title: 'memory MB', digits: 0, isMain: true },
  { figure: 'peakMegabytes', title: 'memory MB', digits: 0 },
  { figure: 'stallMs', title: 'stall ms', digits: 0 },
  { figure: 'ownStallMs', title: 'its own ms', digits: 0 },
  { figure: 'idleStallMs', title: 'an idle process ms', digits: 0 },
]
/** What else is one where a case has no rate. */
const MAIN_WITHOUT_RATE: ReadonlySet<Figure> = new Set(['p50Ms', 'p99Ms'])
const RATES: ReadonlySet<Figure> = new Set(['megabytesPerSecond', 'requestsPerSecond'])

export const isHigherBetter = (figure: Figure): boolean => RATES.has(figure)

export const columnOf = (figure: Figure): Column => COLUMNS.find((column) => column.figure === figure)!

/** For these figures, with what is a main one among them. */
export function columnsFor(figures: ReadonlySet<Figure>): readonly Column[] {
  const hasRate = [...RATES].some((rate) => figures.has(rate))
  return COLUMNS.filter(({ figure }) => figures.has(figure)).map((column) =>
    !hasRate && MAIN_WITHOUT_RATE.has(column.figure) ? { ...column, isMain: true } : column,
  )
}

export const formatted = (value: number, digits: number): string =>
  value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
