import { describe, expect, it } from 'vitest'
import { type PartitionTail, TailCache } from '../../src/log/tail-cache.ts'
import { BatchView } from '../../src/wire/records/batch.ts'
import { encodeBatch } from '../../src/wire/records/record.ts'
import { OverwritingPool } from '../support/overwriting-pool.ts'

/** Adds a batch of one record per offset, about `size` bytes long. */
async function add(tail: PartitionTail, baseOffset: number, count: number, size = 100): Promise<Buffer> {
  const records = Array.from({ length: count }, () => ({ timestamp: 0, key: null, value: Buffer.alloc(Math.ceil((size - 61) / count)) }))
  const encoded = await encodeBatch({ baseOffset, records })
  const frame = Buffer.from(encoded)
  tail.add(frame, baseOffset, baseOffset + count)
  frame.fill(0xdb) // the next one in the same memory
  return encoded
}

const cacheOf = (budgetBytes: number): TailCache => new TailCache(budgetBytes, new OverwritingPool())

/** Of a partition that somebody reads. */
function tailOf(cache: TailCache): PartitionTail {
  const tail = cache.partition()
  tail.expectReader()
  return tail
}

function baseOffsets(read: { chunks: readonly Buffer[] } | undefined): number[] | undefined {
  if (read === undefined) return undefined
  const bytes = Buffer.concat(read.chunks)
  const offsets: number[] = []
  for (let position = 0; position < bytes.length; position += new BatchView(bytes, position).sizeInBytes) {
    offsets.push(new BatchView(bytes, position).baseOffset)
  }
  return offsets
}

describe('the tail cache', () => {
  it('gives whole batches from the one that holds the offset, small ones and large ones', async () => {
    const tail = tailOf(cacheOf(1 << 20))
    await add(tail, 0, 2)
    await add(tail, 2, 3)
    await add(tail, 5, 1, 10_000)
    await add(tail, 6, 2)
    expect(baseOffsets(tail.read(3, 1 << 20, 8, true))).toEqual([2, 5, 6])
    expect(baseOffsets(tail.read(6, 1 << 20, 8, true))).toEqual([6])
    expect(baseOffsets(tail.read(0, 1 << 20, 5, true))).toEqual([0, 2])
  })

  it('does not know what is older or newer than what it holds', async () => {
    const tail = tailOf(cacheOf(1 << 20))
    await add(tail, 10, 2)
    expect(tail.read(9, 100, 12, true)).toBeUndefined()
    expect(tail.read(12, 100, 12, true)).toBeUndefined()
    tail.clear()
    expect(tail.read(10, 100, 12, true)).toBeUndefined()
  })

  it('keeps to the limit, but for the first batch when at least one is asked for', async () => {
    const tail = tailOf(cacheOf(1 << 20))
    const first = await add(tail, 0, 1, 300)
    const second = await add(tail, 1, 1, 300)
    await add(tail, 2, 1, 9000)
    expect(baseOffsets(tail.read(0, first.length + second.length, 3, true))).toEqual([0, 1])
    expect(baseOffsets(tail.read(0, first.length + second.length - 1, 3, true))).toEqual([0])
    expect(baseOffsets(tail.read(0, 10, 3, true))).toEqual([0])
    expect(baseOffsets(tail.read(0, 10, 3, false))).toEqual([])
    expect(baseOffsets(tail.read(2, 10, 3, true))).toEqual([2])
  })

  it('drops the oldest batches of all partitions beyond its budget', async () => {
    const cache = cacheOf(25_000)
    const [first, second] = [tailOf(cache), tailOf(cache)]
    await add(first, 0, 1, 10_000)
    await add(second, 0, 1, 10_000)
    expect(baseOffsets(first.read(0, 1, 1, true))).toEqual([0])
    await add(first, 1, 1, 10_000)
    expect(first.read(0, 1, 2, true)).toBeUndefined()
    expect(baseOffsets(first.read(1, 1, 2, true))).toEqual([1])
    expect(baseOffsets(second.read(0, 1, 1, true))).toEqual([0])
    expect(cache.chargedBytes).toBeLessThanOrEqual(25_000)
  })

  it('counts what it answered, and what it could not', async () => {
    const cache = cacheOf(1 << 20)
    const tail = tailOf(cache)
    const { length } = await add(tail, 10, 2)
    tail.read(10, 1 << 20, 12, true)
    tail.read(11, 1 << 20, 12, true)
    tail.read(9, 1 << 20, 12, true)
    expect(cache.reads).toEqual({ hitCount: 2, hitBytes: 2 * length, missCount: 1 })
  })

  it('puts small batches together in larger chunks', async () => {
    const cache = cacheOf(1 << 20)
    const tail = tailOf(cache)
    for (let offset = 0; offset < 500; offset++) await add(tail, offset, 1, 200)
    expect(cache.chargedBytes).toBe((8 << 10) + 2 * (64 << 10))
    expect(baseOffsets(tail.read(400, 1 << 20, 500, true))).toHaveLength(100)
  })

  it('keeps a large batch in the frame that it came in, until it is dropped and every reader has given it back', async () => {
    const pool = new OverwritingPool()
    const cache = new TailCache(1 << 20, pool)
    const tail = tailOf(cache)
    const encoded = await encodeBatch({ records: [{ timestamp: 0, key: null, value: Buffer.alloc(60_000, 'x') }] })
    const frame = pool.lend(encoded.length + 30)
    const batch = frame.subarray(30, 30 + encoded.length)
    encoded.copy(batch)
    tail.add(batch, 0, 1)
    pool.giveBack(frame)
    const [first, second] = [tail.read(0, 1 << 20, 1, true)!.chunks[0]!, tail.read(0, 1 << 20, 1, true)!.chunks[0]!]
    expect([first.buffer === frame.buffer, cache.chargedBytes]).toEqual([true, frame.buffer.byteLength])
    pool.giveBack(first)
    tail.clear()
    expect([cache.chargedBytes, second.equals(encoded), pool.lend(frame.length).buffer === frame.buffer]).toEqual([0, true, false])
    pool.giveBack(second)
    expect([second.equals(encoded), pool.lend(frame.length).buffer === frame.buffer]).toEqual([false, true])
  })

  it('copies a batch out of a frame that holds more', async () => {
    const pool = new OverwritingPool()
    const tail = tailOf(new TailCache(1 << 20, pool))
    const encoded = await encodeBatch({ records: [{ timestamp: 0, key: null, value: Buffer.alloc(60_000, 'x') }] })
    const frame = pool.lend(4 * encoded.length)
    encoded.copy(frame)
    tail.add(frame.subarray(0, encoded.length), 0, 1)
    pool.giveBack(frame)
    const [read] = tail.read(0, 1 << 20, 1, true)!.chunks
    expect([read!.equals(encoded), read!.buffer === frame.buffer]).toEqual([true, false])
  })

  it('keeps nothing of a partition before somebody reads there', async () => {
    const cache = cacheOf(1 << 20)
    const tail = cache.partition()
    await add(tail, 0, 1)
    expect(cache.chargedBytes).toBe(0)
    expect(tail.read(0, 1, 1, true)).toBeUndefined()
    await add(tail, 1, 1)
    expect(baseOffsets(tail.read(1, 1, 2, true))).toEqual([1])
  })

  it('keeps nothing any more of a partition whose batches left unread, until somebody reads there again', async () => {
    const cache = cacheOf(25_000)
    const [read, unread] = [tailOf(cache), tailOf(cache)]
    for (let offset = 0; offset < 4; offset++) {
      await add(read, offset, 1, 10_000)
      expect(baseOffsets(read.read(offset, 1, offset + 1, true))).toEqual([offset])
      await add(unread, offset, 1, 10_000)
    }
    expect(unread.read(3, 1, 4, true)).toBeUndefined()
    expect(cache.chargedBytes).toBeGreaterThan(20_000)
    await add(unread, 4, 1, 10_000)
    expect(baseOffsets(unread.read(4, 1, 5, true))).toEqual([4])
  })
})
