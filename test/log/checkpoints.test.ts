import { describe, expect, it } from 'vitest'
import { MemoryDisk } from '../../src/disk/memory-disk.ts'
import { createDiagnostics } from '../../src/lib/diagnostics.ts'
import { type CheckpointedLog, checkpointText, LogCheckpoints, parseCheckpoint } from '../../src/log/checkpoints.ts'
import { FaultDisk } from '../support/fault-disk.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { settled } from '../support/test-log.ts'

async function newDisk(): Promise<MemoryDisk> {
  const disk = new MemoryDisk()
  await disk.makeFolder('/data')
  return disk
}

function open(disk: MemoryDisk | FaultDisk, clock = new ManualClock()): Promise<LogCheckpoints> {
  return LogCheckpoints.open({ dataFolder: '/data', disk, clock, diagnostics: createDiagnostics(clock, 'error', () => undefined) })
}

const logOf = (topic: string, partition: number, recoveryPoint: number, logStartOffset = 0): CheckpointedLog => ({
  topic,
  partition,
  logStartOffset,
  prepareCheckpoint: () => Promise.resolve(recoveryPoint),
})

describe('checkpoints', () => {
  it('are written a second after the first change, once for all', async () => {
    const disk = await newDisk()
    const clock = new ManualClock()
    const checkpoints = await open(disk, clock)
    checkpoints.changed(logOf('orders', 0, 10))
    checkpoints.changed(logOf('orders', 1, 20, 5))
    expect(clock.pendingTimerCount).toBe(1)
    clock.advance(999)
    await settled()
    expect(await disk.list('/data')).toEqual([])
    clock.advance(1)
    await settled()
    expect(String(await disk.readFile('/data/recovery-point-offset-checkpoint'))).toBe(checkpointText(['orders 0 10\n', 'orders 1 20\n']))
    expect(String(await disk.readFile('/data/log-start-offset-checkpoint'))).toMatch(/^0\n2\norders 1 5\n#crc32c 0 \d+\n$/)
    expect(clock.pendingTimerCount).toBe(0)
  })

  it('are read by the next start', async () => {
    const disk = await newDisk()
    await (await open(disk)).save(logOf('orders', 1, 20, 5))
    const checkpoints = await open(disk)
    expect(checkpoints.of('orders', 1)).toEqual({ recoveryPoint: 20, logStartOffset: 5 })
    expect(checkpoints.of('orders', 0)).toEqual({ recoveryPoint: 0, logStartOffset: 0 })
  })

  it('keep what they said of a log that cannot be asked, and ask again', async () => {
    const disk = await newDisk()
    const clock = new ManualClock()
    const checkpoints = await open(disk, clock)
    await checkpoints.save(logOf('orders', 0, 10))
    const failing: CheckpointedLog = { ...logOf('orders', 0, 30), prepareCheckpoint: () => Promise.reject(new Error('no room')) }
    await expect(checkpoints.save(failing)).rejects.toThrow('no room')
    expect((await open(disk)).of('orders', 0).recoveryPoint).toBe(10)
    expect(clock.pendingTimerCount).toBe(1)
  })

  it('forget a log that is deleted, on disk, before it is', async () => {
    const disk = await newDisk()
    const checkpoints = await open(disk)
    const log = logOf('orders', 0, 10)
    await checkpoints.save(log)
    await checkpoints.forget(log)
    expect((await open(disk)).of('orders', 0).recoveryPoint).toBe(0)
  })

  it('forget a log that is deleted while it is asked', async () => {
    const disk = await newDisk()
    const clock = new ManualClock()
    const checkpoints = await open(disk, clock)
    let answer!: (recoveryPoint: number) => void
    const slow: CheckpointedLog = { ...logOf('orders', 0, 10), prepareCheckpoint: () => new Promise((resolve) => (answer = resolve)) }
    const saved = checkpoints.save(slow)
    await settled()
    const forgotten = checkpoints.forget(slow)
    answer(10)
    await Promise.all([saved, forgotten])
    expect((await open(disk)).of('orders', 0).recoveryPoint).toBe(0)
  })

  it('do not ask a deleted log again, which may have been about to say that it changed', async () => {
    const disk = await newDisk()
    const checkpoints = await open(disk)
    const log: CheckpointedLog = { ...logOf('orders', 0, 10), prepareCheckpoint: () => Promise.reject(new Error('its folder is gone')) }
    await checkpoints.forget(log)
    checkpoints.changed(log)
    await checkpoints.save(log)
    await checkpoints.save(logOf('orders', 1, 20))
    expect([0, 1].map((partition) => checkpoints.of('orders', partition).recoveryPoint)).toEqual([0, 20])
  })

  it('are those of the lowered log when it is lowered while it is asked', async () => {
    const disk = await newDisk()
    const checkpoints = await open(disk)
    let answer!: (recoveryPoint: number) => void
    const slow: CheckpointedLog = { ...logOf('orders', 0, 10), prepareCheckpoint: () => new Promise((resolve) => (answer = resolve)) }
    const saved = checkpoints.save(slow)
    await settled()
    const lowered = checkpoints.lower(slow, { recoveryPoint: 3, logStartOffset: 0 })
    answer(10)
    await Promise.all([saved, lowered])
    expect((await open(disk)).of('orders', 0).recoveryPoint).toBe(3)
  })

  it('share one write among all who ask while another is under way', async () => {
    const disk = new FaultDisk({ step: 0, kind: 'stop', only: 'replace' })
    await disk.makeFolder('/data')
    const checkpoints = await open(disk)
    void checkpoints.write()
    await disk.stopped
    expect(checkpoints.write()).toBe(checkpoints.write())
  })
})

describe('a clean shutdown', () => {
  it('is known to the next start, and to none after it', async () => {
    const disk = await newDisk()
    const first = await open(disk)
    expect(first.wasCleanShutdown).toBe(false)
    await first.close()
    expect((await open(disk)).wasCleanShutdown).toBe(true)
    expect((await open(disk)).wasCleanShutdown).toBe(false)
  })
})

describe('the text of a checkpoint', () => {
  const text = checkpointText(['orders 0 1700\n', 'orders 1 20\n'])
  const entries = new Map([
    ['orders 0', 1700],
    ['orders 1', 20],
  ])

  it('is read again', () => {
    expect(parseCheckpoint(text)).toEqual(entries)
  })

  it('is never taken for another when a byte of it is changed: it cannot be read, or says the same of these logs', () => {
    const misread: string[] = []
    for (let position = 0; position < text.length; position++) {
      for (const changed of ['0', '1', '9', 'x', ' ', '\n']) {
        if (changed === text[position]) continue
        const found = parseCheckpoint(text.slice(0, position) + changed + text.slice(position + 1))
        if (found !== undefined && [...entries].some(([key, offset]) => found.get(key) !== offset))
          misread.push(`${changed} at ${position}`)
      }
    }
    expect(misread).toEqual([])
  })

  it('is read without a checksum, as Kafka writes it', () => {
    expect(parseCheckpoint('0\n2\norders 0 1700\norders 1 20\n')).toEqual(entries)
  })
})
