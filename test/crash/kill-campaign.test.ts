// kill -9 of a real broker under mixed load, again and again, and a report of what it took (test/crash/kill/).
// OTTLA_CRASH_ROUNDS says how many rounds; without it, as many as fit into a minute. OTTLA_CRASH_SEED repeats the choices of an earlier run.
// OTTLA_CRASH_REPORT names a file for the report as JSON. What a failing round leaves is kept, and its path printed; with OTTLA_CRASH_COPIES=1 also what
// the last start found.

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../support/broker-process.ts'
import { tellReport } from './kill/campaign-figures.ts'
import { KillCampaign } from './kill/kill-campaign.ts'
import { MODES, TOPIC_KINDS } from './kill/topic-kinds.ts'

const ROUNDS = process.env['OTTLA_CRASH_ROUNDS']
const SHORT_FORM_MS = 60_000
const SEED = Number(process.env['OTTLA_CRASH_SEED'] ?? Date.now() % 1_000_000)
const KEEPS_COPIES = process.env['OTTLA_CRASH_COPIES'] !== undefined
const PROGRESS_EVERY_MS = 10_000
const ROUND_WITHIN_MS = 60_000

async function run(campaign: KillCampaign): Promise<string[]> {
  const startMs = performance.now()
  const isOver = (): boolean =>
    ROUNDS === undefined ? performance.now() - startMs > SHORT_FORM_MS : campaign.figures.rounds >= Number(ROUNDS)
  let toldMs = startMs
  while (!isOver()) {
    const broken = await campaign.round()
    if (broken.length > 0) return broken
    if (performance.now() - toldMs < PROGRESS_EVERY_MS) continue
    toldMs = performance.now()
    const { rounds, acknowledgedRecords } = campaign.figures
    console.log(`${rounds} rounds in ${Math.round((toldMs - startMs) / 1000)} s, ${acknowledgedRecords} records acknowledged`)
  }
  return campaign.end()
}

it(
  'keeps every promise over rounds of kill -9',
  async () => {
    console.log(`kill -9 campaign: OTTLA_CRASH_SEED=${SEED}`)
    const startMs = performance.now()
    const campaign = new KillCampaign({ seed: SEED, dataFolder: temporaryFolder(), keepsCopies: KEEPS_COPIES })
    const broken = await run(campaign).catch((error: unknown) => [error instanceof Error ? (error.stack ?? error.message) : String(error)])
    const elapsedMs = performance.now() - startMs
    const topicKinds = TOPIC_KINDS.map(({ name }) => name)
    console.log(`kill -9 campaign\n${tellReport(campaign.figures, { seed: SEED, modes: MODES, topicKinds, elapsedMs })}`)
    if (broken.length > 0) {
      const folder = mkdtempSync(join(tmpdir(), `ottla-crash-${SEED}-`))
      await campaign.keep(folder, broken.join('\n'))
      console.log(`what round ${campaign.figures.rounds} left is kept in ${folder}`)
    }
    expect(broken.slice(0, 20)).toEqual([])
    expect(campaign.figures.acknowledgedRecords).toBeGreaterThan(100 * campaign.figures.rounds)
  },
  ROUNDS === undefined ? 5 * SHORT_FORM_MS : Number(ROUNDS) * ROUND_WITHIN_MS,
)
