import { describe, expect, it } from 'vitest'
import { FrameMemory } from '../../src/wire/frame-memory.ts'

const SIZE = 600_000

describe('the memory of frames', () => {
  it('is lent again once it is given back, whatever part of it the frame was', () => {
    const memory = new FrameMemory()
    const first = memory.lend(SIZE)
    expect(first.length).toBeGreaterThanOrEqual(SIZE)
    memory.giveBack(first.subarray(0, SIZE))
    expect(memory.lend(SIZE - 1).buffer).toBe(first.buffer)
  })

  it('is nobody else’s while it is lent, and not twice when it is given back twice', () => {
    const memory = new FrameMemory()
    const lent = [memory.lend(SIZE), memory.lend(SIZE)]
    memory.giveBack(lent[0]!)
    memory.giveBack(lent[0]!)
    lent.push(memory.lend(SIZE), memory.lend(SIZE))
    expect(new Set(lent.map(({ buffer }) => buffer)).size).toBe(3)
  })

  it('may be asked to take what it never lent: a view of a chunk, a frame of another size', () => {
    const memory = new FrameMemory()
    const strangers = [Buffer.allocUnsafeSlow(1 << 20), Buffer.from('in a pool of Node’s'), memory.lend(10), memory.lend(10 << 20)]
    for (const stranger of strangers) memory.giveBack(stranger)
    const lent = [memory.lend(1 << 20), memory.lend(10), memory.lend(10 << 20)]
    for (const { buffer } of lent) expect(strangers.map((stranger) => stranger.buffer)).not.toContain(buffer)
  })

  it('of idle frames is bounded', () => {
    const memory = new FrameMemory()
    const lent = Array.from({ length: 40 }, () => memory.lend(1 << 20))
    for (const frame of lent) memory.giveBack(frame)
    const known = new Set(lent.map(({ buffer }) => buffer))
    const again = Array.from({ length: 40 }, () => memory.lend(1 << 20))
    expect(again.filter(({ buffer }) => known.has(buffer))).toHaveLength(16)
  })
})
