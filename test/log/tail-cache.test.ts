import { describe, expect, it } from 'vitest'
import { type PartitionTail, TailCache } from '../../src/log/tail-cache.ts'
import { BatchView } from '../../src/wire/records/batch.ts'
import { encodeBatch } from '../../src/wire/records/record.ts'

/** Adds a batch of one record per offset, about `size` bytes long. */
async function add(tail: PartitionTail, baseOffset: number, count: number, size = 100): Promise<Buffer> {
  const records = Array.from({ length: count }, () => ({ timestamp: 0, key: null, value: Buffer.alloc(Math.ceil((size - 61) / count)) }))
  const encoded = await encodeBatch({ baseOffset, records })
  const bytes = Buffer.allocUnsafeSlow(encoded.length) // of its own, as a large frame's
  encoded.copy(bytes)
  tail.add(bytes, baseOffset, baseOffset + count)
  return bytes
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
    const tail = new TailCache(1 << 20).partition()
    await add(tail, 0, 2)
    await add(tail, 2, 3)
    await add(tail, 5, 1, 10_000)
    await add(tail, 6, 2)
    expect(baseOffsets(tail.read(3, 1 << 20, 8, true))).toEqual([2, 5, 6])
    expect(baseOffsets(tail.read(6, 1 << 20, 8, true))).toEqual([6])
    expect(baseOffsets(tail.read(0, 1 << 20, 5, true))).toEqual([0, 2])
  })

  it('does not know what is older or newer than what it holds', async () => {
    const tail = new TailCache(1 << 20).partition()
    await add(tail, 10, 2)
    expect(tail.read(9, 100, 12, true)).toBeUndefined()
    expect(tail.read(12, 100, 12, true)).toBeUndefined()
    tail.clear()
    expect(tail.read(10, 100, 12, true)).toBeUndefined()
  })

  it('keeps to the limit, but for the first batch when at least one is asked for', async () => {
    const tail = new TailCache(1 << 20).partition()
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
    const cache = new TailCache(25_000)
    const [first, second] = [cache.partition(), cache.partition()]
    await add(first, 0, 1, 10_000)
    await add(second, 0, 1, 10_000)
    await add(first, 1, 1, 10_000)
    expect(first.read(0, 1, 2, true)).toBeUndefined()
    expect(baseOffsets(first.read(1, 1, 2, true))).toEqual([1])
    expect(baseOffsets(second.read(0, 1, 1, true))).toEqual([0])
    expect(cache.chargedBytes).toBeLessThanOrEqual(25_000)
  })

  it('charges a frame once, for as long as one of its batches is kept', async () => {
    const cache = new TailCache(1 << 20)
    const tails = [cache.partition(), cache.partition()]
    const batch = await add(new TailCache(1 << 20).partition(), 0, 1, 8000)
    const frame = Buffer.allocUnsafeSlow(20_000)
    batch.copy(frame, 0)
    batch.copy(frame, 10_000)
    for (const [index, tail] of tails.entries()) tail.add(frame.subarray(10_000 * index, 10_000 * index + batch.length), 0, 1)
    expect(cache.chargedBytes).toBe(20_000)
    tails[0]!.clear()
    expect(cache.chargedBytes).toBe(20_000)
    tails[1]!.clear()
    expect(cache.chargedBytes).toBe(0)
  })

  it('copies small batches, so that a frame they came in is free to go', async () => {
    const cache = new TailCache(1 << 20)
    const tail = cache.partition()
    const batch = await add(tail, 0, 1, 200)
    batch.fill(0)
    expect(baseOffsets(tail.read(0, 1, 1, true))).toEqual([0])
    for (let offset = 1; offset < 500; offset++) await add(tail, offset, 1, 200)
    expect(cache.chargedBytes).toBe((8 << 10) + 2 * (64 << 10))
    expect(baseOffsets(tail.read(400, 1 << 20, 500, true))).toHaveLength(100)
  })
})
