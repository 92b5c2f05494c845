// One operation of the disk fails, at every step of a scripted life of a log: with an error, for want of room, or by writing less than it was given.
// What was acknowledged is there, then and after a restart; what was refused is nowhere; a disk that was merely full is written to again.

import { describe, expect, it } from 'vitest'
import type { Durability } from '../../src/log/log-settings.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { Refusal } from '../../src/wire/error-codes.ts'
import { type Fault, FaultDisk } from '../support/fault-disk.ts'
import { readAll } from '../support/read-log.ts'
import { batchOf, openLog, settled, startAppend } from '../support/test-log.ts'

const SETTINGS = { segmentBytes: 700, indexIntervalBytes: 150 }
/** So many appends at once, one after the other. */
const TOGETHER = [1, 2, 3, 4, 1, 2, 3]

interface Outcome {
  /** By offset. */
  readonly acknowledged: Map<number, string>
  readonly refused: string[]
}

/** Appends some alone, some together; goes on whatever the log answers. */
async function fill(log: PartitionLog): Promise<Outcome> {
  const outcome: Outcome = { acknowledged: new Map(), refused: [] }
  const appendOne = async (value: string): Promise<void> => {
    try {
      const { baseOffset, done } = startAppend(log, await batchOf([value]))
      await done
      outcome.acknowledged.set(baseOffset, value)
    } catch (error) {
      if (!(error instanceof Refusal) || error.error !== 'KAFKA_STORAGE_ERROR') throw error
      outcome.refused.push(value)
    }
  }
  for (const [group, count] of TOGETHER.entries()) {
    await Promise.all(Array.from({ length: count }, (_, index) => appendOne(`${group}.${index}${'x'.repeat(60)}`)))
  }
  return outcome
}

async function faultsOf(log: PartitionLog, { acknowledged, refused }: Outcome): Promise<string[]> {
  if (log.offlineReason !== undefined) return [log.offlineReason]
  const values = new Map((await readAll(log)).map(({ offset, value }) => [offset, value]))
  return [
    ...[...acknowledged].filter(([offset, value]) => values.get(offset) !== value).map(([offset]) => `offset ${offset} was acknowledged`),
    ...[...values].filter(([, value]) => refused.includes(value)).map(([offset]) => `offset ${offset} was refused`),
    ...(values.size === log.highWatermark ? [] : [`${values.size} records below ${log.highWatermark}`]),
  ]
}

const FAULTS: readonly [string, Omit<Fault, 'step'>][] = [
  ['fails with EIO', { kind: 'error', code: 'EIO' }],
  ['finds the disk full', { kind: 'error', code: 'ENOSPC', only: 'write' }],
  ['finds the disk full, and three more do', { kind: 'error', code: 'ENOSPC', repeat: 3 }],
  ['writes less than it was given', { kind: 'short write', only: 'write' }],
]

describe.each<Durability>(['fsync', 'interval', 'os'])('with durability %s, when one operation', (durability) => {
  it.each(FAULTS)('%s, nothing acknowledged is lost and nothing refused is found', { timeout: 60_000 }, async (_, fault) => {
    for (let step = 1, isOver = false; !isOver; step++) {
      const disk = new FaultDisk({ ...fault, step })
      const first = await openLog(disk, { settings: { ...SETTINGS, durability } })
      const outcome = await fill(first.log)
      await settled()
      expect(await faultsOf(first.log, outcome), `step ${step}`).toEqual([])
      isOver = !disk.hasFailed
      expect(outcome.refused.length === 0 || disk.hasFailed).toBe(true)
      const after = await disk.afterPowerLoss(() => 'all', ['/', '/data'])
      const second = await openLog(after, { settings: { ...SETTINGS, durability } })
      // when the cut fails as well, what was written stays: its producer was told that something is wrong with the disk, not that it is gone
      const isCutUncertain = fault.repeat !== undefined && first.log.readOnlyReason !== undefined
      const expected = isCutUncertain ? { ...outcome, refused: [] } : outcome
      expect(await faultsOf(second.log, expected), `step ${step}, after a restart`).toEqual([])
    }
  })
})
