// One case: each contender is started once and warmed up; then they take turns, A B A B, each run with a topic of its own.

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Case } from './cases.ts'
import { type Contender, CONTENDERS, type MeasuredBroker } from './contenders.ts'
import { controlWrite } from './control.ts'
import type { Figures } from './loads.ts'
import { type Spread, spreadOf, type Summary, summarize } from './statistics.ts'

export interface MeasureOptions {
  readonly runs: number
  readonly seconds: number
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
  readonly contenders: { readonly [C in Contender]?: Summary }
}

const SETTINGS = ['auto.create.topics.enable=false', 'log.segment.delete.delay.ms=500']
const WARM_UP_SECONDS = 12 // until its code is compiled
const SETTLE_MS = 1500 // until the files of the last run's topic are gone

export async function measureCase(measured: Case, options: MeasureOptions): Promise<MeasuredCase> {
  const { runs, seconds, progress } = options
  const contenders = measured.contenders.filter((contender) => options.contenders.includes(contender))
  const folder = mkdtempSync(join(options.folder, 'ottla-bench-'))
  const brokers = new Map<Contender, MeasuredBroker>()
  const figures = new Map(contenders.map((contender): [Contender, Figures[]] => [contender, []]))
  const controls: number[] = []
  try {
    for (const contender of contenders) {
      const { start, title } = CONTENDERS[contender]
      progress(`${measured.name}: ${title} warms up`)
      mkdirSync(join(folder, contender))
      const broker = await start(join(folder, contender), SETTINGS)
      brokers.set(contender, broker)
      await measured.load({ broker, topic: 'warm-up', seconds: WARM_UP_SECONDS })
    }
    for (let run = 1; run <= runs; run++) {
      for (const [contender, broker] of brokers) {
        await sleep(SETTLE_MS)
        spawnSync('sync') // what one has left to be written is not to hold up the next
        controls.push(controlWrite(folder))
        await broker.stallMs() // from now on
        const found = await measured.load({ broker, topic: `run-${run}`, seconds })
        const stallMs = await broker.stallMs()
        figures.get(contender)!.push(stallMs === undefined ? found : { ...found, stallMs })
        progress(`${measured.name}: run ${run} of ${runs}, ${CONTENDERS[contender].title}: ${inShort(found)}`)
      }
    }
  } finally {
    for (const broker of brokers.values()) await broker.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  const summaries = [...figures].map(([contender, found]): [Contender, Summary] => [contender, summarize(found)])
  return { name: measured.name, runs, seconds, controlMegabytesPerSecond: spreadOf(controls), contenders: Object.fromEntries(summaries) }
}

function inShort({ megabytesPerSecond, requestsPerSecond, p50Ms, p99Ms }: Figures): string {
  const [rate, unit] = megabytesPerSecond === undefined ? [requestsPerSecond, 'requests/s'] : [megabytesPerSecond, 'MB/s']
  const latencies = p99Ms === undefined ? '' : `p50 ${p50Ms} ms, p99 ${p99Ms} ms`
  return [...(rate === undefined ? [] : [`${Math.round(rate)} ${unit}`]), latencies].join(' ')
}

const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
