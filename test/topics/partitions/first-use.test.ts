import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryDisk } from '../../../src/disk/memory-disk.ts'
import { Refusal } from '../../../src/wire/error-codes.ts'
import { FaultDisk } from '../../support/fault-disk.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { recordingDisk } from '../../support/recording-disk.ts'
import { settled } from '../../support/test-log.ts'
import { openTestStorage, type TestStorage } from '../../support/test-storage.ts'

const PARTITIONS = 40
const indexes = Array.from({ length: PARTITIONS }, (_, index) => index)

/** A folder in which every partition has a record, as a stop or a crash left it. */
async function filled(how: 'stopped' | 'killed', durability = 'os'): Promise<MemoryDisk> {
  const disk = new MemoryDisk()
  const storage = await openTestStorage(disk)
  await storage.createTopic('a', PARTITIONS, { durability })
  for (const index of indexes) await storage.append('a', index, `record ${index}`)
  if (how === 'stopped') await storage.close()
  else await storage.abandon()
  return disk
}

/** Lets everything in the background happen. */
async function pass(clock: ManualClock, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    clock.advance(1000)
    await settled()
  }
}

const ofPartitions = (asked: readonly string[]): string[] => asked.filter((one) => /\/a-\d+/.test(one))

describe('a partition', () => {
  it.each(['stopped', 'killed'] as const)('is not looked at by the start of a broker that was %s', async (how) => {
    const { disk, takeAsked } = recordingDisk(await filled(how))
    const { records } = await openTestStorage(disk)
    expect(ofPartitions(takeAsked())).toEqual([])
    expect(records.openCount).toBe(0)
  })

  it('is opened by the start of a broker that was killed when the journal has something of it', async () => {
    const storage = await openTestStorage(await filled('killed', 'fsync'))
    expect(storage.records.openCount).toBe(PARTITIONS)
    expect(await storage.valuesOf('a', 7)).toEqual(['record 7'])
  })

  it('is opened by its first use, alone, and once for all who come meanwhile', async () => {
    const { disk, takeAsked } = recordingDisk(await filled('stopped'))
    const storage = await openTestStorage(disk)
    takeAsked()
    const uses = [storage.append('a', 7, 'new'), storage.valuesOf('a', 7), storage.append('a', 7, 'newer'), storage.valuesOf('a', 7)]
    expect((await Promise.all(uses))[1]).toContain('record 7')
    const asked = ofPartitions(takeAsked())
    expect(asked.filter((one) => one.startsWith('list'))).toEqual(['list /data/a-7'])
    expect(asked.filter((one) => !one.includes('/a-7'))).toEqual([])
    expect(storage.records.openCount).toBe(1)
    expect(await storage.valuesOf('a', 7)).toEqual(['record 7', 'new', 'newer'])
  })

  it('serves a request of many as one that was open would', async () => {
    const storage = await openTestStorage(await filled('stopped'))
    expect(await Promise.all(indexes.map((index) => storage.valuesOf('a', index)))).toEqual(indexes.map((index) => [`record ${index}`]))
    expect(storage.records.openCount).toBe(PARTITIONS)
  })

  it('says what it holds before it is opened, and after a crash which ones it does not know of', async () => {
    const stopped = await openTestStorage(await filled('stopped'))
    const { bytes } = stopped.records.size
    expect(stopped.records.size).toEqual({ bytes, uncountedPartitions: 0 })
    expect(bytes).toBeGreaterThan(PARTITIONS * 61)
    const killed = await openTestStorage(await filled('killed'))
    expect(killed.records.size).toEqual({ bytes: 0, uncountedPartitions: PARTITIONS })
    await killed.valuesOf('a', 3)
    expect(killed.records.size.uncountedPartitions).toBe(PARTITIONS - 1)
  })

  it('is deleted, grown and altered unopened', async () => {
    const { disk, takeAsked } = recordingDisk(await filled('stopped'))
    const { catalog, records } = await openTestStorage(disk)
    await catalog.createPartitions([{ name: 'a', partitionCount: PARTITIONS + 1, assignments: null }])
    await catalog.alterConfigs('a', () => ({ 'max.message.bytes': '2000' }))
    takeAsked()
    await catalog.delete(catalog.byName('a'))
    expect(records.openCount).toBe(0)
    expect(takeAsked().filter((one) => one.startsWith('rename'))).toHaveLength(PARTITIONS)
    expect((await disk.list('/data'))!.filter((name) => /^a-\d+$/.test(name))).toEqual([])
    expect(String(await disk.readFile('/data/recovery-point-offset-checkpoint'))).not.toMatch(/^a /m)
  })

  it('is not opened any more when its topic is deleted or the broker has stopped', async () => {
    const storage = await openTestStorage(await filled('stopped'))
    const [first, second] = storage.records.partitions
    const used = first!.use((log) => log.highWatermark) // the deletion comes while it is opened
    const deleted = storage.catalog.delete(storage.catalog.byName('a'))
    await expect(used).resolves.toBe(1)
    await deleted
    await expect(second!.open()).rejects.toMatchObject({ error: 'UNKNOWN_TOPIC_OR_PARTITION' })
    const stopping = await openTestStorage(await filled('stopped'))
    const [third] = stopping.records.partitions
    await stopping.close()
    await expect(third!.open()).rejects.toThrow(Refusal)
  })
})

describe('after a crash', () => {
  it('all partitions are recovered in the background, and none stays open for that', async () => {
    const clock = new ManualClock()
    const storage = await openTestStorage(await filled('killed'), clock)
    const { bytes } = (await openTestStorage(await filled('stopped'))).records.size
    await pass(clock, 20)
    expect(storage.records.size).toEqual({ bytes, uncountedPartitions: 0 })
    expect(storage.records.openCount).toBe(0)
  })

  it('a damaged partition is told of although nobody uses it', async () => {
    const clock = new ManualClock()
    const disk = await filled('stopped')
    await disk.unlink('/data/.ottla-cleanshutdown')
    await (await disk.open('/data/a-6/00000000000000000000.log', 'existing')).truncate(10)
    const storage = await openTestStorage(disk, clock)
    expect(storage.records.partitions[6]!.offlineReason).toBeUndefined()
    await pass(clock, 20)
    expect(storage.records.partitions[6]!.offlineReason).toMatch(/ottla verify/)
    expect(storage.lines.map(({ fields }) => fields.folder)).toEqual(['/data/a-6'])
  })

  it('a stop before the end leaves the rest to the next start', async () => {
    const disk = await filled('killed')
    const first = await openTestStorage(disk)
    await first.valuesOf('a', 1)
    await first.close()
    const clock = new ManualClock()
    const second = await openTestStorage(disk, clock)
    expect(second.records.size.uncountedPartitions).toBe(PARTITIONS - 1)
    await pass(clock, 20)
    await second.close()
    expect((await openTestStorage(disk)).records.size.uncountedPartitions).toBe(0)
  })
})

describe('a partition that nobody uses', () => {
  it('is closed, with nothing to recover, and keeps its watchers', async () => {
    const disk = await filled('stopped')
    const storage = await openTestStorage(disk)
    const [partition] = storage.records.partitions
    const heard: number[] = []
    await storage.append('a', 0, 'new')
    partition!.watch({ partitionChanged: (bytes) => void heard.push(bytes) })
    expect(await partition!.closeIfIdle()).toBe(true)
    expect([storage.records.openCount, partition!.sizeBytes, heard]).toEqual([0, partition!.sizeAtRest, []])
    expect(String(await disk.readFile('/data/recovery-point-offset-checkpoint'))).toMatch(/^a 0 2$/m)
    await storage.append('a', 0, 'newer')
    expect(heard).toEqual([expect.any(Number)])
    expect(await storage.valuesOf('a', 0)).toEqual(['record 0', 'new', 'newer'])
  })

  it('is opened again when the closing has come to its end', async () => {
    const { disk, takeAsked } = recordingDisk(await filled('stopped'))
    const storage = await openTestStorage(disk)
    await storage.append('a', 0, 'new')
    await storage.records.partitions[0]!.log.flush()
    takeAsked()
    const closed = storage.records.partitions[0]!.closeIfIdle()
    expect(await storage.valuesOf('a', 0)).toEqual(['record 0', 'new'])
    expect(await closed).toBe(true)
    const asked = takeAsked()
    expect(asked.findLastIndex((one) => one.includes('checkpoint') && one.startsWith('replaceFile'))).toBeLessThan(
      asked.indexOf('list /data/a-0'),
    )
  })

  it('stays open while somebody uses it, or has trouble to remember', async () => {
    const disk = await FaultDisk.onto(await filled('stopped', 'fsync'), '/data', { step: 1, kind: 'error', only: 'sync' }) // the first is the metadata log's
    const storage = await openTestStorage(disk)
    const [partition, failed] = storage.records.partitions
    await expect(storage.append('a', 1, 'unsynced')).rejects.toThrow('the journal failed')
    expect(await failed!.closeIfIdle()).toBe(false)
    expect(failed!.readOnlyReason).toMatch(/takes no more writes until a restart/)
    const used = partition!.use(async () => partition!.closeIfIdle())
    expect(await used).toBe(false)
    expect(await partition!.closeIfIdle()).toBe(true)
  })

  it('loses nothing, however uses and closings fall together', { timeout: 60_000 }, async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('append' as const), partition: fc.nat(1) }),
      fc.record({ kind: fc.constantFrom('close' as const, 'read' as const), partition: fc.nat(1) }),
      fc.record({ kind: fc.constant('wait' as const), partition: fc.nat(6) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), fc.constantFrom('fsync', 'os'), async (steps, durability) => {
        const disk = new FaultDisk()
        const storage = await openTestStorage(disk)
        await storage.createTopic('a', 2, { durability, 'segment.bytes': String(1 << 20) })
        const expected = await interleave(storage, steps)
        for (const partition of [0, 1]) expect(await storage.valuesOf('a', partition)).toEqual(expected[partition])
        const survivor = durability === 'fsync' ? await disk.afterPowerLoss(() => 'nothing', ['/', '/data']) : disk.afterKill()
        const again = await openTestStorage(survivor)
        for (const partition of [0, 1]) expect(await again.valuesOf('a', partition)).toEqual(expected[partition])
      }),
      { numRuns: 100 },
    )
  })
})

interface Step {
  readonly kind: 'append' | 'close' | 'read' | 'wait'
  readonly partition: number
}

/** Does all of it without waiting for one to end before the next; answers what each partition must hold, in the order in which it was placed. */
async function interleave(storage: TestStorage, steps: readonly Step[]): Promise<string[][]> {
  const expected: string[][] = [[], []]
  const going: Promise<unknown>[] = []
  for (const [number, { kind, partition }] of steps.entries()) {
    const value = `value ${number}`
    if (kind === 'append') going.push(storage.append('a', partition, value).then((offset) => (expected[partition]![offset] = value)))
    else if (kind === 'close') going.push(storage.records.partitions[partition]!.closeIfIdle())
    else if (kind === 'read') going.push(storage.valuesOf('a', partition))
    else for (let turn = 0; turn < partition; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
  await Promise.all(going)
  return expected
}
