import { describe, expect, it } from 'vitest'
import { MemoryDisk } from '../../src/disk/memory-disk.ts'
import { ReadAhead } from '../../src/log/segments/read-ahead.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import type { ReadResult } from '../../src/log/log-answers.ts'
import { BatchView } from '../../src/wire/records/batch.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { OverwritingPool } from '../support/overwriting-pool.ts'
import { append, openLog, settled } from '../support/test-log.ts'

const MAX_BYTES = 40_000
const VALUE_BYTES = 10_000
const MIB = 1 << 20

/** A disk that counts the reads of open files, and fails those that it is told to. */
function countingDisk() {
  const disk = new MemoryDisk()
  const counting = { disk, reads: 0, failures: 0 }
  const open = disk.open.bind(disk)
  disk.open = async (path, how) => {
    const file = await open(path, how)
    return {
      write: (chunks, position) => file.write(chunks, position),
      writeNow: (chunk, position) => file.writeNow(chunk, position),
      sync: () => file.sync(),
      truncate: (size) => file.truncate(size),
      close: () => file.close(),
      async read(into, position) {
        counting.reads++
        if (counting.failures-- > 0) throw new Error('EIO')
        return file.read(into, position)
      },
    }
  }
  return counting
}

/** A log of so many batches of one record, of about 10 KB each, that nobody has in memory. */
async function openLongLog(batchCount: number) {
  const counting = countingDisk()
  const opened = await openLog(counting.disk, { settings: { segmentBytes: 10 * MIB } })
  for (let index = 0; index < batchCount; index++) await append(opened.log, [valueOf(index)])
  return { log: opened.log, counting }
}

const valueOf = (index: number): string => String(index).padEnd(VALUE_BYTES, '.')

async function read(log: PartitionLog, offset: number): Promise<ReadResult> {
  return log.read(offset, MAX_BYTES, { upTo: log.highWatermark, atLeastOneBatch: true })
}

/** The base offsets of the batches, which must be whole. */
function offsetsOf({ chunks }: ReadResult): number[] {
  const bytes = Buffer.concat(chunks)
  const offsets: number[] = []
  for (let position = 0; position < bytes.length;) {
    const batch = new BatchView(bytes, position)
    expect(batch.isCrcValid).toBe(true)
    offsets.push(batch.baseOffset)
    position += batch.sizeInBytes
  }
  return offsets
}

describe('a reader who goes on where he stopped', () => {
  it('finds what follows already read', async () => {
    const { log, counting } = await openLongLog(20)
    const [first, second] = [await read(log, 0), await read(log, 3)]
    expect(first.readOn).toBeUndefined() // nobody knows yet that he goes on
    counting.reads = 0
    second.readOn!()
    await settled()
    expect(counting.reads).toBe(1)
    const third = await read(log, 6)
    expect(counting.reads).toBe(1)
    expect([first, second, third].map(offsetsOf)).toEqual([
      [0, 1, 2],
      [3, 4, 5],
      [6, 7, 8],
    ])
  })

  it('gets it also while it is still being read', async () => {
    const { log, counting } = await openLongLog(20)
    await read(log, 0)
    const second = await read(log, 3)
    counting.reads = 0
    second.readOn!()
    expect(offsetsOf(await read(log, 6))).toEqual([6, 7, 8])
    expect(counting.reads).toBe(1)
  })

  it('reads for himself where he asks for something else', async () => {
    const { log, counting } = await openLongLog(20)
    await read(log, 0)
    const second = await read(log, 3)
    second.readOn!()
    await settled()
    counting.reads = 0
    expect(offsetsOf(await read(log, 7))).toEqual([7, 8, 9])
    expect(counting.reads).toBeGreaterThan(0)
  })

  it('is not told of a failure: he reads again', async () => {
    const { log, counting } = await openLongLog(20)
    await read(log, 0)
    const second = await read(log, 3)
    counting.failures = 1
    second.readOn!()
    await settled()
    expect(offsetsOf(await read(log, 6))).toEqual([6, 7, 8])
  })

  it('does not get what was truncated meanwhile', async () => {
    const { log } = await openLongLog(20)
    await read(log, 0)
    const second = await read(log, 3)
    second.readOn!()
    await settled()
    await log.truncateTo(6)
    for (let index = 0; index < 200; index++) await append(log, ['another'.padEnd(VALUE_BYTES, '!')]) // more than the tail cache holds
    await read(log, 0)
    await read(log, 3) // remembers the place
    const third = await read(log, 6)
    expect(offsetsOf(third)).toEqual([6, 7, 8])
    expect(Buffer.concat(third.chunks).includes('another')).toBe(true)
  })

  it('reads nothing ahead near the end of a segment', async () => {
    const { log } = await openLongLog(10)
    await read(log, 0)
    expect((await read(log, 3)).readOn).toBeUndefined()
  })
})

describe('what is read ahead', () => {
  const bytes = Buffer.alloc(8 * MIB, 1)
  const segmentOf = () => ({ cutCount: 0, file: { read: async (into: Buffer, position: number) => bytes.copy(into, 0, position) } })

  it('is bounded, and makes room when nobody has taken it for a second', () => {
    const clock = new ManualClock()
    const readAhead = new ReadAhead(clock, new OverwritingPool())
    const segments = Array.from({ length: 5 }, () => segmentOf())
    for (const segment of segments) readAhead.begin(segment, 0, 4 * MIB)
    expect(readAhead.keptBytes).toBe(16 * MIB)
    expect(readAhead.take(segments[4]!, 0, 1)).toBeUndefined()
    clock.advance(1001)
    readAhead.begin(segments[4]!, 0, 4 * MIB)
    expect(readAhead.keptBytes).toBe(4 * MIB)
    expect(readAhead.take(segments[0]!, 0, 1)).toBeUndefined()
  })

  it('is one piece of each segment, for one reader', async () => {
    const readAhead = new ReadAhead(new ManualClock(), new OverwritingPool())
    const segment = segmentOf()
    readAhead.begin(segment, 1000, 100)
    readAhead.begin(segment, 2000, 100)
    expect(readAhead.take(segment, 2000, 100)).toBeUndefined()
    expect(await readAhead.take(segment, 1000, 60)).toEqual(Buffer.alloc(60, 1))
    expect(readAhead.take(segment, 1000, 60)).toBeUndefined()
    expect(readAhead.keptBytes).toBe(0)
  })

  it('is not given when the segment was cut since: other batches may be there', () => {
    const readAhead = new ReadAhead(new ManualClock(), new OverwritingPool())
    const segment = segmentOf()
    readAhead.begin(segment, 0, 100)
    segment.cutCount++
    expect(readAhead.take(segment, 0, 100)).toBeUndefined()
    expect(readAhead.keptBytes).toBe(0)
  })

  it('goes back to the pool when it is too little', async () => {
    const pool = new OverwritingPool()
    const lent: Buffer[] = []
    const lend = pool.lend.bind(pool)
    pool.lend = (size) => (lent.push(lend(size)), lent.at(-1)!)
    const readAhead = new ReadAhead(new ManualClock(), pool)
    const segment = segmentOf()
    readAhead.begin(segment, 0, 40_000)
    expect(readAhead.take(segment, 0, 50_000)).toBeUndefined()
    await settled()
    expect(lent[0]!.every((octet) => octet === 0xdb)).toBe(true)
  })
})
