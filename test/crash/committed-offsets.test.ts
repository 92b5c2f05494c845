// The power fails, the process is killed, or the disk fails, at every step of a scripted life of committed offsets: no acknowledged commit is lost, no
// deleted one comes back, and a broker whose disk failed for a while coordinates again by itself.

import { beforeAll, describe, expect, it } from 'vitest'
import { FaultDisk, type Survival } from '../support/fault-disk.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { ROOTS, SURVIVALS } from '../support/power-loss.ts'
import { Account } from './groups/account.ts'
import { faultsOf, LivingGroups } from './groups/living-groups.ts'
import { liveInGroups } from './groups/scripted-groups.ts'
import type { Disk } from '../../src/disk/disk.ts'

const FAULTS_TOLD = 10

const SAMPLED_EVERY = process.env['OTTLA_CRASH_LONG'] === undefined ? 29 : 1

let disk: FaultDisk
const account = new Account()
let endMs: number

beforeAll(async () => {
  const clock = new ManualClock()
  disk = new FaultDisk()
  await liveInGroups({ disk, clock, account, position: () => disk.position })
  endMs = clock.now()
  console.log(`committed offsets: a life of ${disk.position} steps, ${account.places.length} places`)
})

async function faultsAfter(left: Disk, of: Account, position: number, nowMs = endMs): Promise<string[]> {
  const groups = await LivingGroups.start({ disk: left, clock: new ManualClock(nowMs), account: new Account(), position: () => 0 })
  const faults = await faultsOf(groups, of, position)
  await groups.stop()
  return faults.map((fault) => `step ${position}: ${fault}`)
}

describe.each(SURVIVALS)(
  'a power loss at every step, when of what was not synced %s',
  { timeout: 600_000 },
  (_, newSurvival: () => Survival) => {
    it('loses no acknowledged commit and brings back no deleted one', async () => {
      const faults: string[] = []
      for (let position = 0; position <= disk.position && faults.length < FAULTS_TOLD; position++)
        faults.push(...(await faultsAfter(await disk.afterPowerLoss(newSurvival(), ROOTS, position), account, position)))
      expect(faults, `${faults[0]}`).toEqual([])
    })
  },
)

describe('a kill at every step', { timeout: 600_000 }, () => {
  it('loses no acknowledged commit and brings back no deleted one', async () => {
    const faults: string[] = []
    for (let position = 0; position <= disk.position && faults.length < FAULTS_TOLD; position++)
      faults.push(...(await faultsAfter(await disk.afterKillAt(position, ROOTS), account, position)))
    expect(faults, `${faults[0]}`).toEqual([])
  })
})

describe.each(['ENOSPC', 'EIO', 'a short write'])('a disk that fails with %s at every step', { timeout: 600_000 }, (code) => {
  it('makes nobody wait for ever: what is refused is taken later, and nothing that was acknowledged is lost, then or in a power loss after', async () => {
    const faults: string[] = []
    for (let step = 0; faults.length < FAULTS_TOLD; step += SAMPLED_EVERY) {
      const failing = new FaultDisk(code === 'a short write' ? { step, kind: 'short write' } : { step, kind: 'error', code })
      const clock = new ManualClock()
      const own = new Account()
      const position = (): number => failing.position
      const groups = await liveInGroups({ disk: failing, clock, account: own, position, isTroubled: true })
      if (!failing.hasFailed) break
      const found = [
        ...(await faultsOf(groups, own, position())),
        ...(await faultsAfter(await failing.afterPowerLoss(() => 'nothing', ROOTS), own, position(), clock.now())),
      ]
      faults.push(...found.map((fault) => `failed at ${step}: ${fault}`))
    }
    expect(faults, `${faults[0]}`).toEqual([])
  })
})
