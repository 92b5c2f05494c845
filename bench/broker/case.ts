// A case: what is measured, against whom, and what we want to reach.

import type { Contender } from './contenders.ts'
import type { Figures } from './figures.ts'
import type { Goal } from './goals.ts'

/** What of a case the results are shown with. */
export interface CaseText {
  readonly name: string
  readonly group: string
  readonly title: string
  readonly contenders: readonly Contender[]
  readonly goals: readonly Goal[]
}

export interface Case extends CaseText {
  /** Gigabytes are written in a run, so that memory is touched before it. */
  readonly fillsMemory?: boolean
  readonly scenario: Scenario
}

/** Of a whole measurement; the sizes are less where a case is only tried. */
export interface Sizes {
  readonly seconds: number
  readonly partitions: number
  readonly kilobytesPerPartition: number
  readonly members: number
}

export interface Setup {
  readonly contender: Contender
  /** Of its own, and empty. */
  readonly folder: string
  /** Of all contenders of the case together. */
  readonly sharedFolder: string
  readonly sizes: Sizes
  /** Whether what ours does in a run is told on standard error. */
  readonly isProfiled: boolean
}

/** A contender in a case, made ready. */
export interface Subject {
  /** Measures once; runs count from 1. */
  run(number: number): Promise<Figures>
  /** Whether it asks a profiled broker for its stalls before and after each run, and so has a profile of it told. */
  readonly tellsProfile?: true
  end(): Promise<void>
}

/** Makes one contender ready, so that it can take turns with the others. */
export type Scenario = (setup: Setup) => Promise<Subject>
