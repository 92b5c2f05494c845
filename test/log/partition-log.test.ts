import { describe, expect, it } from 'vitest'
import { MemoryDisk } from '../../src/disk/memory-disk.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import type { Codec } from '../../src/wire/records/codecs.ts'
import { FaultDisk } from '../support/fault-disk.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { readAll, readBatches } from '../support/read-log.ts'
import { append, batchOf, FOLDER, openLog, settled, TOPIC_ID, startAppend } from '../support/test-log.ts'

const baseOffsets = async (disk: MemoryDisk): Promise<number[]> =>
  ((await disk.list(FOLDER)) ?? [])
    .filter((name) => name.endsWith('.log'))
    .map((name) => Number.parseInt(name, 10))
    .toSorted((a, b) => a - b)

describe('a log', () => {
  it('gives each batch the offsets after the last one, and reads them back in order', async () => {
    const { log } = await openLog(new MemoryDisk())
    expect((await append(log, ['a', 'b'])).baseOffset).toBe(0)
    expect((await append(log, ['c'])).baseOffset).toBe(2)
    expect(log).toMatchObject({ logStartOffset: 0, lastStableOffset: 3, highWatermark: 3, logEndOffset: 3 })
    expect((await readAll(log)).map(({ offset, value }) => [offset, value])).toEqual([
      [0, 'a'],
      [1, 'b'],
      [2, 'c'],
    ])
  })

  it('patches the batch that it is given, and writes that very buffer', async () => {
    const { log } = await openLog(new MemoryDisk(), { leaderEpoch: 6 })
    await append(log, ['a'])
    const batch = await batchOf(['b'], { baseOffset: 0, partitionLeaderEpoch: -1 })
    await startAppend(log, batch).done
    expect(batch.view).toMatchObject({ baseOffset: 1, partitionLeaderEpoch: 6, isCrcValid: true })
  })

  it('has no folder until the first append', async () => {
    const disk = new MemoryDisk()
    const opened = await openLog(disk)
    await settled()
    expect(await disk.list('/data')).toEqual([])
    await append(opened.log, ['a'])
    expect((await disk.list(FOLDER))?.toSorted()).toEqual(['00000000000000000000.log', 'partition.metadata'])
    expect(String(await disk.readFile(`${FOLDER}/partition.metadata`))).toBe(`version: 0\ntopic_id: ${TOPIC_ID}`)
  })

  it('shows nothing of an append that is not on disk yet', async () => {
    const disk = new FaultDisk({ step: 0, kind: 'stop', only: 'sync' })
    const { log } = await openLog(disk)
    startAppend(log, await batchOf(['a', 'b']))
    await disk.stopped
    await settled()
    expect(log).toMatchObject({ highWatermark: 0, logEndOffset: 2 })
    expect(await log.read(0, 1000, { upTo: 9, atLeastOneBatch: true })).toEqual({ chunks: [], size: 0 })
  })

  it('tells when the high watermark moves', async () => {
    const { log } = await openLog(new MemoryDisk())
    const seen: number[] = []
    log.onAdvance = () => void seen.push(log.highWatermark)
    await append(log, ['a', 'b'])
    await append(log, ['c'])
    expect(seen).toEqual([2, 3])
  })

  it('refuses a batch that is larger than a segment', async () => {
    const { log } = await openLog(new MemoryDisk(), { settings: { segmentBytes: 100 } })
    await expect(append(log, ['v'.repeat(100)])).rejects.toMatchObject({ error: 'RECORD_LIST_TOO_LARGE' })
    expect((await append(log, ['v'])).baseOffset).toBe(0)
  })

  it('takes no more writes, but goes on reading, after a sync that failed', async () => {
    const { log } = await openLog(new FaultDisk({ step: 2, kind: 'error', only: 'sync' }))
    await append(log, ['a'])
    await expect(append(log, ['b'])).rejects.toMatchObject({ error: 'KAFKA_STORAGE_ERROR' })
    await expect(append(log, ['c'])).rejects.toMatchObject({ error: 'KAFKA_STORAGE_ERROR' })
    expect(log.readOnlyReason).toContain('could not be synced')
    expect((await readAll(log)).map(({ value }) => value)).toEqual(['a'])
  })

  it('answers a timestamp with LogAppendTime, and none with CreateTime', async () => {
    const { log } = await openLog(new MemoryDisk())
    expect((await append(log, ['a'], { timestamps: [77] })).logAppendTimeMs).toBe(-1)
    const batch = { timestamps: [77], timestampType: 'LogAppendTime', producerId: 1, producerEpoch: 0, baseSequence: 0 } as const
    expect((await append(log, ['b'], batch)).logAppendTimeMs).toBe(77)
    expect((await append(log, ['b'], { ...batch, timestamps: [99] })).logAppendTimeMs).toBe(77)
  })
})

describe('a new segment begins', () => {
  const roll = async (settings: object, appends: (log: PartitionLog, clock: ManualClock) => Promise<unknown>): Promise<number[]> => {
    const disk = new MemoryDisk()
    const clock = new ManualClock()
    const { log } = await openLog(disk, { settings, clock })
    await appends(log, clock)
    return baseOffsets(disk)
  }

  it('before the batch that would make the old one larger than segment.bytes', async () => {
    const size = (await batchOf(['a'])).bytes.length
    const appendFive = async (log: PartitionLog): Promise<void> => {
      for (const value of 'abcde') await append(log, [value])
    }
    expect(await roll({ segmentBytes: 2 * size }, appendFive)).toEqual([0, 2, 4])
    expect(await roll({ segmentBytes: 3 * size - 1 }, appendFive)).toEqual([0, 2, 4])
    expect(await roll({ segmentBytes: 3 * size }, appendFive)).toEqual([0, 3])
  })

  it('before a batch that is more than segment.ms later than the first, by their own timestamps', async () => {
    expect(
      await roll({ segmentMs: 1000 }, async (log, clock) => {
        await append(log, ['a'], { timestamps: [5000] })
        clock.advance(99_999)
        await append(log, ['b'], { timestamps: [6000] })
        await append(log, ['c'], { timestamps: [6001] })
      }),
    ).toEqual([0, 2])
  })

  it('when the index is full', async () => {
    const appendTwenty = async (log: PartitionLog): Promise<void> => {
      for (let index = 0; index < 20; index++) await append(log, ['v'], { timestamps: [1000 + index] })
    }
    expect(await roll({ indexIntervalBytes: 1, segmentIndexBytes: 48 }, appendTwenty)).toEqual([0, 4, 8, 12, 16])
  })

  it('at every batch when the index has no room for an entry, and can be closed', async () => {
    const disk = new MemoryDisk()
    const opened = await openLog(disk, { settings: { segmentIndexBytes: 4 } })
    for (const value of 'abc') await append(opened.log, [value])
    await opened.close()
    expect(await baseOffsets(disk)).toEqual([0, 1, 2])
    const { log } = await openLog(disk, { settings: { segmentIndexBytes: 4 } })
    expect(await readAll(log)).toHaveLength(3)
  })

  it('when offsets would be too far from the first for an index', async () => {
    const disk = new MemoryDisk()
    const { log } = await openLog(disk)
    const sparse = async (lastOffsetDelta: number): Promise<void> => {
      const batch = await batchOf(['v'])
      batch.bytes.writeInt32BE(lastOffsetDelta, 23)
      await startAppend(log, batch).done
    }
    await sparse(2 ** 31 - 2)
    await sparse(0)
    await sparse(0)
    expect(await baseOffsets(disk)).toEqual([0, 2 ** 31])
  })
})

describe('an idempotent producer', () => {
  const producer = { producerId: 5, producerEpoch: 0 }

  it('is answered with the original offset when it repeats a batch', async () => {
    const { log } = await openLog(new MemoryDisk())
    await append(log, ['other'])
    await append(log, ['a', 'b'], { ...producer, baseSequence: 0 })
    expect((await append(log, ['a', 'b'], { ...producer, baseSequence: 0 })).baseOffset).toBe(1)
    expect(log.logEndOffset).toBe(3)
  })

  it('shares the fate of the original while that is in flight', async () => {
    const { log } = await openLog(new FaultDisk({ step: 0, kind: 'error', code: 'ENOSPC', only: 'write' }))
    const [original, repeated] = [
      await batchOf(['a'], { ...producer, baseSequence: 0 }),
      await batchOf(['a'], { ...producer, baseSequence: 0 }),
    ]
    const [first, second] = [startAppend(log, original), startAppend(log, repeated)]
    expect(second.baseOffset).toBe(0)
    await expect(first.done).rejects.toMatchObject({ error: 'KAFKA_STORAGE_ERROR' })
    await expect(second.done).rejects.toMatchObject({ error: 'KAFKA_STORAGE_ERROR' })
    expect((await append(log, ['a'], { ...producer, baseSequence: 0 })).baseOffset).toBe(0)
  })

  it('may not leave out a sequence, nor come back with an old epoch', async () => {
    const { log } = await openLog(new MemoryDisk())
    await append(log, ['a'], { ...producer, producerEpoch: 1, baseSequence: 0 })
    await expect(append(log, ['c'], { ...producer, producerEpoch: 1, baseSequence: 2 })).rejects.toMatchObject({
      error: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
    })
    await expect(append(log, ['b'], { ...producer, baseSequence: 1 })).rejects.toMatchObject({ error: 'INVALID_PRODUCER_EPOCH' })
    expect((await append(log, ['b'], { ...producer, producerEpoch: 1, baseSequence: 1 })).baseOffset).toBe(1)
  })
})

describe('a read', () => {
  it.each(['the tail cache', 'the disk'])('from %s keeps to offsets, limits and whole batches', async (from) => {
    const disk = new MemoryDisk()
    const opened = await openLog(disk)
    expect(opened.log.read(0, 1, { upTo: 1, atLeastOneBatch: true })).toMatchObject({ size: 0 }) // somebody waits for what comes
    for (let index = 0; index < 30; index++) await append(opened.log, [`${index}a`, `${index}b`, `${index}c`])
    let { log } = opened
    if (from === 'the disk') {
      await opened.close()
      log = (await openLog(disk)).log
    }
    expect(log.read(1, 10, { upTo: 90, atLeastOneBatch: true }) instanceof Promise).toBe(from === 'the disk')
    for (let offset = 0; offset < 90; offset++) {
      const views = await readBatches(log, offset, 500)
      expect(views.map(({ baseOffset }) => baseOffset)).toEqual(views.map((_, index) => offset - (offset % 3) + 3 * index))
    }
    expect((await log.read(40, 1, { upTo: 90, atLeastOneBatch: true })).size).toBeGreaterThan(1)
    expect((await log.read(40, 1, { upTo: 90, atLeastOneBatch: false })).size).toBe(0)
    expect((await log.read(39, 1 << 20, { upTo: 45, atLeastOneBatch: true })).size).toBe(
      2 * (await readBatches(log, 39, 1))[0]!.sizeInBytes,
    )
    expect((await log.read(90, 1 << 20, { upTo: 90, atLeastOneBatch: true })).size).toBe(0)
  })

  it('outside of the log is refused', async () => {
    const { log } = await openLog(new MemoryDisk())
    for (const value of 'abc') await append(log, [value])
    await log.advanceLogStartOffset(2)
    for (const offset of [-1, 1, 4]) {
      expect(() => log.read(offset, 1, { upTo: 3, atLeastOneBatch: true })).toThrow(
        expect.objectContaining({ error: 'OFFSET_OUT_OF_RANGE' }),
      )
    }
  })
})

describe('a look-up by time', () => {
  it.each<Codec>(['none', 'gzip', 'snappy', 'lz4', 'zstd'])('finds the exact record within a batch (%s)', async (codec) => {
    const { log } = await openLog(new MemoryDisk())
    await append(log, ['a', 'b', 'c', 'd'], { codec, timestamps: [100, 300, 200, 300] })
    await append(log, ['e', 'f'], { codec, timestamps: [250, 50] })
    const at = async (timestampMs: number): Promise<unknown> => log.offsetForTimestamp(timestampMs, 9)
    expect(await at(0)).toEqual({ offset: 0, timestamp: 100, leaderEpoch: 0 })
    expect(await at(101)).toEqual({ offset: 1, timestamp: 300, leaderEpoch: 0 })
    expect(await at(301)).toBeUndefined()
    expect(await log.offsetOfMaxTimestamp(9)).toEqual({ offset: 1, timestamp: 300, leaderEpoch: 0 })
  })

  it('answers the first record of a batch with LogAppendTime', async () => {
    const { log } = await openLog(new MemoryDisk())
    await append(log, ['a', 'b'], { timestampType: 'LogAppendTime', timestamps: [100, 100] })
    await append(log, ['c', 'd'], { timestampType: 'LogAppendTime', timestamps: [200, 200] })
    expect(await log.offsetForTimestamp(150, 9)).toMatchObject({ offset: 2, timestamp: 200 })
    expect(await log.offsetOfMaxTimestamp(9)).toMatchObject({ offset: 2, timestamp: 200 })
  })

  it('passes over records below the log start, even in the batch that holds it', async () => {
    const { log } = await openLog(new MemoryDisk())
    await append(log, ['a', 'b', 'c'], { timestamps: [300, 100, 200] })
    await log.advanceLogStartOffset(1)
    expect(await log.offsetForTimestamp(0, 9)).toMatchObject({ offset: 1 })
    expect(await log.offsetForTimestamp(250, 9)).toBeUndefined()
    expect(await log.offsetOfMaxTimestamp(9)).toMatchObject({ offset: 2, timestamp: 200 })
  })

  it('finds nothing in an empty log', async () => {
    const { log } = await openLog(new MemoryDisk())
    expect(await log.offsetForTimestamp(0, 9)).toBeUndefined()
    expect(await log.offsetOfMaxTimestamp(9)).toBeUndefined()
  })
})

describe('moving the log start', () => {
  it('deletes the segments below it, and is remembered', async () => {
    const disk = new MemoryDisk()
    const opened = await openLog(disk, { settings: { segmentBytes: 200 } })
    for (const value of 'abcdef') await append(opened.log, [value])
    expect(await baseOffsets(disk)).toEqual([0, 2, 4])
    await opened.log.advanceLogStartOffset(3)
    expect(await baseOffsets(disk)).toEqual([2, 4])
    const { log } = await openLog(disk, { settings: { segmentBytes: 200 } })
    expect(log.logStartOffset).toBe(3)
    expect((await readAll(log)).map(({ value }) => value)).toEqual(['d', 'e', 'f'])
  })

  it('does not go back, nor past what is visible', async () => {
    const { log } = await openLog(new MemoryDisk())
    await append(log, ['a', 'b'])
    await log.advanceLogStartOffset(2)
    await log.advanceLogStartOffset(1)
    expect(log.logStartOffset).toBe(2)
    await expect(log.advanceLogStartOffset(3)).rejects.toMatchObject({ error: 'OFFSET_OUT_OF_RANGE' })
  })
})

describe('a disk that is full when a segment begins', () => {
  it('is tried again with each append, and keeps no file of those that failed open', async () => {
    const disk = new FaultDisk({ step: 2, kind: 'error', code: 'ENOSPC', repeat: 4, only: 'write' }) // 0 is partition.metadata
    const { log, services } = await openLog(disk, { settings: { segmentBytes: 100 } })
    await append(log, ['a'])
    for (let attempt = 0; attempt <= 4; attempt++) await expect(append(log, ['b'])).rejects.toThrow('ENOSPC')
    expect(services.filePool.openCount).toBe(1)
    expect((await append(log, ['b'])).baseOffset).toBe(1)
  })
})

describe('a closed log', () => {
  it('takes nothing any more', async () => {
    const { log } = await openLog(new MemoryDisk())
    await append(log, ['a'])
    await log.close()
    await expect(append(log, ['b'])).rejects.toMatchObject({ error: 'NOT_LEADER_OR_FOLLOWER' })
  })

  it('has finished what was appended before', async () => {
    const disk = new MemoryDisk()
    const opened = await openLog(disk)
    const dones = await Promise.all(['a', 'b', 'c'].map(async (value) => startAppend(opened.log, await batchOf([value])).done))
    await opened.close()
    expect(dones).toHaveLength(3)
    expect((await openLog(disk)).log.logEndOffset).toBe(3)
  })
})

describe('settings that change', () => {
  it('count from the next append on', async () => {
    const disk = new FaultDisk()
    const { log } = await openLog(disk, { settings: { durability: 'os' } })
    await append(log, ['a'])
    expect((await lost(disk)).logEndOffset).toBe(0)
    log.updateSettings({ ...(await openLog(new MemoryDisk())).settings, durability: 'fsync' })
    await append(log, ['b'])
    expect((await lost(disk)).logEndOffset).toBe(2)
  })

  async function lost(disk: FaultDisk): Promise<PartitionLog> {
    return (await openLog(await disk.afterPowerLoss(() => 'nothing', ['/', '/data']))).log
  }
})

describe('durability os', () => {
  it('syncs what a full segment holds', async () => {
    const disk = new FaultDisk()
    const { log } = await openLog(disk, { settings: { durability: 'os', segmentBytes: 200 } })
    for (const value of 'abc') await append(log, [value])
    await settled()
    const { log: after } = await openLog(await disk.afterPowerLoss(() => 'nothing', ['/', '/data']))
    expect(after.logEndOffset).toBeGreaterThanOrEqual(2)
  })
})
