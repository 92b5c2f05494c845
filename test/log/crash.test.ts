// The power fails at every step of a scripted life of a log, and again at every step of the recovery after it. Whatever was not synced may be on
// disk or not, in part, in any order. In `fsync` mode everything that was acknowledged must be there again, and nothing that was never sent.

import { describe, expect, it } from 'vitest'
import type { Disk } from '../../src/disk/disk.ts'
import type { MemoryDisk } from '../../src/disk/memory-disk.ts'
import { FaultDisk, type Survival } from '../support/fault-disk.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { everything, nothing, ROOTS, SURVIVALS } from '../support/power-loss.ts'
import { readAll } from '../support/read-log.ts'
import { batchOf, FOLDER, openLog, type TestLog, unloadAndOpen, startAppend, type StartedAppend } from '../support/test-log.ts'

const SETTINGS = { segmentBytes: 700, indexIntervalBytes: 150 }

const timestampOf = (offset: number): number => 1_000_000 + offset

interface Outcome {
  /** By offset. */
  readonly sent: string[]
  acknowledged: number
}

/** Appends, alone and several at once, with rolls, a checkpoint, a while in which it is not open, a clean stop and another start on the way. */
async function live(disk: Disk, outcome: Outcome): Promise<void> {
  const clock = new ManualClock()
  let sequence = 0
  for (const round of [1, 2]) {
    let opened = await openLog(disk, { settings: SETTINGS, clock, leaderEpoch: round })
    for (let step = 0; step < 4; step++) {
      const dones: Promise<void>[] = []
      for (let count = 0; count <= (step % 3) * 3; count++) {
        const values = Array.from({ length: 1 + ((step + count) % 3) }, (_, index) => `${round}.${step}.${count}.${index}${'x'.repeat(40)}`)
        const timestamps = values.map((_, index) => timestampOf(sequence + index))
        const batch = await batchOf(values, { timestamps, producerId: 7, producerEpoch: 0, baseSequence: sequence })
        sequence += values.length
        outcome.sent.push(...values)
        const appended = startAppend(opened.log, batch)
        dones.push(acknowledge(appended, appended.baseOffset + values.length, outcome))
      }
      await Promise.all(dones)
      if (step === 1) opened = await unloadAndOpen(opened, round)
      if (step === 2) clock.advance(1000)
    }
    await opened.close()
  }
}

async function acknowledge({ done }: StartedAppend, endOffset: number, outcome: Outcome): Promise<void> {
  await done
  outcome.acknowledged = Math.max(outcome.acknowledged, endOffset)
}

async function stopAt(step: number): Promise<{ disk: FaultDisk; outcome: Outcome; isOver: boolean }> {
  const disk = new FaultDisk({ step, kind: 'stop' })
  const outcome: Outcome = { sent: [], acknowledged: 0 }
  const isOver = await Promise.race([live(disk, outcome).then(() => true), disk.stopped.then(() => false)])
  return { disk, outcome, isOver }
}

/** What is wrong with a log that was opened after the power came back; nothing, if all is well. */
async function faultsOf({ log }: TestLog, { sent, acknowledged }: Outcome): Promise<string[]> {
  if (log.offlineReason !== undefined) return [log.offlineReason]
  if (log.highWatermark < acknowledged) return [`${acknowledged} were acknowledged, but it ends at ${log.highWatermark}`]
  const records = await readAll(log)
  const faults = records.filter(({ value }, offset) => value !== sent[offset]).map(({ offset }) => `offset ${offset} is not what was sent`)
  for (let offset = 0; offset < log.logEndOffset; offset += 5) {
    const found = await log.offsetForTimestamp(timestampOf(offset), log.highWatermark)
    if (found?.offset !== offset) faults.push(`the time of offset ${offset} leads to ${found?.offset}`)
  }
  return faults
}

describe.each(SURVIVALS)('a power loss at every step, when of what was not synced %s', { timeout: 60_000 }, (_, survival) => {
  it('loses nothing that was acknowledged and invents nothing', async () => {
    for (let step = 0; ; step++) {
      const { disk, outcome, isOver } = await stopAt(step)
      const after = await disk.afterPowerLoss(survival(), ROOTS)
      expect(await faultsOf(await openLog(after, { settings: SETTINGS, leaderEpoch: 3 }), outcome), `step ${step}`).toEqual([])
      if (isOver) break
    }
  })

  it('loses nothing when it happens again at every step of the recovery', async () => {
    for (let step = 0; ; step += 13) {
      const { disk, outcome, isOver } = await stopAt(step)
      if (isOver) break
      const after = await disk.afterPowerLoss(survival(), ROOTS)
      expect(await faultsOfEveryRecovery(after, outcome, survival), `step ${step}`).toEqual([])
    }
  })
})

describe('a power loss after a kill -9', { timeout: 60_000 }, () => {
  it('takes nothing back that the log showed in between', async () => {
    for (let step = 0; ; step++) {
      const { disk, outcome, isOver } = await stopAt(step)
      const killed = disk.afterKill()
      const { log } = await openLog(killed, { settings: SETTINGS, leaderEpoch: 3 })
      const shown = { ...outcome, acknowledged: log.highWatermark }
      const after = await killed.afterPowerLoss(nothing, ROOTS)
      expect(await faultsOf(await openLog(after, { settings: SETTINGS, leaderEpoch: 4 }), shown), `step ${step}`).toEqual([])
      if (isOver) break
    }
  })
})

describe('a power loss that takes the name of a file and leaves that of a later one', () => {
  it('never leaves a segment without the one before it', async () => {
    const disk = new FaultDisk()
    const { log } = await openLog(disk, { settings: { ...SETTINGS, durability: 'os' } })
    const logs = async (): Promise<string[]> => ((await disk.list(FOLDER)) ?? []).filter((name) => name.endsWith('.log'))
    while ((await logs()).length < 2) await startAppend(log, await batchOf(['x'.repeat(40)])).done
    let created = 0
    const after = await disk.afterPowerLoss((operation) => (operation === 'create' && created++ < 2 ? 'nothing' : 'all'), ROOTS) // partition.metadata, too
    expect((await openLog(after, { settings: SETTINGS })).log.logStartOffset).toBe(0)
  })
})

describe('a power loss while records are deleted', () => {
  it('leaves the log beginning where it did, or where it was to, with the leader epoch of what is there', async () => {
    for (let step = 0; ; step++) {
      const disk = new FaultDisk({ step, kind: 'stop' })
      const deleteSome = async (): Promise<void> => {
        const { log } = await openLog(disk, { settings: SETTINGS, leaderEpoch: 7 })
        for (let count = 0; count < 20; count++) await startAppend(log, await batchOf(['x'.repeat(40)])).done
        await log.advanceLogStartOffset(15)
      }
      const isOver = await Promise.race([deleteSome().then(() => true), disk.stopped.then(() => false)])
      const { log } = await openLog(await disk.afterPowerLoss(everything, ROOTS), { settings: SETTINGS, leaderEpoch: 8 })
      const { logStartOffset, offlineReason } = log
      expect(offlineReason).toBeUndefined()
      expect(isOver ? [15] : [0, 15], `step ${step}`).toContain(logStartOffset)
      expect(log.epochAt(logStartOffset), `step ${step}`).toBe(log.logEndOffset === 0 ? 8 : 7)
      if (isOver) break
    }
  })
})

/** Stops the recovery at each of its steps, and looks at what the next one makes of it. */
async function faultsOfEveryRecovery(image: MemoryDisk, outcome: Outcome, survival: () => Survival): Promise<string[]> {
  const untouched = await FaultDisk.onto(image, '/data')
  for (let step = 0; ; step++) {
    const disk = await FaultDisk.onto(await untouched.afterPowerLoss(everything, ROOTS), '/data', { step, kind: 'stop' })
    const isOver = await Promise.race([recoverAndClose(disk).then(() => true), disk.stopped.then(() => false)])
    const again = await openLog(await disk.afterPowerLoss(survival(), ROOTS), { settings: SETTINGS, leaderEpoch: 4 })
    const faults = await faultsOf(again, outcome)
    if (isOver || faults.length > 0) return faults
  }
}

async function recoverAndClose(disk: Disk): Promise<void> {
  const opened = await openLog(disk, { settings: SETTINGS, leaderEpoch: 3 })
  await opened.close()
}
