// What a campaign has done and found, counted while it goes on; at the end a table for people and JSON for programs.

import { writeFileSync } from 'node:fs'
import type { Breach, BreachKind } from '../../support/partition-judge.ts'

export class CampaignFigures {
  rounds = 0
  readonly kills = { underLoad: 0, inStart: 0, inStop: 0 }
  cleanStops = 0
  sentBatches = 0
  sentBytes = 0
  acknowledgedBatches = 0
  acknowledgedRecords = 0
  acknowledgedBytes = 0
  judgedRecords = 0
  topicsCreated = 0
  topicsDeleted = 0
  configsAltered = 0
  recordDeletions = 0
  verifications = 0
  longestRestartMs = 0
  readonly breaches: Record<BreachKind, number> = { lost: 0, invented: 0, repeated: 0, misplaced: 0 }

  note(breaches: readonly Breach[]): void {
    for (const { kind } of breaches) this.breaches[kind]++
  }
}

interface Campaign {
  readonly seed: number
  readonly modes: readonly string[]
  readonly topicKinds: readonly string[]
  readonly elapsedMs: number
}

/** Where OTTLA_CRASH_REPORT names a file, the figures go there as JSON. */
export function tellReport(figures: CampaignFigures, { seed, modes, topicKinds, elapsedMs }: Campaign): string {
  const { kills, breaches } = figures
  const seconds = Math.round(elapsedMs / 1000)
  const report = process.env['OTTLA_CRASH_REPORT']
  if (report !== undefined) writeFileSync(report, `${JSON.stringify({ seed, modes, topicKinds, seconds, figures }, null, 2)}\n`)
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`
  const rows: readonly (readonly [string, string])[] = [
    ['rounds', `${figures.rounds} in ${seconds} s, seed ${seed}`],
    [
      'kill -9',
      `${kills.underLoad} under load, ${kills.inStart} while it started, ${kills.inStop} while it stopped; ${figures.cleanStops} clean stops`,
    ],
    ['durability', modes.join(', ')],
    ['topics', `${topicKinds.join(', ')}; ${figures.topicsCreated} created, ${figures.topicsDeleted} deleted`],
    ['meanwhile', `${figures.configsAltered} configs altered, ${figures.recordDeletions} times records deleted`],
    ['sent', `${figures.sentBatches} batches, ${megabytes(figures.sentBytes)}`],
    [
      'acknowledged',
      `${figures.acknowledgedBatches} batches, ${figures.acknowledgedRecords} records, ${megabytes(figures.acknowledgedBytes)}`,
    ],
    ['read back', `${figures.judgedRecords} records; data folder verified ${figures.verifications} times`],
    ['longest restart', `${Math.round(figures.longestRestartMs)} ms`],
    ['lost', String(breaches.lost)],
    ['invented', String(breaches.invented)],
    ['duplicates beyond the promise', String(breaches.repeated)],
    ['out of place', String(breaches.misplaced)],
  ]
  const isKept = Object.values(breaches).every((count) => count === 0)
  const verdict = isKept ? 'every promise was kept' : 'PROMISES WERE BROKEN'
  const width = Math.max(...rows.map(([name]) => name.length))
  return [...rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`), `verdict: ${verdict}`].join('\n')
}
