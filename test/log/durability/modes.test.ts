// What a power loss leaves in each mode, and while a topic changes from one to another. The disk loses everything that was not synced.

import { describe, expect, it } from 'vitest'
import type { LogSettings } from '../../../src/log/log-settings.ts'
import type { PartitionLog } from '../../../src/log/partition-log.ts'
import { FaultDisk } from '../../support/fault-disk.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { append, batchOf, FOLDER, openLog, settled, startAppend } from '../../support/test-log.ts'
import { checkpointText } from '../../../src/log/checkpoints.ts'

const NEVER = Number.MAX_SAFE_INTEGER
const DAY_MS = 86_400_000

interface Written {
  readonly disk: FaultDisk
  readonly clock: ManualClock
  readonly log: PartitionLog
  readonly pass: (ms: number) => Promise<void>
  readonly alter: (settings: Partial<LogSettings>) => void
  /** How many records a power loss would leave. */
  readonly survivors: () => Promise<number>
}

async function open(settings: Partial<LogSettings>): Promise<Written> {
  const disk = new FaultDisk()
  const clock = new ManualClock()
  const opened = await openLog(disk, { settings, clock })
  return {
    disk,
    clock,
    log: opened.log,
    async pass(ms) {
      clock.advance(ms)
      await settled()
    },
    alter: (changes) => opened.log.updateSettings({ ...opened.settings, ...changes }),
    async survivors() {
      const after = await disk.afterPowerLoss(() => 'nothing', ['/', '/data'])
      return (await openLog(after)).log.logEndOffset
    },
  }
}

describe('with durability interval', () => {
  it('a record is acknowledged and read at once, and synced when the interval is over, not before', async () => {
    const { log, pass, survivors } = await open({ durability: 'interval', durabilityIntervalMs: 200 })
    await append(log, ['a'])
    expect([log.highWatermark, await survivors()]).toEqual([1, 0])
    await pass(150)
    await append(log, ['b'])
    await pass(49)
    expect(await survivors()).toBe(0)
    await pass(1)
    expect(await survivors()).toBe(2)
  })

  it('what is written after a sync has an interval of its own', async () => {
    const { log, pass, survivors } = await open({ durability: 'interval', durabilityIntervalMs: 200 })
    await append(log, ['a'])
    await pass(200)
    await append(log, ['b'])
    await pass(199)
    expect(await survivors()).toBe(1)
    await pass(1)
    expect(await survivors()).toBe(2)
  })

  it('a shorter flush.ms counts', async () => {
    const { log, pass, survivors } = await open({ durability: 'interval', durabilityIntervalMs: 200, flushMs: 50 })
    await append(log, ['a'])
    await pass(50)
    expect(await survivors()).toBe(1)
  })

  it('the recovery point is written down after a sync, so that a start has little to look at', async () => {
    const { log, pass, disk } = await open({ durability: 'interval', durabilityIntervalMs: 200 })
    await append(log, ['a', 'b'])
    await pass(200)
    await pass(1000)
    expect(String(await disk.readFile('/data/recovery-point-offset-checkpoint'))).toBe(checkpointText(['orders 0 2\n']))
  })
})

describe('with durability os', () => {
  it('nothing is synced however long it takes', async () => {
    const { log, pass, survivors } = await open({ durability: 'os' })
    await append(log, ['a'])
    await pass(3_600_000)
    expect(await survivors()).toBe(0)
  })

  it('flush.ms is kept to the millisecond, counted from the oldest unsynced record', async () => {
    const { log, pass, survivors } = await open({ durability: 'os', flushMs: 30 })
    await append(log, ['a'])
    await pass(20)
    await append(log, ['b'])
    await pass(9)
    expect(await survivors()).toBe(0)
    await pass(1)
    expect(await survivors()).toBe(2)
  })

  it('what is unsynced when flush.ms is set is synced by it', async () => {
    const { log, pass, alter, survivors } = await open({ durability: 'os' })
    await append(log, ['a'])
    alter({ durability: 'os', flushMs: 30 })
    await pass(30)
    expect(await survivors()).toBe(1)
  })

  it('flush.messages holds records back until they are synced, all that came before with them', async () => {
    const { log, survivors } = await open({ durability: 'os', flushMessages: 3 })
    await append(log, ['a'])
    await append(log, ['b'])
    expect(await survivors()).toBe(0)
    await append(log, ['c'])
    expect(await survivors()).toBe(3)
  })
})

describe('a topic whose mode changes while it is written', () => {
  it('from os to fsync: everything before is synced before the next acknowledgement, over segments too', async () => {
    const { log, alter, survivors } = await open({ durability: 'os', segmentBytes: 250 })
    const together = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((value) => batchOf([value])))
    const earlier = together.map((batch) => startAppend(log, batch).done)
    alter({ durability: 'fsync', segmentBytes: 250 })
    await append(log, ['f'])
    expect(await survivors()).toBe(6)
    await Promise.all(earlier)
  })

  it('from os to fsync: what is unsynced by then does not wait for the next append', async () => {
    const { log, alter, survivors } = await open({ durability: 'os' })
    await append(log, ['a'])
    alter({ durability: 'fsync' })
    await settled()
    expect(await survivors()).toBe(1)
  })

  it('from os to interval: what is unsynced by then is synced within the interval', async () => {
    const { log, pass, alter, survivors } = await open({ durability: 'os' })
    await append(log, ['a'])
    await pass(60_000)
    alter({ durability: 'interval', durabilityIntervalMs: 200 })
    await pass(200)
    expect(await survivors()).toBe(1)
  })

  it('from fsync to os and interval: acknowledged without waiting for a sync from then on', async () => {
    const { log, pass, alter, survivors } = await open({ durability: 'fsync' })
    await append(log, ['a'])
    alter({ durability: 'os', flushMs: NEVER })
    await append(log, ['b'])
    alter({ durability: 'interval', durabilityIntervalMs: 200 })
    await append(log, ['c'])
    expect(await survivors()).toBe(1)
    await pass(200)
    expect(await survivors()).toBe(3)
  })

  it('back and forth with appends in between: each is as durable as the mode under which it was acknowledged', async () => {
    const { log, alter, survivors } = await open({ durability: 'os', segmentBytes: 400 })
    for (let round = 0; round < 10; round++) {
      alter({ durability: 'os', segmentBytes: 400 })
      await append(log, [`unsynced ${round}`])
      alter({ durability: 'interval', segmentBytes: 400 })
      await append(log, [`soon ${round}`])
      alter({ durability: 'fsync', segmentBytes: 400 })
      await append(log, [`synced ${round}`])
      expect(await survivors()).toBe(3 * (round + 1))
    }
  })
})

describe.each([
  ['back by a year', -365 * DAY_MS],
  ['forward by an hour', DAY_MS / 24],
])('a wall clock that jumps %s', (_, jumpMs) => {
  it('makes no sync later or earlier', async () => {
    const { log, clock, pass, survivors } = await open({ durability: 'interval', durabilityIntervalMs: 200 })
    await append(log, ['a'])
    clock.jumpTo(clock.now() + jumpMs)
    await pass(199)
    expect(await survivors()).toBe(0)
    await pass(1)
    expect(await survivors()).toBe(1)
  })

  it('leaves producers and their sequences, and the segment, as they are', async () => {
    const { disk, log, clock } = await open({ durability: 'os', segmentMs: 2 * DAY_MS, producerIdExpirationMs: DAY_MS })
    const producer = { producerId: 7, producerEpoch: 0 }
    await append(log, ['a'], { ...producer, baseSequence: 0 })
    clock.jumpTo(clock.now() + jumpMs)
    expect((await append(log, ['a'], { ...producer, baseSequence: 0 })).baseOffset).toBe(0)
    const gap = await batchOf(['c'], { ...producer, baseSequence: 2 })
    expect(() => startAppend(log, gap)).toThrow(expect.objectContaining({ error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' }))
    expect((await append(log, ['b'], { ...producer, baseSequence: 1 })).baseOffset).toBe(1)
    expect((await disk.list(FOLDER))!.filter((name) => name.endsWith('.log'))).toHaveLength(1)
  })
})
