// Whether the logs take writes, as producers and readers see it, and when the disk is looked at.

import { beforeEach, describe, expect, it } from 'vitest'
import { MemoryDisk } from '../../../src/disk/memory-disk.ts'
import { createDiagnostics } from '../../../src/lib/diagnostics.ts'
import { StorageWatch } from '../../../src/log/durability/storage-watch.ts'
import { WriteGate } from '../../../src/log/durability/write-gate.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { readAll } from '../../support/read-log.ts'
import { append, batchOf, openLog, settled, startAppend } from '../../support/test-log.ts'

const MIB = 1 << 20

let clock: ManualClock
let lines: string[]
let gate: WriteGate
let watch: StorageWatch
let free: number
let limit: number
let looks: number
let isHeld: boolean
let statfs: () => Promise<number>

beforeEach(() => {
  clock = new ManualClock()
  lines = []
  ;[free, limit, looks, isHeld] = [100 * MIB, 64 * MIB, 0, true]
  statfs = async () => free
  const diagnostics = createDiagnostics(clock, 'info', ({ level, message, fields }) =>
    lines.push([level, message, ...Object.values(fields)].join(': ')),
  )
  gate = new WriteGate(diagnostics)
  watch = new StorageWatch({
    gate,
    dataFolder: '/data',
    disk: { freeBytes: () => (looks++, statfs()) },
    clock,
    diagnostics,
    minFreeBytes: () => limit,
    isFolderHeld: async () => isHeld,
  })
})

const pass = async (ms: number): Promise<void> => {
  clock.advance(ms)
  await settled()
}

describe('while the disk is nearly full', () => {
  beforeEach(async () => {
    free = 64 * MIB - 1
    await watch.look()
  })

  it('records are refused with the reason, and everything else goes on', async () => {
    const { log, services } = await openLog(new MemoryDisk())
    await append(log, ['a', 'b', 'c'])
    services.writeGate.closeForNow('the disk is nearly full')
    const batch = await batchOf(['d'])
    expect(() => startAppend(log, batch)).toThrow(
      expect.objectContaining({ error: 'KAFKA_STORAGE_ERROR', message: 'the disk is nearly full' }),
    )
    expect((await readAll(log)).map(({ value }) => value)).toEqual(['a', 'b', 'c'])
    await log.advanceLogStartOffset(3)
    expect(log.logStartOffset).toBe(3)
    services.writeGate.reopen('there is room')
    await append(log, ['e'])
    expect((await readAll(log)).map(({ offset, value }) => [offset, value])).toEqual([[3, 'e']])
  })

  it('a batch that is there already is acknowledged: its producer had not heard of it', async () => {
    const { log, services } = await openLog(new MemoryDisk())
    const producer = { producerId: 7, producerEpoch: 0, baseSequence: 0 }
    await append(log, ['a'], producer)
    services.writeGate.closeForNow('the disk is nearly full')
    expect((await append(log, ['a'], producer)).baseOffset).toBe(0)
  })

  it('that is logged once each way, with the figures', async () => {
    await pass(5000)
    free = 80 * MIB
    await pass(1000)
    expect(lines).toEqual([
      'warn: no writes are taken for now: the disk is nearly full: 64.0 MiB free, and writes stop below min.free.bytes (64.0 MiB)',
      'info: writes are taken again: 80.0 MiB free',
    ])
  })

  it('refusals are counted', () => {
    expect(() => gate.admit(1)).toThrow('the disk is nearly full')
    expect(gate.refusals.value).toBe(1)
  })

  it('writes are taken again by themselves, at a quarter more than the limit and not before', async () => {
    free = 80 * MIB - 1
    await pass(1000)
    expect(gate.closedReason).toBeDefined()
    free = 80 * MIB
    await pass(1000)
    expect(gate.closedReason).toBeUndefined()
  })

  it('a lower limit lets them in, and 0 does so whatever is free', async () => {
    free = 0
    limit = 0
    await pass(1000)
    expect(gate.closedReason).toBeUndefined()
  })
})

describe('the disk is looked at', () => {
  beforeEach(() => watch.look())

  it('a second after an append, and never while nothing is appended', async () => {
    expect(clock.pendingTimerCount).toBe(0)
    gate.admit(10)
    gate.admit(10)
    expect(looks).toBe(1)
    await pass(1000)
    expect([looks, clock.pendingTimerCount]).toEqual([2, 0])
  })

  it('at once when a quarter of the room that was left is written', async () => {
    gate.admit(9 * MIB)
    expect(looks).toBe(1)
    free = 0
    gate.admit(1)
    await settled()
    expect(looks).toBe(2)
    expect(() => gate.admit(1)).toThrow('nearly full')
  })

  it('once at a time, and keeps nobody waiting when it does not answer', async () => {
    statfs = () => new Promise(() => undefined)
    gate.admit(1)
    await pass(1000)
    for (let second = 0; second < 5; second++) {
      gate.admit(100 * MIB)
      await pass(1000)
    }
    expect(looks).toBe(2)
  })

  it('again when it could not be told how full it is; writes go on meanwhile', async () => {
    statfs = () => Promise.reject(new Error('EIO'))
    gate.admit(1)
    await pass(1000)
    expect(lines).toEqual(['warn: how much of the disk is free could not be told: /data: Error: EIO'])
    gate.admit(1)
    statfs = async () => 0
    await pass(1000)
    expect(() => gate.admit(1)).toThrow('nearly full')
  })

  it('no more once the broker stops', async () => {
    gate.admit(1)
    watch.stop()
    gate.admit(1)
    await pass(5000)
    expect(looks).toBe(1)
  })
})

describe('once the data folder is not the broker’s any more', () => {
  it('no more writes are taken, whatever comes, since nobody would find them', async () => {
    isHeld = false
    gate.admit(1)
    await pass(1000)
    isHeld = true
    await pass(60_000)
    const reason = 'the data folder /data was removed, replaced or taken over'
    expect(() => gate.admit(1)).toThrow(`${reason}; the broker takes no more writes until it is started again`)
    expect(lines).toEqual([`error: no more writes are taken until the broker is started again: ${reason}`])
    expect(clock.pendingTimerCount).toBe(0)
  })
})

describe('a gate that is closed for good', () => {
  it('stays so when there is room again, and keeps its first reason', async () => {
    free = 0
    await watch.look()
    gate.closeForGood('a sync failed')
    gate.closeForGood('and another')
    free = 100 * MIB
    await watch.look()
    expect(gate.closedReason).toBe('a sync failed; the broker takes no more writes until it is started again')
    expect(lines.filter((line) => line.includes('again: 100'))).toEqual([])
  })
})
