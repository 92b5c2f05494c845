// One case: each contender is made ready once; then they take turns, A B A B.

import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Case, Sizes, Subject } from './case.ts'
import { type Contender, CONTENDERS } from './contenders.ts'
import { controlWrite } from './control.ts'
import type { Figures } from './figures.ts'
import { newFolder, removeFolder } from './left-behind.ts'
import { COLUMNS } from './report/columns.ts'
import { touchMemory } from './touched-memory.ts'
import { type Spread, spreadOf, type Summaries, type Summary, summarize } from './statistics.ts'

export interface MeasureOptions {
  readonly runs: number
  readonly sizes: Sizes
  /** Where the brokers' folders go. */
  readonly folder: string
  readonly contenders: readonly Contender[]
  readonly progress: (sentence: string) => void
}

export interface MeasuredCase {
  readonly name: string
  readonly runs: number
  readonly seconds: number
  readonly controlMegabytesPerSecond: Spread
  readonly contenders: Summaries
}

const SETTLE_MS = 1500 // until the files of the last run's topic are gone

export async function measureCase(
  { name, scenario, fillsMemory = false, ...measured }: Case,
  options: MeasureOptions,
): Promise<MeasuredCase> {
  const { runs, sizes, progress } = options
  const contenders = measured.contenders.filter((contender) => options.contenders.includes(contender))
  const folder = newFolder(options.folder)
  const subjects = new Map<Contender, Subject>()
  const figures = new Map(contenders.map((contender): [Contender, Figures[]] => [contender, []]))
  const controls: number[] = []
  try {
    for (const contender of contenders) {
      progress(`${name}: ${CONTENDERS[contender].title} is made ready`)
      const own = join(folder, contender)
      mkdirSync(own)
      subjects.set(contender, await scenario({ contender, folder: own, sharedFolder: folder, sizes }))
    }
    for (let run = 1; run <= runs; run++) {
      for (const [contender, subject] of subjects) {
        await setTimeout(SETTLE_MS)
        if (fillsMemory) touchMemory()
        spawnSync('sync') // what one has left to be written is not to hold up the next
        controls.push(controlWrite(folder))
        const found = await subject.run(run)
        figures.get(contender)!.push(found)
        progress(`${name}: run ${run} of ${runs}, ${CONTENDERS[contender].title}: ${inShort(found)}`)
      }
    }
  } finally {
    for (const subject of subjects.values()) await subject.end()
    removeFolder(folder)
  }
  const summaries = [...figures].map(([contender, found]): [Contender, Summary] => [contender, summarize(found)])
  const spread = spreadOf(controls)
  return { name, runs, seconds: sizes.seconds, controlMegabytesPerSecond: spread, contenders: Object.fromEntries(summaries) }
}

function inShort(figures: Figures): string {
  return COLUMNS.flatMap(({ figure, title, digits }) => {
    const value = figures[figure]
    return value === undefined || Number.isNaN(value) ? [] : [`${title} ${value.toFixed(digits)}`]
  }).join(', ')
}
