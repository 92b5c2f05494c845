import { describe, expect, it } from 'vitest'
import * as fc from 'fast-check'
import { BufferPool } from '../../src/lib/buffer-pool.ts'
import { FrameQueue } from '../../src/wire/frame-queue.ts'
import { Malformed } from '../../src/wire/reader.ts'
import { OverwritingPool } from '../support/overwriting-pool.ts'

const MAX = 100_000_000

function framed(body: Uint8Array): Buffer {
  const frame = Buffer.alloc(4 + body.length)
  frame.writeInt32BE(body.length)
  frame.set(body, 4)
  return frame
}

function sizeOf(bytes: number): Buffer {
  const size = Buffer.alloc(4)
  size.writeInt32BE(bytes)
  return size
}

/** Cuts bytes at the given places, each a fraction of the whole. */
function cutAt(bytes: Buffer, fractions: readonly number[]): Buffer[] {
  const ends = [...fractions.map((fraction) => Math.floor(fraction * bytes.length)), bytes.length].sort((a, b) => a - b)
  return ends.map((end, index) => Buffer.from(bytes.subarray(ends[index - 1] ?? 0, end))).filter((chunk) => chunk.length > 0)
}

function takeAll(queue: FrameQueue): Buffer[] {
  const frames: Buffer[] = []
  for (let frame = queue.next(); frame !== undefined; frame = queue.next()) frames.push(frame)
  return frames
}

describe('the frames of a connection', () => {
  const bodies = fc.array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.integer({ min: 0, max: 3000 }).map((size) => new Uint8Array(size).fill(size)),
    ),
  )
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 40 })

  it('come out as they went in, however the bytes are cut and whenever they are taken', () => {
    fc.assert(
      fc.property(bodies, cuts, fc.infiniteStream(fc.boolean()), (bodies, cuts, isTakenNow) => {
        const queue = new FrameQueue(MAX)
        const frames: Buffer[] = []
        for (const chunk of cutAt(Buffer.concat(bodies.map(framed)), cuts)) {
          queue.push(chunk)
          if (isTakenNow.next().value) frames.push(...takeAll(queue))
        }
        frames.push(...takeAll(queue))
        expect(frames.map((frame) => frame.toString('hex'))).toEqual(bodies.map((body) => Buffer.from(body).toString('hex')))
        expect(queue.unparsedBytes).toBe(0)
      }),
    )
  })

  it('are cut off one at a time: the rest stays the bytes it came in', () => {
    const queue = new FrameQueue(MAX)
    queue.push(Buffer.concat([framed(Buffer.from('one')), framed(Buffer.from('two')), framed(Buffer.from('three'))]))
    expect(queue.next()?.toString()).toBe('one')
    expect(queue.unparsedBytes).toBe(7 + 9)
  })

  it('are out of the chunk that they came in, which may be used again', () => {
    const chunk = Buffer.concat([framed(Buffer.from('whole')), sizeOf(4), Buffer.from('ha')])
    const queue = new FrameQueue(MAX)
    queue.push(chunk)
    const frame = queue.next()!
    queue.keepRest()
    chunk.fill('x')
    expect(frame.toString()).toBe('whole')
    expect(queue.next()).toBeUndefined()
    queue.push(Buffer.from('lf'))
    expect(queue.next()?.toString()).toBe('half')
  })

  it('come out as they went in when they are read to where they belong, or into a chunk that is used again and again', () => {
    const chunk = Buffer.alloc(1000)
    fc.assert(
      fc.property(
        bodies,
        fc.infiniteStream(fc.integer({ min: 1, max: 1000 })),
        fc.infiniteStream(fc.boolean()),
        (bodies, sizes, isTakenNow) => {
          const queue = new FrameQueue(MAX, { memory: new OverwritingPool() })
          const bytes = Buffer.concat(bodies.map(framed))
          const frames: Buffer[] = []
          for (let position = 0; position < bytes.length;) {
            const space = queue.space()
            const into = (space ?? chunk).subarray(0, Math.min(sizes.next().value, bytes.length - position))
            bytes.copy(into, 0, position)
            position += into.length
            if (space === undefined) queue.push(into)
            else queue.filled(into.length)
            if (isTakenNow.next().value) frames.push(...takeAll(queue))
            queue.keepRest()
            chunk.fill(0xee)
          }
          frames.push(...takeAll(queue))
          expect(frames.map((frame) => frame.toString('hex'))).toEqual(bodies.map((body) => Buffer.from(body).toString('hex')))
        },
      ),
    )
  })

  it('have space of their own only while they are assembled', () => {
    const queue = new FrameQueue(MAX)
    expect(queue.space()).toBeUndefined()
    queue.push(Buffer.concat([sizeOf(100_000), Buffer.from('abc')]))
    expect(queue.space()).toBeUndefined()
    expect(queue.next()).toBeUndefined()
    expect(queue.space()).toHaveLength(99_997)
    queue.filled(99_997)
    expect(queue.space()).toBeUndefined()
    expect(queue.next()).toHaveLength(100_000)
    expect(queue.space()).toBeUndefined()
  })

  it('that are half there when nobody wants them any more are nobody else’s: something may still be read into them', () => {
    const memory = new BufferPool()
    const queue = new FrameQueue(MAX, { memory })
    queue.push(sizeOf(100_000))
    expect(queue.next()).toBeUndefined()
    const space = queue.space()!
    queue.clear()
    expect(memory.lend(100_000).buffer).not.toBe(space.buffer)
  })

  it('may be empty, also when the size is the last thing that came', () => {
    const queue = new FrameQueue(MAX)
    queue.push(sizeOf(0))
    expect(queue.next()).toHaveLength(0)
    expect(queue.next()).toBeUndefined()
  })

  it('may be as large as the limit', () => {
    const queue = new FrameQueue(300_000)
    queue.push(framed(new Uint8Array(300_000)))
    expect(queue.next()).toHaveLength(300_000)
  })

  it.each([-1, -(2 ** 31), 1001, 2 ** 31 - 1])('of size %i are malformed when the limit is 1000', (size) => {
    const queue = new FrameQueue(1000)
    queue.push(Buffer.concat([framed(Buffer.from('fine')), sizeOf(size)]))
    expect(queue.next()?.toString()).toBe('fine')
    expect(() => queue.next()).toThrow(Malformed)
  })

  it('take memory as their bytes arrive, not as their size promises', () => {
    const before = process.memoryUsage().arrayBuffers
    const queues = Array.from({ length: 30 }, () => new FrameQueue(MAX))
    for (const queue of queues) {
      queue.push(sizeOf(MAX))
      for (let received = 0; received < 500_000; received += 50_000) {
        queue.push(Buffer.alloc(50_000))
        expect(queue.next()).toBeUndefined()
      }
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(queues.length * 3_000_000)
  })
})
