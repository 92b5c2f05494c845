// The power fails at every step of retention, and of a start after that: the log begins where it was promised to, or where it began before; what lies from
// there on is whole.

import { describe, expect, it } from 'vitest'
import type { Disk } from '../../src/disk/disk.ts'
import { Counter } from '../../src/lib/counters.ts'
import { type RetainedPartition, retentionJob } from '../../src/upkeep/retention.ts'
import { FaultDisk } from '../support/fault-disk.ts'
import { immediateTurn, openPartition } from '../support/job-turn.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { everything, ROOTS, SURVIVALS } from '../support/power-loss.ts'
import { readAll } from '../support/read-log.ts'
import { append, openLog, settled, type TestLog } from '../support/test-log.ts'

const SEGMENTS = 6
const KEPT_FROM = 4

interface Promises {
  appended: number
  start: number
}

async function live(disk: Disk, durability: 'fsync' | 'os', promises: Promises): Promise<void> {
  const clock = new ManualClock()
  const opened = await openLog(disk, { clock, settings: { segmentBytes: 100, durability } })
  const { log } = opened
  for (let count = 0; count < SEGMENTS; count++) {
    await append(log, [`value ${count}`], { timestamps: [count < KEPT_FROM ? 0 : clock.now()] })
    if (durability === 'fsync') promises.appended = log.logEndOffset
  }
  await settled()
  clock.advance(1000)
  await settled()
  const partitions = (): RetainedPartition[] => [{ partition: openPartition(log), policy: { retentionMs: 1000, retentionBytes: -1 } }]
  await retentionJob({ clock, checkIntervalMs: 1, partitions, runs: new Counter() }).run(immediateTurn)
  promises.start = log.logStartOffset
  clock.advance(60_000)
  await settled()
  await opened.close()
}

async function faultsOf({ log }: TestLog, { appended, start }: Promises): Promise<string[]> {
  if (log.offlineReason !== undefined) return [log.offlineReason]
  const faults: string[] = []
  if (log.highWatermark < appended) faults.push(`it ends at ${log.highWatermark}, but ${appended} were acknowledged`)
  if (log.logStartOffset < start) faults.push(`it begins at ${log.logStartOffset}, but everything below ${start} was deleted`)
  if (log.logStartOffset > KEPT_FROM) faults.push(`it begins at ${log.logStartOffset}`)
  const records = await readAll(log)
  const expected = Array.from({ length: log.highWatermark - log.logStartOffset }, (_, index) => `value ${log.logStartOffset + index}`)
  if (records.map(({ value }) => value).join() !== expected.join()) faults.push(`it holds ${records.map(({ value }) => value).join()}`)
  return faults
}

describe.each(SURVIVALS)('a power loss at every step of retention, when of what was not synced %s', { timeout: 60_000 }, (_, survival) => {
  it.each(['fsync', 'os'] as const)(
    'brings nothing back below the start that was promised, and takes nothing above it (%s)',
    async (durability) => {
      for (let step = 0; ; step++) {
        const disk = new FaultDisk({ step, kind: 'stop' })
        const promises: Promises = { appended: 0, start: 0 }
        const isOver = await Promise.race([live(disk, durability, promises).then(() => true), disk.stopped.then(() => false)])
        const image = await disk.afterPowerLoss(survival(), ROOTS)
        for (let again = 0; ; again += 3) {
          const copy = await (await FaultDisk.onto(image, '/data')).afterPowerLoss(everything, ROOTS)
          const second = await FaultDisk.onto(copy, '/data', { step: again, kind: 'stop' })
          const isOpen = await Promise.race([openLog(second, { leaderEpoch: 1 }).then(() => true), second.stopped.then(() => false)])
          const third = await openLog(await second.afterPowerLoss(survival(), ROOTS), { leaderEpoch: 2 })
          expect(await faultsOf(third, promises), `step ${step}, then ${again}`).toEqual([])
          if (isOpen) break
        }
        if (isOver) break
      }
    },
  )
})
