// Whole segments go, the oldest first, and the start of the log with them. The rules are those that a Kafka 4.3.1 keeps (test/clients/retention.test.ts asks it).

import { describe, expect, it } from 'vitest'
import { MemoryDisk } from '../../src/disk/memory-disk.ts'
import { Counter } from '../../src/lib/counters.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import type { Refusal } from '../../src/wire/error-codes.ts'
import type { KeptPartition } from '../../src/upkeep/kept-partition.ts'
import { type RetainedPartition, type RetentionPolicy, retentionJob } from '../../src/upkeep/retention.ts'
import { immediateTurn, openPartition } from '../support/job-turn.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { readAll } from '../support/read-log.ts'
import { append, batchOf, FOLDER, openLog, settled, type TestLog, startAppend } from '../support/test-log.ts'

const DAY_MS = 86_400_000
const NOTHING_GOES: RetentionPolicy = { retentionMs: -1, retentionBytes: -1 }

/** Each batch makes a segment of its own. */
async function logOf(
  timestamps: readonly number[],
  clock = new ManualClock(),
): Promise<TestLog & { disk: MemoryDisk; clock: ManualClock }> {
  const disk = new MemoryDisk(() => clock.now())
  const opened = await openLog(disk, { clock, settings: { segmentBytes: 100, durability: 'fsync' } })
  for (const timestamp of timestamps) await append(opened.log, ['value'], { timestamps: [timestamp] })
  await settled()
  return { ...opened, disk, clock }
}

async function retain(log: PartitionLog, clock: ManualClock, policy: Partial<RetentionPolicy>): Promise<void> {
  await retentionJob({
    clock,
    checkIntervalMs: 1,
    partitions: () => [{ partition: openPartition(log), policy: { ...NOTHING_GOES, ...policy } }],
    runs: new Counter(),
  }).run(immediateTurn)
}

const filesOf = async (disk: MemoryDisk, ending: string): Promise<string[]> =>
  ((await disk.list(FOLDER)) ?? []).filter((name) => name.endsWith(ending)).toSorted()

describe('retention by time', () => {
  it('removes the segments whose latest record is older', async () => {
    const now = new ManualClock().now()
    const { log, clock } = await logOf([now - 9 * DAY_MS, now - 8 * DAY_MS, now - 6 * DAY_MS, now])
    await retain(log, clock, { retentionMs: 7 * DAY_MS })
    expect(log.logStartOffset).toBe(2)
    expect((await readAll(log)).map(({ offset }) => offset)).toEqual([2, 3])
  })

  it('keeps a segment of exactly that age', async () => {
    const now = new ManualClock().now()
    const { log, clock } = await logOf([now - DAY_MS, now])
    await retain(log, clock, { retentionMs: DAY_MS })
    expect(log.logStartOffset).toBe(0)
  })

  it('stops at the first segment that is to be kept', async () => {
    const now = new ManualClock().now()
    const { log, clock } = await logOf([now - 9 * DAY_MS, now + 30 * DAY_MS, now - 9 * DAY_MS, now])
    await retain(log, clock, { retentionMs: DAY_MS })
    expect(log.logStartOffset).toBe(1)
  })

  it('closes the active segment, and removes it, when that is older, too', async () => {
    const now = new ManualClock().now()
    const { log, clock, disk } = await logOf([now - 9 * DAY_MS, now - 8 * DAY_MS])
    await retain(log, clock, { retentionMs: DAY_MS })
    expect([log.logStartOffset, log.logEndOffset]).toEqual([2, 2])
    expect(await filesOf(disk, '.log')).toEqual(['00000000000000000002.log'])
    await append(log, ['after'])
    expect((await readAll(log)).map(({ offset }) => offset)).toEqual([2])
  })

  it('leaves an empty log alone', async () => {
    const { log, clock, disk } = await logOf([])
    await retain(log, clock, { retentionMs: 0, retentionBytes: 0 })
    expect([log.logStartOffset, await disk.list(FOLDER)]).toEqual([0, undefined])
  })

  it('does nothing at -1', async () => {
    const { log, clock } = await logOf([0, 0, 0])
    await retain(log, clock, NOTHING_GOES)
    expect(log.logStartOffset).toBe(0)
  })

  it('goes by the age of the file where no record has a timestamp', async () => {
    const { log, clock } = await logOf([-1, -1])
    await retain(log, clock, { retentionMs: DAY_MS })
    expect(log.logStartOffset).toBe(0)
    clock.jumpTo(clock.now() + DAY_MS + 1)
    await retain(log, clock, { retentionMs: DAY_MS })
    expect(log.logStartOffset).toBe(2)
  })

  it('removes nothing that is not visible yet', async () => {
    const { log, clock } = await logOf([0])
    const { done } = startAppend(log, await batchOf(['on its way'], { timestamps: [0] }))
    await retain(log, clock, { retentionMs: 0 })
    await done
    expect(log.logStartOffset).toBeLessThanOrEqual(1)
    expect((await readAll(log)).at(-1)).toMatchObject({ offset: 1 })
  })
})

describe('retention by size', () => {
  it('removes the oldest segments as long as enough is left', async () => {
    const { log, clock } = await logOf([0, 0, 0, 0])
    const size = log.sizeBytes / 4
    await retain(log, clock, { retentionBytes: 2 * size + 1 })
    expect(log.logStartOffset).toBe(1)
    await retain(log, clock, { retentionBytes: 2 * size })
    expect(log.logStartOffset).toBe(2)
  })

  it('removes all of it when nothing is to be kept', async () => {
    const { log, clock } = await logOf([0, 0])
    await retain(log, clock, { retentionBytes: 0 })
    expect([log.logStartOffset, log.logEndOffset]).toEqual([2, 2])
  })

  it('counts what it removes before it looks at times', async () => {
    const now = new ManualClock().now()
    const { log, clock } = await logOf([now, 0, now])
    await retain(log, clock, { retentionBytes: (2 * log.sizeBytes) / 3, retentionMs: DAY_MS })
    expect(log.logStartOffset).toBe(2)
  })
})

describe('a removed segment', () => {
  it('has its files renamed at once and removed after a while', async () => {
    const { log, clock, disk } = await logOf([0, 0, 0])
    await retain(log, clock, { retentionBytes: 1 })
    expect(await filesOf(disk, '.deleted')).toEqual(
      ['index', 'log', 'timeindex'].flatMap((kind) => [0, 1].map((base) => `0000000000000000000${base}.${kind}.deleted`)).toSorted(),
    )
    clock.advance(60_000)
    await settled()
    expect(await filesOf(disk, '.deleted')).toEqual([])
    expect(await filesOf(disk, '.log')).toEqual(['00000000000000000002.log'])
  })

  it('can be read to its end by who had begun', async () => {
    const { log, clock } = await logOf([0, 0, 0])
    const reading = readAll(log)
    await retain(log, clock, { retentionBytes: 1 })
    const seen = await reading.then(
      (records) => records.length,
      (error: unknown) => (error as Refusal).error,
    )
    expect([3, 'OFFSET_OUT_OF_RANGE']).toContain(seen)
  })

  it('is not there again after a restart, and its leftovers go', async () => {
    const { log, clock, disk, services } = await logOf([0, 0, 0])
    await retain(log, clock, { retentionBytes: 1 })
    await log.close()
    await services.checkpoints.close()
    const again = await openLog(disk, { clock })
    expect([again.log.logStartOffset, again.log.logEndOffset]).toEqual([2, 3])
    expect(await filesOf(disk, '.deleted')).toEqual([])
  })

  it('leaves a log that goes on where it ended, with its producers, also when nothing is left in it', async () => {
    const clock = new ManualClock()
    const disk = new MemoryDisk()
    const first = await openLog(disk, { clock })
    await append(first.log, ['a', 'b'], { producerId: 7, producerEpoch: 0, baseSequence: 0 })
    await retain(first.log, clock, { retentionBytes: 0 })
    await first.close()
    const { log } = await openLog(disk, { clock })
    expect([log.logStartOffset, log.logEndOffset]).toEqual([2, 2])
    const batch = await batchOf(['x'], { producerId: 7, producerEpoch: 0, baseSequence: 5 })
    expect(() => startAppend(log, batch)).toThrow(expect.objectContaining({ error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' }))
  })
})

describe('the retention job', () => {
  interface ClosedLog {
    readonly partition: KeptPartition
    readonly visits: { count: number }
    size: number
  }

  function closedLog(log: PartitionLog): ClosedLog {
    const visits = { count: 0 }
    const closed = { visits, size: log.sizeBytes }
    const partition: KeptPartition = {
      name: { topic: 'orders', partition: 0 },
      get sizeAtRest() {
        return closed.size
      },
      visit: (work) => {
        visits.count++
        return work(log)
      },
    }
    return Object.assign(closed, { partition })
  }

  it('opens a closed log once, and then not before something in it is old enough, or the terms or the log have changed', async () => {
    const now = new ManualClock().now()
    const { log, clock } = await logOf([now, now + 1000])
    const closed = closedLog(log)
    let policy: RetentionPolicy = { retentionMs: DAY_MS, retentionBytes: -1 }
    const partitions = (): [RetainedPartition] => [{ partition: closed.partition, policy }]
    const job = retentionJob({ clock, checkIntervalMs: 1, partitions, runs: new Counter() })
    const visitsOfRun = async (): Promise<number> => {
      const before = closed.visits.count
      await job.run(immediateTurn)
      return closed.visits.count - before
    }
    expect([await visitsOfRun(), await visitsOfRun()]).toEqual([1, 0])
    closed.size++
    expect([await visitsOfRun(), await visitsOfRun()]).toEqual([1, 0])
    policy = { retentionMs: DAY_MS, retentionBytes: 1 << 30 }
    expect([await visitsOfRun(), await visitsOfRun()]).toEqual([1, 0])
    clock.advance(DAY_MS + 1)
    expect(await visitsOfRun()).toBe(1)
    expect(log.logStartOffset).toBe(1)
  })

  it('opens no empty log, and none of which all is kept', async () => {
    const { log, clock } = await logOf([0])
    const [empty, kept] = [closedLog(log), closedLog(log)]
    empty.size = 0
    const partitions = (): RetainedPartition[] => [
      { partition: empty.partition, policy: { retentionMs: 0, retentionBytes: 0 } },
      { partition: kept.partition, policy: NOTHING_GOES },
    ]
    await retentionJob({ clock, checkIntervalMs: 1, partitions, runs: new Counter() }).run(immediateTurn)
    expect([empty.visits.count, kept.visits.count]).toEqual([0, 0])
  })
})
