import { describe, expect, it } from 'vitest'
import { overwriteFile } from '../../../src/disk/disk.ts'
import { MemoryDisk } from '../../../src/disk/memory-disk.ts'
import { LogCheckpoints } from '../../../src/log/checkpoints.ts'
import { createDiagnostics } from '../../../src/lib/diagnostics.ts'
import type { PartitionLog } from '../../../src/log/partition-log.ts'
import { FaultDisk } from '../../support/fault-disk.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { readAll } from '../../support/read-log.ts'
import { append, batchOf, FOLDER, openLog, settled } from '../../support/test-log.ts'

const FIRST = '00000000000000000000'
const SMALL = { segmentBytes: 600, indexIntervalBytes: 150 }

async function copyOf(disk: MemoryDisk): Promise<MemoryDisk> {
  return (await FaultDisk.onto(disk, '/data')).afterPowerLoss(() => 'all', ['/'])
}

async function bytesOf(disk: MemoryDisk, name: string): Promise<Buffer> {
  return (await disk.readFile(`${FOLDER}/${name}`)) ?? Buffer.alloc(0)
}

function overwrite(disk: MemoryDisk, name: string, bytes: Buffer): Promise<void> {
  return overwriteFile(disk, `${FOLDER}/${name}`, bytes, 'unsynced')
}

async function allFiles(disk: MemoryDisk): Promise<[string, string][]> {
  const names = ((await disk.list(FOLDER)) ?? []).toSorted()
  return Promise.all(names.map(async (name): Promise<[string, string]> => [name, (await bytesOf(disk, name)).toString('hex')]))
}

/** Batches of one record each; each is on disk, none is below a checkpointed recovery point. */
async function written(count: number, settings = {}): Promise<MemoryDisk> {
  const disk = new MemoryDisk()
  const { log } = await openLog(disk, { settings })
  for (let index = 0; index < count; index++) await append(log, [`value ${index}`])
  return copyOf(disk)
}

const values = async (log: PartitionLog): Promise<string[]> => (await readAll(log)).map(({ value }) => value)
const firstValues = (count: number): string[] => Array.from({ length: count }, (_, index) => `value ${index}`)

describe('a log after a crash', () => {
  it('keeps every batch up to the first byte that was not written', async () => {
    const whole = await written(4)
    const bytes = await bytesOf(whole, `${FIRST}.log`)
    const batchSize = bytes.length / 4
    for (let size = 0; size <= bytes.length; size++) {
      const disk = await copyOf(whole)
      await overwrite(disk, `${FIRST}.log`, bytes.subarray(0, size))
      const { log } = await openLog(disk)
      expect(await values(log)).toEqual(firstValues(Math.floor(size / batchSize)))
      expect((await append(log, ['next'])).baseOffset).toBe(Math.floor(size / batchSize))
    }
  })

  it('ends at the first byte that is not what was written, wherever it is', async () => {
    const whole = await written(3)
    const bytes = await bytesOf(whole, `${FIRST}.log`)
    const batchSize = bytes.length / 3
    for (let position = 0; position < bytes.length; position++) {
      const inBatch = position % batchSize
      if (inBatch >= 12 && inBatch < 16) continue // the leader epoch: outside the checksum, and read by nobody here
      const disk = await copyOf(whole)
      const damaged = Buffer.from(bytes)
      damaged[position]! ^= 0x41
      await overwrite(disk, `${FIRST}.log`, damaged)
      const { log } = await openLog(disk)
      expect(await values(log), `byte ${position}`).toEqual(firstValues(Math.floor(position / batchSize)))
    }
  })

  it('keeps what it cut off beside the log', async () => {
    const disk = await written(3)
    const bytes = await bytesOf(disk, `${FIRST}.log`)
    const garbage = Buffer.concat([bytes.subarray(0, bytes.length - 10), Buffer.alloc(30)])
    await overwrite(disk, `${FIRST}.log`, garbage)
    await openLog(disk)
    expect(await bytesOf(disk, '00000000000000000002.cut')).toEqual(garbage.subarray((2 * bytes.length) / 3))
    expect((await bytesOf(disk, `${FIRST}.log`)).length).toBe((2 * bytes.length) / 3)
  })

  it('leaves no index file that may know of what was cut', async () => {
    const disk = new MemoryDisk()
    const { log, close } = await withClose(disk, { segmentBytes: 4096, indexIntervalBytes: 150 })
    for (let index = 0; index < 20; index++) await append(log, [`value ${index}`])
    await close()
    await disk.unlink('/data/recovery-point-offset-checkpoint')
    const bytes = await bytesOf(disk, `${FIRST}.log`)
    await overwrite(disk, `${FIRST}.log`, bytes.subarray(0, bytes.length >> 1))
    await openLog(disk)
    expect((await disk.list(FOLDER))?.filter((name) => name.endsWith('index'))).toEqual([])
  })

  it('judges producers by what is left of the log, not by a snapshot from later on', async () => {
    const producer = { producerId: 4, producerEpoch: 0 }
    const disk = new MemoryDisk()
    const { log } = await openLog(disk, { settings: SMALL })
    for (let index = 0; index < 12; index++) await append(log, ['v'.repeat(60)], { ...producer, baseSequence: index })
    const crashed = await copyOf(disk)
    expect((await crashed.list(FOLDER))?.some((name) => name.endsWith('.snapshot'))).toBe(true)
    const batchSize = (await batchOf(['v'.repeat(60)])).bytes.length
    await overwrite(crashed, `${FIRST}.log`, (await bytesOf(crashed, `${FIRST}.log`)).subarray(0, batchSize))
    const opened = await openLog(crashed, { settings: SMALL })
    expect((await append(opened.log, ['v'.repeat(60)], { ...producer, baseSequence: 1 })).baseOffset).toBe(1)
    expect(opened.log.logEndOffset).toBe(2)
  })

  it('removes a snapshot that a kill tore, and judges producers by one before it and the batches', async () => {
    const producer = { producerId: 4, producerEpoch: 0 }
    const whole = new MemoryDisk()
    for (let opened = 0; opened < 2; opened++) {
      const test = await openLog(whole)
      for (let index = 0; index < 3; index++) await append(test.log, ['v'], { ...producer, baseSequence: 3 * opened + index })
      await test.close()
    }
    const torn = '00000000000000000006.snapshot'
    const bytes = await bytesOf(whole, torn)
    expect(bytes.length).toBeGreaterThan(0)
    for (let size = 0; size < bytes.length; size++) {
      const disk = await copyOf(whole)
      await overwrite(disk, torn, bytes.subarray(0, size))
      const test = await openLog(disk)
      expect(await disk.list(FOLDER)).not.toContain(torn)
      expect((await append(test.log, ['v'], { ...producer, baseSequence: 5 })).baseOffset).toBe(5)
      await test.close()
      expect(await bytesOf(disk, torn)).toEqual(bytes)
    }
  })

  it('moves whole segments behind the end aside, even when they are sound', async () => {
    const disk = await written(20, SMALL)
    const bases = ((await disk.list(FOLDER)) ?? []).filter((name) => name.endsWith('.log')).toSorted()
    expect(bases.length).toBeGreaterThan(2)
    const second = await bytesOf(disk, bases[1]!)
    await overwrite(disk, bases[0]!, (await bytesOf(disk, bases[0]!)).subarray(0, 20))
    const { log } = await openLog(disk, { settings: SMALL })
    expect(log.logEndOffset).toBe(0)
    expect(await bytesOf(disk, bases[1]!.replace('.log', '.cut'))).toEqual(second)
    expect(((await disk.list(FOLDER)) ?? []).filter((name) => name.endsWith('.log'))).toEqual([`${FIRST}.log`])
  })

  it('ends before a gap between segments: the rest of the earlier one never reached the disk', async () => {
    const disk = await written(12, SMALL)
    const bytes = await bytesOf(disk, `${FIRST}.log`)
    const batchSize = (await batchOf(['value 0'])).bytes.length
    await overwrite(disk, `${FIRST}.log`, bytes.subarray(0, bytes.length - batchSize))
    const { log } = await openLog(disk, { settings: SMALL })
    expect(log.logEndOffset).toBe(bytes.length / batchSize - 1)
  })

  it('has the same indexes as before, made from the batches', async () => {
    const disk = new MemoryDisk()
    const { log, close } = await withClose(disk)
    for (let index = 0; index < 40; index++) await append(log, [`value ${index}`], { timestamps: [1000 + ((index * 7) % 40)] })
    const crashed = await copyOf(disk)
    await close()
    const recovered = await withClose(crashed)
    await recovered.close()
    const indexes = async (from: MemoryDisk): Promise<[string, string][]> =>
      (await allFiles(from)).filter(([name]) => name.includes('index'))
    expect((await indexes(disk)).length).toBeGreaterThan(6)
    expect(await indexes(crashed)).toEqual(await indexes(disk))
  })

  it('drops the empty file of a segment whose first write failed', async () => {
    const disk = await written(3)
    await overwrite(disk, '00000000000000000002.log', Buffer.alloc(0))
    const { log } = await openLog(disk)
    expect(await values(log)).toEqual(firstValues(3))
    expect(await disk.list(FOLDER)).not.toContain('00000000000000000002.log')
  })
})

describe('a log of which a power loss took what was not synced', () => {
  it('has its partition.metadata again, whatever was left of that', async () => {
    const whole = await written(2)
    const metadata = await bytesOf(whole, 'partition.metadata')
    for (let size = 0; size < metadata.length; size++) {
      for (const torn of [metadata.subarray(0, size), Buffer.concat([metadata.subarray(0, size)], metadata.length)]) {
        const disk = await copyOf(whole)
        await overwrite(disk, 'partition.metadata', torn)
        expect(await values((await openLog(disk)).log)).toEqual(firstValues(2))
        expect(await bytesOf(disk, 'partition.metadata')).toEqual(metadata)
      }
    }
    const empty = new MemoryDisk()
    await empty.makeFolder(FOLDER)
    await openLog(empty)
    expect(await bytesOf(empty, 'partition.metadata')).toEqual(metadata)
    await whole.unlink(`${FOLDER}/partition.metadata`)
    await openLog(whole)
    expect(await bytesOf(whole, 'partition.metadata')).toEqual(metadata)
  })

  it('begins where it did, and ends there, when the first segment is empty and the next is not', async () => {
    const disk = await written(20, SMALL)
    await overwrite(disk, `${FIRST}.log`, Buffer.alloc(0))
    const { log } = await openLog(disk, { settings: SMALL })
    expect([log.offlineReason, log.logStartOffset, log.logEndOffset]).toEqual([undefined, 0, 0])
    expect((await disk.list(FOLDER))!.filter((name) => name.endsWith('.cut')).length).toBeGreaterThan(0)
    expect((await append(log, ['next'])).baseOffset).toBe(0)
  })
})

describe('a log whose recovery point is where its last segment begins', () => {
  it('makes the indexes of the segment before anew: they may have been torn after that was written down', async () => {
    const disk = new MemoryDisk()
    const { log, services } = await openLog(disk, { settings: SMALL })
    const { length: batchSize } = (await batchOf(['value'])).bytes
    const endOffset = Math.floor(SMALL.segmentBytes / batchSize)
    for (let offset = 0; offset <= endOffset; offset++) {
      if (offset === endOffset) await services.checkpoints.save(log)
      await append(log, ['value'], { timestamps: [1000 + offset] })
    }
    await settled()
    const indexes = [`${FIRST}.index`, `${FIRST}.timeindex`] as const
    const whole = await Promise.all(indexes.map((name) => bytesOf(disk, name)))
    for (const torn of ['none', 'empty', 'cut'] as const) {
      const crashed = await copyOf(disk)
      for (const [place, name] of indexes.entries()) {
        if (torn === 'none') await crashed.unlink(`${FOLDER}/${name}`)
        else await overwrite(crashed, name, whole[place]!.subarray(0, torn === 'empty' ? 0 : -12))
      }
      const again = await openLog(crashed, { settings: SMALL })
      expect(again.services.checkpoints.of('orders', 0).recoveryPoint).toBe(endOffset)
      expect((await again.log.offsetForTimestamp(1000 + endOffset - 1, endOffset))?.offset, `indexes: ${torn}`).toBe(endOffset - 1)
      expect(await Promise.all(indexes.map((name) => bytesOf(crashed, name))), `indexes: ${torn}`).toEqual(whole)
    }
  })
})

describe('a log that was stopped and started', () => {
  it('believes no index file that the log does not bear out', async () => {
    const disk = new MemoryDisk()
    const { log, close } = await withClose(disk)
    for (let index = 0; index < 20; index++) await append(log, [`value ${index}`])
    await close()
    for (const [name, hex] of await allFiles(disk)) {
      if (!name.endsWith('index')) continue
      for (const damage of [
        Buffer.alloc(0),
        Buffer.from('0000000700000009', 'hex'),
        Buffer.alloc(80),
        Buffer.from(hex, 'hex').fill(0xff),
      ]) {
        const damaged = await copyOf(disk)
        await overwrite(damaged, name, damage)
        const opened = await openLog(damaged, { settings: SMALL })
        for (let offset = 0; offset < 20; offset++) {
          expect((await readAll(opened.log, offset))[0]?.offset, `${name} ${damage.toString('hex')}`).toBe(offset)
        }
      }
    }
  })

  it('knows the last five batches of a producer again, across segments', async () => {
    const disk = new MemoryDisk()
    const { log, close } = await withClose(disk)
    for (let index = 0; index < 12; index++) await append(log, ['v'.repeat(100)], { producerId: 4, producerEpoch: 0, baseSequence: index })
    await close()
    const opened = await openLog(disk, { settings: SMALL })
    for (let index = 7; index < 12; index++) {
      expect((await append(opened.log, ['v'.repeat(100)], { producerId: 4, producerEpoch: 0, baseSequence: index })).baseOffset).toBe(index)
    }
    await expect(append(opened.log, ['v'], { producerId: 4, producerEpoch: 0, baseSequence: 6 })).rejects.toMatchObject({
      error: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
    })
    expect(opened.log.logEndOffset).toBe(12)
  })

  it('reads next to nothing of a log that was closed', async () => {
    const disk = new MemoryDisk()
    const { log, close } = await withClose(disk, { segmentBytes: 1 << 20, indexIntervalBytes: 4096 })
    for (let index = 0; index < 100; index++) await append(log, ['v'.repeat(1000)])
    await close()
    let readBytes = 0
    const open = disk.open.bind(disk)
    disk.open = async (path, how) => {
      const file = await open(path, how)
      return Object.assign(Object.create(file) as typeof file, {
        read: (into: Buffer, position: number) => ((readBytes += into.length), file.read(into, position)),
        truncate: (size: number) => file.truncate(size),
        write: (chunks: readonly Buffer[], position: number) => file.write(chunks, position),
        sync: () => file.sync(),
        close: () => file.close(),
      })
    }
    expect((await openLog(disk, { settings: { segmentBytes: 1 << 20, indexIntervalBytes: 4096 } })).log.logEndOffset).toBe(100)
    expect(readBytes).toBeLessThan(8192)
  })
})

describe('damage below the recovery point', () => {
  async function closedLog(): Promise<MemoryDisk> {
    const disk = new MemoryDisk()
    const { log, close } = await withClose(disk)
    for (let index = 0; index < 12; index++) await append(log, [`value ${index}`])
    await close()
    return disk
  }

  it.each<[string, (disk: MemoryDisk) => Promise<void>]>([
    ['the header of the last batch', async (disk) => flipMagicOfLast(disk, await newestLog(disk))],
    ['the end of the newest segment', async (disk) => shorten(disk, await newestLog(disk), 1)],
    ['the newest segment', async (disk) => disk.unlink(`${FOLDER}/${await newestLog(disk)}`)],
    ['the whole folder', async (disk) => disk.rename(FOLDER, '/data/elsewhere')],
    [
      'the owner of the folder',
      async (disk) => overwrite(disk, 'partition.metadata', Buffer.from('version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAA')),
    ],
  ])('(%s) takes the log offline and touches nothing', async (_, damage) => {
    const disk = await closedLog()
    await damage(disk)
    const before = await allFiles(disk)
    const { log } = await openLog(disk, { settings: SMALL })
    expect(log.offlineReason).toBeDefined()
    expect(await allFiles(disk)).toEqual(before)
    expect(() => log.read(0, 1, { upTo: 1, atLeastOneBatch: true })).toThrow(expect.objectContaining({ error: 'KAFKA_STORAGE_ERROR' }))
    await expect(append(log, ['v'])).rejects.toMatchObject({ error: 'KAFKA_STORAGE_ERROR' })
  })
})

describe('an epoch that began after the last checkpoint', () => {
  it('is found in the batches again', async () => {
    const disk = new MemoryDisk()
    const first = await openLog(disk, { leaderEpoch: 3 })
    await append(first.log, ['a', 'b'])
    await first.close()
    const second = await openLog(disk, { leaderEpoch: 8 })
    await append(second.log, ['c'])
    const { log } = await openLog(await copyOf(disk), { leaderEpoch: 9 })
    expect([0, 1, 2].map((offset) => log.epochAt(offset))).toEqual([3, 3, 8])
    expect(log.endOffsetForEpoch(3)).toEqual({ leaderEpoch: 3, endOffset: 2 })
  })

  it('is kept when the log is truncated behind it', async () => {
    const disk = new MemoryDisk()
    const first = await openLog(disk, { leaderEpoch: 3 })
    await append(first.log, ['a'])
    await first.close()
    const { log } = await openLog(disk, { leaderEpoch: 8 })
    for (const value of ['b', 'c', 'd']) await append(log, [value])
    await log.truncateTo(3)
    expect([0, 1, 2].map((offset) => log.epochAt(offset))).toEqual([3, 8, 8])
  })
})

describe('a log that is truncated', () => {
  it('leaves no index file that may know of what was dropped', async () => {
    const disk = new MemoryDisk()
    const first = await withClose(disk, { segmentBytes: 4096, indexIntervalBytes: 150 })
    for (let index = 0; index < 20; index++) await append(first.log, [`value ${index}`])
    await first.close()
    const { log } = await openLog(disk, { settings: { indexIntervalBytes: 150 } })
    await log.truncateTo(10)
    expect((await disk.list(FOLDER))?.filter((name) => name.endsWith('index'))).toEqual([])
    expect(await values(log)).toEqual(firstValues(10))
  })
})

describe('a checkpoint file that is damaged', () => {
  it('counts as none, so that every log is checked from its start', async () => {
    const disk = await written(4)
    await disk.replaceFile('/data/recovery-point-offset-checkpoint', Buffer.from('0\n7\norders 0 9\n'))
    const clock = new ManualClock()
    const lines: string[] = []
    const diagnostics = createDiagnostics(clock, 'warn', ({ message }) => lines.push(message))
    const checkpoints = await LogCheckpoints.open({ dataFolder: '/data', disk, clock, diagnostics })
    expect(checkpoints.of('orders', 0)).toEqual({ recoveryPoint: 0, logStartOffset: 0 })
    expect(lines).toEqual([expect.stringContaining('damaged')])
    expect(await values((await openLog(disk)).log)).toEqual(firstValues(4))
  })
})

async function withClose(disk: MemoryDisk, settings = SMALL): Promise<{ log: PartitionLog; close: () => Promise<void> }> {
  const opened = await openLog(disk, { settings })
  return { log: opened.log, close: () => opened.close() }
}

async function newestLog(disk: MemoryDisk): Promise<string> {
  return ((await disk.list(FOLDER)) ?? [])
    .filter((name) => name.endsWith('.log'))
    .toSorted()
    .at(-1)!
}

async function flipMagicOfLast(disk: MemoryDisk, name: string): Promise<void> {
  const bytes = await bytesOf(disk, name)
  const lastBatchSize = (await batchOf(['value 11'])).bytes.length
  bytes[bytes.length - lastBatchSize + 16]! ^= 1
  await overwrite(disk, name, bytes)
}

async function shorten(disk: MemoryDisk, name: string, count: number): Promise<void> {
  const bytes = await bytesOf(disk, name)
  await overwrite(disk, name, bytes.subarray(0, bytes.length - count))
}
