// The power fails at every step of a scripted life of a broker, and again at every step of the recovery that follows. What was not synced may be on disk
// or not, in part, in any order (test/support/fault-disk.ts). The life is lived once, and its disk is cut at each of its positions.
// As a part of CI it tries each position of the life in a few ways and a sample of the recoveries; with OTTLA_CRASH_LONG=1 more of both.

import { beforeAll, describe, expect, it } from 'vitest'
import { FaultDisk, type Survival } from '../support/fault-disk.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { chance, pick, randomFrom } from '../support/random.ts'
import { type Account, faultsAfter } from './power/broker-verdict.ts'
import { DATA_FOLDER, openOn } from './power/living-broker.ts'
import type { Promises } from './power/promises.ts'
import { live } from './power/scripted-life.ts'

const IS_LONG = process.env['OTTLA_CRASH_LONG'] !== undefined
const SEEDS = IS_LONG ? 10 : 1
const RECOVERY_EVERY = IS_LONG ? 1 : 3
const ROOTS = ['/', DATA_FOLDER]
const FAULTS_TOLD = 10
const PAGE_SIZE = 4096
const TORN_BYTES = 60 // a batch's header looks well then

const nothing: Survival = () => 'nothing'
const everything: Survival = () => 'all'

function atRandom(seed: number): Survival {
  const random = randomFrom(seed)
  const share = random()
  return () =>
    chance(random, share) ? 'all' : pick(random, ['nothing', 'nothing', Math.floor(random() * 200), Math.floor(random() * PAGE_SIZE)])
}

const SURVIVALS: readonly [string, (position: number) => Survival][] = [
  ['nothing of it survives', () => nothing],
  ['all of it survives', () => everything],
  [
    'all of it survives, but of each page that was written only the first bytes',
    () => (operation) => (operation === 'write' ? TORN_BYTES : 'all'),
  ],
  ...Array.from({ length: SEEDS }, (_, seed): [string, (position: number) => Survival] => [
    `some of it survives, seed ${seed}`,
    (position) => atRandom(1000 * position + seed),
  ]),
]

let disk: FaultDisk
let promises: Promises
let endMs: number

beforeAll(async () => {
  const clock = new ManualClock()
  disk = new FaultDisk()
  promises = await live(disk, clock)
  endMs = clock.now()
  const appended = promises.appends.reduce((sum, { values }) => sum + values.length, 0)
  console.log(`simulated power loss: a life of ${disk.position} steps, ${promises.appends.length} batches, ${appended} records`)
})

/** Later than everything that was written. */
const newClock = (): ManualClock => new ManualClock(endMs)

async function told(where: string, faults: Promise<readonly string[]>): Promise<string[]> {
  return (await faults.catch((error: unknown) => [error instanceof Error ? (error.stack ?? error.message) : String(error)])).map(
    (fault) => `${where}: ${fault}`,
  )
}

describe.each(SURVIVALS)(
  'a power loss at every step of a broker, when of what was not synced %s',
  { timeout: 3_600_000 },
  (_, survival) => {
    it('loses nothing that was acknowledged and invents nothing', async () => {
      const faults: string[] = []
      for (let position = 0; position <= disk.position && faults.length < FAULTS_TOLD; position++) {
        const after = await disk.afterPowerLoss(survival(position), ROOTS, position)
        faults.push(...(await told(`step ${position}`, faultsAfter(after, newClock(), { promises, position }))))
      }
      expect(faults, `${faults[0]}`).toEqual([])
    })

    it('loses nothing when it happens again at every step of the recovery', async () => {
      const faults: string[] = []
      for (const position of positionsOfAnswers()) {
        if (faults.length >= FAULTS_TOLD) break
        const after = await disk.afterPowerLoss(survival(position), ROOTS, position)
        const found = await FaultDisk.onto(after, DATA_FOLDER)
        const from = found.position
        faults.push(...(await faultsOfRecovery(await recovered(found), from, survival, { promises, position })))
      }
      expect(faults, `${faults[0]}`).toEqual([])
    })
  },
)

describe('a power loss after a kill -9', { timeout: 3_600_000 }, () => {
  it('loses nothing, whatever the recovery in between had come to', async () => {
    const faults: string[] = []
    for (const position of positionsOfAnswers()) {
      if (faults.length >= FAULTS_TOLD) break
      const killed = await disk.afterKillAt(position, ROOTS)
      faults.push(...(await faultsOfRecovery(await recovered(killed), position, () => nothing, { promises, position })))
    }
    expect(faults, `${faults[0]}`).toEqual([])
  })
})

/** A sample, in the short form: just after an answer there is most to recover. */
function positionsOfAnswers(): number[] {
  const answers = [...promises.created, ...promises.appends].map(({ answeredAt }) => answeredAt).filter(Number.isFinite)
  return [...new Set(answers)].filter((_, index) => index % RECOVERY_EVERY === 0)
}

/** Opens every partition, and stops. */
async function recovered(disk: FaultDisk): Promise<FaultDisk> {
  const storage = await openOn(disk, newClock())
  for (const { topic, index } of storage.records.partitions) await storage.records.bounds(topic.id, index)
  await storage.close()
  return disk
}

async function faultsOfRecovery(
  recovering: FaultDisk,
  from: number,
  survival: (position: number) => Survival,
  account: Account,
): Promise<string[]> {
  const faults: string[] = []
  for (let step = from; step <= recovering.position && faults.length < FAULTS_TOLD; step++) {
    const after = await recovering.afterPowerLoss(survival(step), ROOTS, step)
    const where = `step ${account.position}, recovery step ${step - from}`
    faults.push(...(await told(where, faultsAfter(after, newClock(), account))))
  }
  return faults
}
