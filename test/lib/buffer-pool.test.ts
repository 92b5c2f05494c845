import { describe, expect, it } from 'vitest'
import { BufferPool } from '../../src/lib/buffer-pool.ts'

const SIZE = 600_000

describe('a buffer pool', () => {
  it('lends again what is given back, whatever part of it was used', () => {
    const pool = new BufferPool()
    const first = pool.lend(SIZE)
    expect(first.length).toBeGreaterThanOrEqual(SIZE)
    pool.giveBack(first.subarray(0, SIZE))
    expect(pool.lend(SIZE - 1).buffer).toBe(first.buffer)
  })

  it('lends nothing twice at once, also when it is given back twice', () => {
    const pool = new BufferPool()
    const lent = [pool.lend(SIZE), pool.lend(SIZE)]
    pool.giveBack(lent[0]!)
    pool.giveBack(lent[0]!)
    lent.push(pool.lend(SIZE), pool.lend(SIZE))
    expect(new Set(lent.map(({ buffer }) => buffer)).size).toBe(3)
  })

  it('lends again what several hold once each of them has given it back', () => {
    const pool = new BufferPool()
    const lent = pool.lend(SIZE)
    expect([pool.hold(lent.subarray(7, 9)), pool.hold(Buffer.alloc(SIZE))]).toEqual([true, false])
    pool.giveBack(lent)
    expect(pool.lend(SIZE).buffer).not.toBe(lent.buffer)
    pool.giveBack(lent)
    expect([pool.lend(SIZE).buffer === lent.buffer, pool.hold(Buffer.alloc(SIZE))]).toEqual([true, false])
  })

  it('may be given what it never lent: a view of a chunk, a buffer of another size', () => {
    const pool = new BufferPool()
    const strangers = [Buffer.allocUnsafeSlow(1 << 20), Buffer.from('in a pool of Node’s'), pool.lend(10), pool.lend(20 << 20)]
    for (const stranger of strangers) pool.giveBack(stranger)
    const lent = [pool.lend(1 << 20), pool.lend(10), pool.lend(20 << 20)]
    for (const { buffer, byteOffset } of lent) {
      expect(strangers.filter((stranger) => stranger.buffer === buffer && stranger.byteOffset === byteOffset)).toEqual([])
    }
  })

  it('keeps a bounded number of idle bytes', () => {
    const pool = new BufferPool()
    const lent = Array.from({ length: 40 }, () => pool.lend(1 << 20))
    for (const buffer of lent) pool.giveBack(buffer)
    const known = new Set(lent.map(({ buffer }) => buffer))
    const again = Array.from({ length: 40 }, () => pool.lend(1 << 20))
    expect(again.filter(({ buffer }) => known.has(buffer))).toHaveLength(16)
  })

  it('keeps those of the sizes that are in use rather than those of sizes that were', () => {
    const pool = new BufferPool()
    const former = Array.from({ length: 40 }, () => pool.lend(1 << 20))
    for (const buffer of former) pool.giveBack(buffer)
    const usual = Array.from({ length: 8 }, () => pool.lend(2 << 20))
    for (const buffer of usual) pool.giveBack(buffer)
    const known = new Set(usual.map(({ buffer }) => buffer))
    for (let count = 0; count < 8; count++) expect(known).toContain(pool.lend(2 << 20).buffer)
  })

  it('lends at most a quarter more than is asked for', () => {
    const pool = new BufferPool()
    for (let size = 32 << 10; size < 10 << 20; size = Math.ceil(size * 1.01)) {
      const { length } = pool.lend(size)
      expect(length).toBeGreaterThanOrEqual(size)
      expect(length).toBeLessThanOrEqual(1.25 * size)
    }
  })
})
