// One case: each contender is made ready once; then they take turns, A B A B. Where memory is touched before the runs, stalls come from further runs without that:
// what was touched and is left over, the host takes back meanwhile, and holds up every process (touched-memory.ts). All others begin when the machine is at rest.

import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Case, Sizes, Subject } from './case.ts'
import { type Contender, CONTENDERS, isOurs } from './contenders.ts'
import { controlWrite } from './control.ts'
import type { Figure, Figures } from './figures.ts'
import { newFolder, removeFolder } from './left-behind.ts'
import { COLUMNS } from './report/columns.ts'
import { machineAtRest } from './rest.ts'
import { touchMemory } from './touched-memory.ts'
import { type Spread, spreadOf, type Summaries, type Summary, summarize } from './statistics.ts'

export interface MeasureOptions {
  readonly runs: number
  readonly sizes: Sizes
  /** Where the brokers' folders go. */
  readonly folder: string
  readonly contenders: readonly Contender[]
  /** Runs that are no good for figures: only those are wanted that the profile is of. */
  readonly isProfiled: boolean
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
const STALL_RUNS = 3
const STALLS: ReadonlySet<Figure> = new Set(['stallMs', 'ownStallMs', 'idleStallMs'])

interface Turns {
  readonly title: string
  /** Number of the first run: no two of a case have the same. */
  readonly first: number
  readonly count: number
  readonly who: readonly Contender[]
  readonly touches: boolean
  readonly keeps: (figure: Figure) => boolean
}

export async function measureCase(
  { name, scenario, fillsMemory = false, ...measured }: Case,
  options: MeasureOptions,
): Promise<MeasuredCase> {
  const { runs, sizes, isProfiled, progress } = options
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
      const subject = await scenario({ contender, folder: own, sharedFolder: folder, sizes, isProfiled })
      subjects.set(contender, subject)
      if (isProfiled && isOurs(contender) && !subject.tellsProfile)
        progress(`${name}: no profile, which only cases with a broker that is warmed up have`)
    }
    const takeTurns = async ({ title, first, count, who, touches, keeps }: Turns): Promise<void> => {
      for (let run = 1; run <= count; run++) {
        for (const contender of who) {
          await setTimeout(SETTLE_MS)
          if (touches) touchMemory()
          spawnSync('sync') // what one has left to be written is not to hold up the next
          controls.push(controlWrite(folder))
          if (!touches) await machineAtRest(progress)
          const found = await subjects.get(contender)!.run(first + run - 1)
          figures.get(contender)!.push(only(found, keeps))
          progress(`${name}: ${title} ${run} of ${count}, ${CONTENDERS[contender].title}: ${inShort(found)}`)
        }
      }
    }
    const keeps = (figure: Figure): boolean => !fillsMemory || !STALLS.has(figure)
    await takeTurns({ title: 'run', first: 1, count: runs, who: contenders, touches: fillsMemory, keeps })
    const ours = contenders.filter(isOurs)
    if (fillsMemory && ours.length > 0 && !isProfiled) {
      const keepsStalls = (figure: Figure): boolean => STALLS.has(figure)
      await takeTurns({ title: 'stalls, run', first: runs + 1, count: STALL_RUNS, who: ours, touches: false, keeps: keepsStalls })
    }
  } finally {
    for (const subject of subjects.values()) await subject.end()
    removeFolder(folder)
  }
  const summaries = [...figures].map(([contender, found]): [Contender, Summary] => [contender, summarize(found)])
  const spread = spreadOf(controls)
  return { name, runs, seconds: sizes.seconds, controlMegabytesPerSecond: spread, contenders: Object.fromEntries(summaries) }
}

const only = (figures: Figures, isKept: (figure: Figure) => boolean): Figures =>
  Object.fromEntries(Object.entries(figures).filter(([figure]) => isKept(figure as Figure)))

function inShort(figures: Figures): string {
  return COLUMNS.flatMap(({ figure, title, digits }) => {
    const value = figures[figure]
    return value === undefined || Number.isNaN(value) ? [] : [`${title} ${value.toFixed(digits)}`]
  }).join(', ')
}
