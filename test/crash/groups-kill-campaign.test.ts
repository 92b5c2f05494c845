// kill -9 of a real broker under the load of many groups, again and again (test/crash/groups/kill-campaign.ts).
// OTTLA_CRASH_ROUNDS says how many rounds; without it, 40. OTTLA_CRASH_SEED repeats the choices of an earlier run.

import { expect, it } from 'vitest'
import { temporaryFolder } from '../support/broker-process.ts'
import { GroupsKillCampaign } from './groups/kill-campaign.ts'

const ROUNDS = Number(process.env['OTTLA_CRASH_ROUNDS'] ?? 40)
const SEED = Number(process.env['OTTLA_CRASH_SEED'] ?? Date.now() % 1_000_000)
const ROUND_WITHIN_MS = 30_000

it(
  'keeps every acknowledged commit, and every member, over rounds of kill -9',
  async () => {
    const campaign = new GroupsKillCampaign({ seed: SEED, dataFolder: temporaryFolder() })
    const startMs = performance.now()
    const broken: string[] = []
    while (campaign.figures.rounds < ROUNDS && broken.length === 0) broken.push(...(await campaign.round()))
    await campaign.stop()
    const seconds = Math.round((performance.now() - startMs) / 1000)
    console.log(`kill -9 campaign of groups, OTTLA_CRASH_SEED=${SEED}, ${seconds} s: ${JSON.stringify(campaign.figures)}`)
    if (broken.length > 0) console.log(campaign.output)
    expect(broken.slice(0, 20)).toEqual([])
    const { acknowledgedCommits, judgedMembers } = campaign.figures
    expect(acknowledgedCommits).toBeGreaterThan(100 * ROUNDS)
    expect(judgedMembers).toBeGreaterThan(ROUNDS)
  },
  ROUNDS * ROUND_WITHIN_MS,
)
