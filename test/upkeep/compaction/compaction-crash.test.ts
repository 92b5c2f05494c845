// The power fails at every step of a log's life with two compactions and retention in it, and again at steps of the start that follows. Whatever was not
// synced may be on disk or not: the last record of every key that was acknowledged is there; what a tombstone had taken away stays away.

import { describe, expect, it } from 'vitest'
import type { Disk } from '../../../src/disk/disk.ts'
import { verify } from '../../../src/upkeep/verify.ts'
import type { Finding } from '../../../src/upkeep/finding.ts'
import { openCompactedLog, readKeyed } from '../../support/compacted-log.ts'
import { FaultDisk } from '../../support/fault-disk.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { everything, ROOTS, SURVIVALS } from '../../support/power-loss.ts'
import { FOLDER, settled } from '../../support/test-log.ts'

const SETTINGS = { segmentBytes: 900, indexIntervalBytes: 100 }
const PRODUCER = { producerId: 7, producerEpoch: 0 }

interface Written {
  readonly offset: number
  readonly value: string | null
}

interface Promises {
  /** By key, in order. */
  readonly sent: Map<string, Written[]>
  acknowledged: number
  /** Keys whose tombstone was compacted away: nothing of them was there any more. */
  readonly gone: Set<string>
}

async function live(disk: Disk, promises: Promises): Promise<void> {
  const clock = new ManualClock()
  const log = await openCompactedLog(disk, clock, SETTINGS)
  let sequence = 0
  let next = 0
  const send = async (round: number): Promise<void> => {
    for (let count = 0; count < 5; count++) {
      const records = [`${(count % 2) * 2}`, `own ${round}.${count}`].map((key) => ({ key, value: `${round}.${count}` }))
      const batch = count % 2 === 0 ? { ...PRODUCER, baseSequence: sequence } : {}
      if (count % 2 === 0) sequence += records.length
      await sendBatch(records, batch)
      if (count % 2 === 1) await log.log.exchange.roll() // small ones, several to a group
    }
  }
  const sendBatch = async (records: { key: string; value: string | null }[], batch: object): Promise<void> => {
    for (const { key, value } of records) promises.sent.set(key, [...(promises.sent.get(key) ?? []), { offset: next++, value }])
    await log.append(records, batch)
    promises.acknowledged = next
  }
  await send(1)
  await sendBatch([{ key: 'own 1.1', value: null }], {})
  await log.compact({ deleteRetentionMs: 1000 })
  clock.advance(60_000)
  await settled()
  await send(2)
  await log.log.exchange.roll()
  await sendBatch([{ key: '1', value: 'replaced' }], {})
  await log.log.exchange.roll()
  await sendBatch([{ key: '1', value: null }], {}) // with what is before, the end of a group of which nothing is left
  await log.compact({ deleteRetentionMs: 0 })
  promises.gone.add('own 1.1')
  clock.advance(1)
  await sendBatch([{ key: '2', value: 'last' }], {})
  await log.compact({ deleteRetentionMs: 0 })
  promises.gone.add('1')
  await send(3)
  clock.advance(60_000)
  await settled()
  await log.close()
}

async function faultsOf(disk: Disk, { sent, acknowledged, gone }: Promises): Promise<string[]> {
  const opened = await openCompactedLog(disk, new ManualClock(), { ...SETTINGS, leaderEpoch: 3 })
  const { log } = opened
  if (log.offlineReason !== undefined) return [log.offlineReason]
  const faults: string[] = []
  if (log.highWatermark < acknowledged) faults.push(`it ends at ${log.highWatermark}, but ${acknowledged} were acknowledged`)
  const { records } = await readKeyed(log)
  const byOffset = new Map(records.map((record) => [record.offset, record]))
  for (const { offset, key, value } of records)
    if (!sent.get(key)!.some((one) => one.offset === offset && one.value === value)) faults.push(`${key} at ${offset} was never sent`)
  for (const [key, written] of sent) {
    const last = written.findLast(({ offset }) => offset < log.highWatermark)
    if (last?.value != null && byOffset.get(last.offset)?.value !== last.value)
      faults.push(`the last of ${key}, at ${last.offset}, is lost`)
    const seen = records.findLast((record) => record.key === key)
    if (last?.value === null && (seen?.value != null || (gone.has(key) && seen !== undefined)))
      faults.push(`${key} is back at ${seen?.offset}`)
  }
  await opened.append([{ key: 'after', value: 'after' }])
  const end = (await readKeyed(log)).records.at(-1)
  if (end?.key !== 'after') faults.push('what is appended is not there')
  await opened.close()
  return [...faults, ...(await damageOf(disk)).map(({ file, message }) => `${file}: ${message}`)]
}

async function damageOf(disk: Disk): Promise<Finding[]> {
  const findings: Finding[] = []
  await verify(
    { kind: 'partition', folder: FOLDER },
    { disk, metadata: undefined as never, report: (finding) => findings.push(finding), totals: { bytes: 0, batches: 0, records: 0 } },
  )
  return findings.filter(({ level, file }) => level === 'damage' && /\.(log|index|timeindex)$/.test(file))
}

async function stopAt(step: number): Promise<{ disk: FaultDisk; promises: Promises; isOver: boolean }> {
  const disk = new FaultDisk({ step, kind: 'stop' })
  const promises: Promises = { sent: new Map(), acknowledged: 0, gone: new Set() }
  const isOver = await Promise.race([live(disk, promises).then(() => true), disk.stopped.then(() => false)])
  return { disk, promises, isOver }
}

describe.each(SURVIVALS)(
  'a power loss at every step of compaction, when of what was not synced %s',
  { timeout: 120_000 },
  (_, survival) => {
    it('loses the last record of no key, and brings nothing back', async () => {
      for (let step = 0; ; step++) {
        const { disk, promises, isOver } = await stopAt(step)
        const after = await disk.afterPowerLoss(survival(), ROOTS)
        expect(await faultsOf(after, promises), `step ${step}`).toEqual([])
        if (isOver) break
      }
    })

    it('loses nothing when it happens again on the way of the start that follows', async () => {
      for (let step = 60; ; step += 31) {
        const { disk, promises, isOver } = await stopAt(step)
        if (isOver) break
        const image = await disk.afterPowerLoss(survival(), ROOTS)
        for (let again = 0; ; again += 2) {
          const copy = await (await FaultDisk.onto(image, '/data')).afterPowerLoss(everything, ROOTS)
          const second = await FaultDisk.onto(copy, '/data', { step: again, kind: 'stop' })
          const opening = openCompactedLog(second, new ManualClock(), { ...SETTINGS, leaderEpoch: 2 }).then((log) => log.close())
          const isOpen = await Promise.race([opening.then(() => true), second.stopped.then(() => false)])
          const third = await second.afterPowerLoss(survival(), ROOTS)
          expect(await faultsOf(third, promises), `step ${step}, then ${again}`).toEqual([])
          if (isOpen) break
        }
      }
    })
  },
)

describe('a log that was compacted', () => {
  it('is sound for ottla verify after a clean stop', async () => {
    const { disk } = await stopAt(Infinity)
    expect(await damageOf(disk)).toEqual([])
  })
})
