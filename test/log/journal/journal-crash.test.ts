// The power fails at every step of the life of a few logs that share a journal, and again at every step of the recovery after it, as in crash.test.ts for a log
// that syncs itself. What was acknowledged is durable in the journal alone until a checkpoint, a roll or a stop syncs the segments.

import { describe, expect, it } from 'vitest'
import type { Disk } from '../../../src/disk/disk.ts'
import type { MemoryDisk } from '../../../src/disk/memory-disk.ts'
import { FaultDisk, type Survival } from '../../support/fault-disk.ts'
import { type JournaledLogs, openJournaled } from '../../support/journaled-logs.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { readAll } from '../../support/read-log.ts'
import { batchOf, startAppend, type StartedAppend } from '../../support/test-log.ts'

const SETTINGS = { segmentBytes: 700, indexIntervalBytes: 150 }
const JOURNAL = { fileBytes: 1 << 10, maxBytes: 8 << 10, largeBytes: 220 } // some batches are synced with their segment instead
const PARTITIONS = [0, 1, 2]
const ROOTS = ['/', '/data']

interface Outcome {
  /** By partition and offset. */
  readonly sent: string[][]
  readonly acknowledged: number[]
}

async function live(disk: Disk, outcome: Outcome): Promise<void> {
  const clock = new ManualClock()
  const sequences = PARTITIONS.map(() => 0)
  for (const round of [1, 2]) {
    const opened = await openJournaled(disk, {
      ...JOURNAL,
      partitionCount: PARTITIONS.length,
      settings: SETTINGS,
      clock,
      leaderEpoch: round,
    })
    for (let step = 0; step < 5; step++) {
      const dones: Promise<void>[] = []
      for (let count = 0; count <= (step % 3) * 2; count++) {
        const partition = PARTITIONS[(step + count) % 3]!
        const values = Array.from({ length: 1 + ((step + count) % 2) }, (_, index) => `${round}.${step}.${count}.${index}${'x'.repeat(60)}`)
        const baseSequence = sequences[partition]!
        sequences[partition]! += values.length
        outcome.sent[partition]!.push(...values)
        const appended = startAppend(opened.logs[partition]!, await batchOf(values, { producerId: 7, producerEpoch: 0, baseSequence }))
        dones.push(acknowledge(appended, partition, appended.baseOffset + values.length, outcome))
      }
      await Promise.all(dones)
      if (step === 2) clock.advance(6000)
      if (step === 3) await opened.journal.checkpoint()
    }
    await opened.close()
  }
}

async function acknowledge({ done }: StartedAppend, partition: number, endOffset: number, { acknowledged }: Outcome): Promise<void> {
  await done
  acknowledged[partition] = Math.max(acknowledged[partition]!, endOffset)
}

const nothing: Survival = () => 'nothing'
const everything: Survival = () => 'all'

function atRandom(seed: number): Survival {
  let state = seed
  const next = (): number => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31)
  return () => (['all', 'nothing', next() % 200] as const)[(next() >> 8) % 3]!
}

const SURVIVALS: readonly [string, () => Survival][] = [
  ['nothing of it survives', () => nothing],
  ['all of it survives', () => everything],
  ...[1, 2, 3, 4].map((seed): [string, () => Survival] => [`some of it survives, seed ${seed}`, () => atRandom(seed)]),
]

async function stopAt(step: number): Promise<{ disk: FaultDisk; outcome: Outcome; isOver: boolean }> {
  const disk = new FaultDisk({ step, kind: 'stop' })
  const outcome: Outcome = { sent: PARTITIONS.map(() => []), acknowledged: PARTITIONS.map(() => 0) }
  const isOver = await Promise.race([live(disk, outcome).then(() => true), disk.stopped.then(() => false)])
  return { disk, outcome, isOver }
}

async function faultsOf({ logs }: JournaledLogs, { sent, acknowledged }: Outcome): Promise<string[]> {
  const faults: string[] = []
  for (const [partition, log] of logs.entries()) {
    if (log.offlineReason !== undefined) faults.push(`partition ${partition}: ${log.offlineReason}`)
    else if (log.highWatermark < acknowledged[partition]!)
      faults.push(`partition ${partition} ends at ${log.highWatermark}, acknowledged ${acknowledged[partition]}`)
    else
      for (const { offset, value } of await readAll(log))
        if (value !== sent[partition]![offset]) faults.push(`${partition}: offset ${offset} is ${value}`)
  }
  return faults
}

const open = (disk: Disk): Promise<JournaledLogs> =>
  openJournaled(disk, { ...JOURNAL, partitionCount: PARTITIONS.length, settings: SETTINGS, leaderEpoch: 3 })

describe.each(SURVIVALS)('a power loss at every step, when of what was not synced %s', { timeout: 120_000 }, (_, survival) => {
  it('loses nothing that was acknowledged and invents nothing', async () => {
    for (let step = 0; ; step++) {
      const { disk, outcome, isOver } = await stopAt(step)
      const after = await disk.afterPowerLoss(survival(), ROOTS)
      expect(await faultsOf(await open(after), outcome), `step ${step}`).toEqual([])
      if (isOver) break
    }
  })

  it('loses nothing when it happens again at every step of the recovery', async () => {
    for (let step = 5; ; step += 17) {
      const { disk, outcome, isOver } = await stopAt(step)
      if (isOver) break
      const after = await disk.afterPowerLoss(survival(), ROOTS)
      expect(await faultsOfEveryRecovery(after, outcome, survival), `step ${step}`).toEqual([])
    }
  })
})

describe('a power loss after a kill -9', { timeout: 120_000 }, () => {
  it('takes nothing back that the logs showed in between', async () => {
    for (let step = 0; ; step++) {
      const { disk, outcome, isOver } = await stopAt(step)
      const killed = disk.afterKill()
      const { logs } = await open(killed)
      const shown = { ...outcome, acknowledged: logs.map(({ highWatermark }) => highWatermark) }
      const after = await killed.afterPowerLoss(nothing, ROOTS)
      expect(await faultsOf(await open(after), shown), `step ${step}`).toEqual([])
      if (isOver) break
    }
  })
})

async function faultsOfEveryRecovery(before: MemoryDisk, outcome: Outcome, survival: () => Survival): Promise<string[]> {
  for (let step = 0; ; step++) {
    const disk = await FaultDisk.onto(await copyOf(before), '/data', { step, kind: 'stop' })
    const isOver = await Promise.race([open(disk).then(() => true), disk.stopped.then(() => false)])
    const after = await disk.afterPowerLoss(survival(), ROOTS)
    const faults = await faultsOf(await open(after), outcome)
    if (faults.length > 0) return [`recovery step ${step}`, ...faults]
    if (isOver) return []
  }
}

async function copyOf(disk: MemoryDisk): Promise<MemoryDisk> {
  return (await FaultDisk.onto(disk, '/data')).afterPowerLoss(() => 'all', ROOTS)
}
