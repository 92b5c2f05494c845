import { describe, expect, it } from 'vitest'
import type { Disk } from '../../../src/disk/disk.ts'
import { MemoryDisk } from '../../../src/disk/memory-disk.ts'
import { Histogram } from '../../../src/lib/histogram.ts'
import { WriteGate } from '../../../src/log/durability/write-gate.ts'
import { Journal, type JournaledLog } from '../../../src/log/journal/journal.ts'
import { JournalReader } from '../../../src/log/journal/journal-reader.ts'
import { buildBatch } from '../../support/batch-builder.ts'
import { FaultDisk } from '../../support/fault-disk.ts'
import { silent } from '../../support/log-services.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { settled, TOPIC_ID } from '../../support/test-log.ts'

const FOLDER = '/data/journal'

/** A log with one record in each batch. */
class SomeLog implements JournaledLog {
  readonly topicId = TOPIC_ID
  readonly partition: number
  readonly folder: string
  recoveryPoint = 0
  endOffset = 0
  canSync = true
  syncCount = 0

  constructor(partition = 0) {
    this.partition = partition
    this.folder = `/data/orders-${partition}`
  }

  async syncWritten(): Promise<void> {
    this.syncCount++
    if (this.canSync) this.recoveryPoint = this.endOffset
  }

  append(journal: Journal, size = 10): Promise<void> {
    const baseOffset = this.endOffset++
    const batches = [buildBatch({ baseOffset, records: [{ value: 'x'.repeat(size) }] })]
    return new Promise((resolve, reject) =>
      journal.append(this, batches, baseOffset, this.endOffset, (error) => (error === undefined ? resolve() : reject(error))),
    )
  }
}

async function openOn(disk: Disk, maxBytes = 1 << 20) {
  await disk.makeFolder('/data')
  const clock = new ManualClock()
  const writeGate = new WriteGate(silent)
  const syncs = new Histogram()
  const limits = { fileBytes: 1024, maxBytes: () => maxBytes, checkpointIntervalMs: () => 5000 }
  const journal = new Journal({ disk, clock, diagnostics: silent, writeGate, folder: FOLDER, syncs, ...limits })
  journal.start(1)
  return { journal, clock, writeGate, syncs }
}

async function entriesOn(disk: Disk): Promise<string[]> {
  const entries: string[] = []
  const journal = await JournalReader.open(disk, FOLDER)
  await journal?.read({
    entry: ({ number, partition, baseOffset }) => entries.push(`${number}: ${partition} at ${baseOffset}`),
    lost: ({ fromNumber, toNumber }) => entries.push(`lost ${fromNumber} to ${toNumber}`),
  })
  return entries
}

describe('the journal', () => {
  it('syncs once for all that comes while it syncs, of whatever log', async () => {
    const disk = new MemoryDisk()
    const { journal, syncs } = await openOn(disk)
    const logs = [0, 1, 2].map((partition) => new SomeLog(partition))
    await Promise.all(logs.flatMap((log) => [log.append(journal), log.append(journal)]))
    expect(syncs.snapshot().count).toBe(1)
    expect(await entriesOn(disk)).toEqual(['1: 0 at 0', '2: 0 at 1', '3: 1 at 0', '4: 1 at 1', '5: 2 at 0', '6: 2 at 1'])
  })

  it('has no file before the first entry, and none after a stop', async () => {
    const disk = new MemoryDisk()
    const { journal } = await openOn(disk)
    expect(await disk.list(FOLDER)).toBeUndefined()
    const log = new SomeLog()
    await log.append(journal)
    expect(await disk.list(FOLDER)).toHaveLength(1)
    await log.syncWritten()
    await journal.close()
    expect(await disk.list(FOLDER)).toBeUndefined()
  })

  it('keeps what is not in the segments, synced, over a stop', async () => {
    const disk = new MemoryDisk()
    const { journal } = await openOn(disk)
    const log = new SomeLog()
    await log.append(journal)
    await journal.close()
    expect(await entriesOn(disk)).toEqual(['1: 0 at 0'])
  })

  it('syncs the segments after a while, and once', async () => {
    const { journal, clock } = await openOn(new MemoryDisk())
    const log = new SomeLog()
    await log.append(journal)
    clock.advance(4999)
    await settled()
    expect(log.syncCount).toBe(0)
    clock.advance(1)
    await settled()
    expect([log.recoveryPoint, log.syncCount]).toEqual([1, 1])
    clock.advance(60_000)
    await settled()
    expect([log.syncCount, clock.pendingTimerCount]).toEqual([1, 0])
  })

  it('uses its files again: however much is written, they stay as many', async () => {
    const disk = new MemoryDisk()
    const { journal } = await openOn(disk, 8 << 10)
    const log = new SomeLog()
    for (let count = 0; count < 500; count++) await log.append(journal, 200)
    expect((await disk.list(FOLDER))!.length).toBeLessThanOrEqual(11)
    const entries = await entriesOn(disk)
    expect(entries.at(-1)).toBe('500: 0 at 499')
    expect(entries.filter((entry) => entry.startsWith('lost'))).toEqual([])
  })

  it('frees files as soon as the segments are synced by others', async () => {
    const disk = new MemoryDisk()
    const { journal } = await openOn(disk)
    const log = new SomeLog()
    for (let count = 0; count < 200; count++) {
      await log.append(journal, 200)
      log.recoveryPoint = log.endOffset - 10
    }
    expect([journal.bytes < 10 << 10, log.syncCount]).toEqual([true, 0]) // of 68 kB
  })

  it('is not for what is large while it fills up', async () => {
    const { journal } = await openOn(new MemoryDisk(), 40 << 10)
    const log = new SomeLog()
    expect(journal.isFor(1 << 20)).toBe(true)
    while (journal.bytes <= 10 << 10) await log.append(journal, 200)
    expect([journal.isFor(1 << 20), journal.isFor(48 << 10), journal.isFor((48 << 10) - 1)]).toEqual([false, false, true])
    await journal.checkpoint()
    expect(journal.isFor(1 << 20)).toBe(true)
  })

  it('lets entries wait when it is full and the segments are not synced yet', async () => {
    const { journal, clock } = await openOn(new MemoryDisk(), 4 << 10)
    const log = new SomeLog()
    let sync!: () => void
    const isSynced = new Promise<void>((resolve) => (sync = resolve))
    log.syncWritten = async () => {
      await isSynced
      log.recoveryPoint = log.endOffset
    }
    let doneCount = 0
    const appends = Array.from({ length: 40 }, async () => {
      await log.append(journal, 200)
      doneCount++
    })
    await settled()
    clock.advance(1000)
    await settled()
    expect(doneCount).toBeGreaterThan(5)
    expect(doneCount).toBeLessThan(20)
    sync()
    await Promise.all(appends)
    expect(doneCount).toBe(40)
  })

  it('takes an entry that is larger than a file', async () => {
    const disk = new MemoryDisk()
    const { journal } = await openOn(disk)
    const log = new SomeLog()
    await log.append(journal)
    await log.append(journal, 5000)
    await log.append(journal)
    expect(await entriesOn(disk)).toEqual(['1: 0 at 0', '2: 0 at 1', '3: 0 at 2'])
  })

  it('tries again once when the disk is full', async () => {
    const disk = new FaultDisk({ step: 0, kind: 'error', code: 'ENOSPC', only: 'write' })
    const { journal, clock, writeGate } = await openOn(disk)
    const appended = new SomeLog().append(journal)
    await settled()
    clock.advance(1000)
    await appended
    expect([writeGate.closedReason, await entriesOn(disk)]).toEqual([undefined, ['1: 0 at 0']])
  })

  it.each(['write', 'create'] as const)(
    'refuses what waits when the disk stays full at a %s, and takes what comes when there is room',
    async (only) => {
      const disk = new FaultDisk({ step: 0, kind: 'error', code: 'ENOSPC', only, repeat: 1 })
      const { journal, clock, writeGate } = await openOn(disk)
      const appends = [0, 1].map((partition) => new SomeLog(partition).append(journal))
      for (const append of appends) append.catch(() => undefined)
      await settled()
      clock.advance(1000)
      for (const append of appends) await expect(append).rejects.toThrow('ENOSPC')
      await new SomeLog(2).append(journal)
      expect([writeGate.closedReason, await entriesOn(disk)]).toEqual([undefined, ['1: 2 at 0']])
    },
  )

  it('leaves nothing of what it refused, however much of it was written', async () => {
    const disk = new FaultDisk({ step: 2, kind: 'short write', only: 'write', repeat: 1 })
    const { journal, clock } = await openOn(disk)
    const log = new SomeLog()
    await log.append(journal)
    await log.append(journal)
    const refused = [log.append(journal), log.append(journal), log.append(journal)]
    for (const append of refused) append.catch(() => undefined)
    await settled()
    clock.advance(1000)
    for (const append of refused) await expect(append).rejects.toThrow('the disk took only a part of it')
    log.endOffset = 2
    await log.append(journal)
    expect(await entriesOn(disk)).toEqual(['1: 0 at 0', '2: 0 at 1', '3: 0 at 2'])
  })

  it('fails for good when it cannot be synced: nothing that waits is acknowledged, and nothing is taken any more', async () => {
    const { journal, writeGate } = await openOn(new FaultDisk({ step: 0, kind: 'error', only: 'sync' }))
    const log = new SomeLog()
    const appends = [log.append(journal), log.append(journal)]
    for (const append of appends) await expect(append).rejects.toThrow('the journal failed: EIO')
    expect(writeGate.closedReason).toMatch(/until it is started again/)
    await expect(log.append(journal)).rejects.toThrow('the journal failed')
  })

  it('fails for good when a segment cannot be synced: what it holds could not be let go', async () => {
    const { journal, writeGate } = await openOn(new MemoryDisk())
    const log = new SomeLog(3)
    log.canSync = false
    await log.append(journal)
    await journal.checkpoint()
    expect(writeGate.closedReason).toMatch(/orders-3 could not be synced/)
  })

  it('is not held up by a log that is deleted', async () => {
    const { journal, writeGate } = await openOn(new MemoryDisk())
    const [deleted, kept] = [new SomeLog(0), new SomeLog(1)]
    deleted.canSync = false
    await Promise.all([deleted.append(journal), kept.append(journal)])
    journal.forget(deleted)
    await deleted.append(journal) // was on its way
    await journal.checkpoint()
    expect([writeGate.closedReason, kept.recoveryPoint]).toEqual([undefined, 1])
  })
})
