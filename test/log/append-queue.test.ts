import { describe, expect, it } from 'vitest'
import { endOfTurn, HeldFile, queueOn, settle } from '../support/held-queue.ts'
import type { Refusal } from '../../src/wire/error-codes.ts'
import { ManualClock } from '../support/manual-clock.ts'

describe('appends on their way to disk', () => {
  it('go out together when they come in the same turn of the event loop', async () => {
    const file = new HeldFile()
    const { push } = queueOn(file)
    for (const letter of 'abc') void push(letter)
    expect(file.next).toEqual([])
    await endOfTurn()
    expect(file.next).toEqual(['write abc at 0'])
  })

  it('wait while a write is in flight, and go out together in the next', async () => {
    const file = new HeldFile()
    const { queue, push, seen } = queueOn(file)
    void push('a')
    await endOfTurn()
    void push('b')
    void push('c')
    await endOfTurn()
    expect(file.next).toEqual(['write a at 0'])
    await file.take().finish()
    expect(file.next).toEqual(['write bc at 1'])
    expect([queue.highWatermark, queue.endOffset]).toEqual([1, 3])
    await file.take().finish()
    expect(seen).toEqual(['visible a', 'done a', 'visible bc', 'done b', 'done c'])
  })

  it('are visible only once they are synced, with fsync', async () => {
    const file = new HeldFile()
    const { queue, push, seen } = queueOn(file, { durability: 'fsync' })
    void push('a')
    await endOfTurn()
    await file.take().finish()
    expect(file.next).toEqual(['sync'])
    expect([queue.highWatermark, seen]).toEqual([0, []])
    await file.take().finish()
    expect([queue.highWatermark, queue.recoveryPoint, seen]).toEqual([1, 1, ['visible a', 'done a']])
  })

  it('wait while a sync is in flight with fsync, and share the next write and the next sync', async () => {
    const file = new HeldFile()
    const { push, seen } = queueOn(file, { durability: 'fsync' })
    void push('a')
    await endOfTurn()
    await file.take().finish()
    void push('b')
    void push('c')
    await endOfTurn()
    expect(file.next).toEqual(['sync'])
    await file.take().finish()
    expect(seen).toEqual(['visible a', 'done a'])
    expect(file.next).toEqual(['write bc at 1'])
    await file.take().finish()
    expect(file.next).toEqual(['sync'])
    await file.take().finish()
    expect(seen.slice(2)).toEqual(['visible bc', 'done b', 'done c'])
  })

  it('wait for a sync after every flush.messages records', async () => {
    const file = new HeldFile()
    const { push, seen } = queueOn(file, { flushMessages: 2 })
    void push('a')
    await endOfTurn()
    await file.take().finish()
    expect(seen).toEqual(['visible a', 'done a'])
    void push('b')
    await endOfTurn()
    await file.take().finish()
    expect(file.next).toEqual(['sync'])
    void push('c')
    await endOfTurn()
    const sync = file.take()
    await file.take().finish()
    expect(seen).toEqual(['visible a', 'done a'])
    await sync.finish()
    expect(seen.slice(2)).toEqual(['visible b', 'done b'])
    await file.take().finish()
    expect(seen.slice(4)).toEqual(['visible c', 'done c'])
  })

  it('never share a write with those of another segment, and tell when a segment begins', async () => {
    const [first, second] = [new HeldFile(), new HeldFile()]
    const { push, seen } = queueOn(first)
    void push('a')
    void push('b')
    void push('c', second)
    await endOfTurn()
    expect([first.next, second.next]).toEqual([['write ab at 0'], []])
    await first.take().finish()
    expect(second.next).toEqual(['write c at 2'])
    expect(seen).not.toContain('rolled')
    await second.take().finish()
    expect(seen.slice(-3)).toEqual(['rolled', 'visible c', 'done c'])
  })

  it('are synced in every segment they went to', async () => {
    const [first, second] = [new HeldFile(), new HeldFile()]
    const { push, queue } = queueOn(first, { durability: 'os' })
    void push('a')
    void push('b', second)
    await endOfTurn()
    await first.take().finish()
    await second.take().finish()
    const flushed = queue.flush()
    await settle(() => undefined)
    expect([first.next, second.next]).toEqual([['sync'], []])
    await first.take().finish()
    expect(second.next).toEqual(['sync'])
    await second.take().finish()
    await flushed
    expect(queue.recoveryPoint).toBe(2)
  })
})

describe('small appends with os', () => {
  it('are written by this thread at the end of the turn, together', async () => {
    const file = new HeldFile()
    file.now = () => true
    const { queue, push } = queueOn(file)
    for (const letter of 'abc') void push(letter)
    expect(file.writtenNow).toEqual([])
    await endOfTurn()
    expect([file.writtenNow, file.next, queue.highWatermark]).toEqual([['abc'], [], 3])
  })

  it('are written before there are more than sixteen', async () => {
    const file = new HeldFile()
    file.now = () => true
    const { queue, push } = queueOn(file)
    for (const letter of 'abcdefghijklmnopq') void push(letter)
    expect([file.writtenNow, queue.highWatermark]).toEqual([['abcdefghijklmnop'], 16])
    await endOfTurn()
    expect([file.writtenNow, queue.highWatermark]).toEqual([['abcdefghijklmnop', 'q'], 17])
  })

  it('wait for the end of the turn when sixteen could not be written', async () => {
    const file = new HeldFile()
    file.now = () => false
    const { queue, push } = queueOn(file)
    for (const letter of 'abcdefghijklmnopq') void push(letter)
    expect([file.next, queue.highWatermark]).toEqual([[], 0])
    await endOfTurn()
    expect(file.next).toEqual(['write abcdefghijklmnopq at 0'])
  })

  it.each([
    { writeMs: 10.5, until: 'ten seconds after it', written: [['a'], ['write b at 1']] },
    { writeMs: 5, until: 'no time: it waited for a core', written: [['a', 'b'], []] },
  ])('take the long way after a write of $writeMs ms for $until', async ({ writeMs, written }) => {
    const clock = new ManualClock()
    const file = new HeldFile()
    file.now = () => (clock.advance(writeMs), true)
    const { push } = queueOn(file, { clock })
    void push('a')
    await endOfTurn()
    void push('b')
    await endOfTurn()
    expect([file.writtenNow, file.next]).toEqual(written)
  })

  it('are written by this thread again after those ten seconds', async () => {
    const clock = new ManualClock()
    const file = new HeldFile()
    file.now = () => (clock.advance(10.5), true)
    const { push } = queueOn(file, { clock })
    void push('a')
    await endOfTurn()
    clock.advance(10_000)
    void push('b')
    await endOfTurn()
    expect(file.writtenNow).toEqual(['a', 'b'])
  })
})

describe.each(['os', 'fsync'] as const)('small appends with %s', (durability) => {
  it('are written again, the long way, when writing at once fails or comes out short', async () => {
    for (const now of [() => false, () => raise('EIO')]) {
      const file = new HeldFile()
      file.now = now
      void queueOn(file, { durability }).push('a')
      await endOfTurn()
      expect(file.next).toEqual(['write a at 0'])
    }
  })
})

describe('small appends with fsync', () => {
  it('are written at once when no sync is in flight, and together when it is over', async () => {
    const file = new HeldFile()
    file.now = () => true
    const { queue, push, seen } = queueOn(file, { durability: 'fsync' })
    void push('a')
    await endOfTurn()
    void push('b')
    void push('c')
    expect([file.writtenNow, file.next, queue.highWatermark]).toEqual([['a'], ['sync'], 0])
    await file.take().finish()
    expect([file.writtenNow, file.next, queue.highWatermark]).toEqual([['a', 'bc'], ['sync'], 1])
    await file.take().finish()
    expect(seen).toEqual(['visible a', 'done a', 'visible bc', 'done b', 'done c'])
  })

  it('take the long way for ten seconds after one that took more than ten milliseconds', async () => {
    const clock = new ManualClock()
    const file = new HeldFile()
    file.now = () => (clock.advance(10.5), true)
    const { push } = queueOn(file, { durability: 'fsync', clock })
    void push('a')
    await endOfTurn()
    void push('b')
    await file.take().finish()
    expect([file.writtenNow, file.next]).toEqual([['a'], ['write b at 1']])
  })

  it('take the long way into a new segment', async () => {
    const [first, second] = [new HeldFile(), new HeldFile()]
    first.now = second.now = () => true
    const { push } = queueOn(first, { durability: 'fsync' })
    void push('a')
    void push('b', second)
    await endOfTurn()
    await first.take().finish()
    expect(second.next).toEqual(['write b at 1'])
  })
})

describe('a write that fails', () => {
  it('is cut from the file, and all that waited is undone, newest first', async () => {
    const file = new HeldFile()
    const { queue, push, seen } = queueOn(file)
    void push('a')
    await endOfTurn()
    void push('b')
    void push('c')
    await file.take().finish()
    await file.take().fail('ENOSPC')
    expect(file.next).toEqual(['cut at 1'])
    await file.take().finish()
    expect(seen).toEqual(['visible a', 'done a', 'undo c', 'undo b', 'failed', 'refused b', 'refused c'])
    expect([queue.endOffset, queue.highWatermark, queue.failure]).toEqual([1, 1, undefined])
  })

  it('counts as failed when it came out short without an error', async () => {
    const file = new HeldFile()
    const { push, seen } = queueOn(file)
    void push('a')
    await endOfTurn()
    await file.take().finish(false)
    await file.take().finish()
    expect(seen).toEqual(['undo a', 'failed', 'refused a'])
  })

  it('does not keep the log from going on when there is room again', async () => {
    const file = new HeldFile()
    const { queue, push } = queueOn(file)
    void push('a')
    await endOfTurn()
    await file.take().fail('EDQUOT')
    void push('b')
    await endOfTurn()
    expect(file.next).toEqual(['cut at 0'])
    await file.take().finish()
    expect(file.next).toEqual(['write b at 0'])
    await file.take().finish()
    expect([queue.highWatermark, queue.failure]).toEqual([1, undefined])
  })

  it('ends the log when it cannot be cut, or when the disk has worse than no room', async () => {
    const full = new HeldFile()
    const first = queueOn(full)
    void first.push('a')
    await endOfTurn()
    await full.take().fail('ENOSPC')
    await full.take().fail('EIO')
    const broken = new HeldFile()
    const second = queueOn(broken)
    void second.push('a')
    await endOfTurn()
    await broken.take().fail('EIO')
    await broken.take().finish()
    for (const { queue, seen } of [first, second]) {
      expect(seen).toEqual(['undo a', 'failed for good', 'refused a'])
      expect(queue.failure).toContain('could not be written')
    }
  })

  it('leaves alone what was written before it and waits for a sync', async () => {
    const file = new HeldFile()
    const { push, seen } = queueOn(file, { flushMessages: 1 })
    void push('a')
    await endOfTurn()
    await file.take().finish()
    void push('b')
    await endOfTurn()
    const sync = file.take()
    await file.take().fail('ENOSPC')
    await file.take().finish()
    expect(seen).toEqual(['undo b', 'failed', 'refused b'])
    await sync.finish()
    expect(seen.slice(3)).toEqual(['visible a', 'done a'])
  })
})

describe('a sync that fails', () => {
  it('is not tried again: everything that is not visible is refused and cut, and no more is written', async () => {
    const file = new HeldFile()
    const { queue, push, seen } = queueOn(file, { durability: 'fsync' })
    void push('a')
    await endOfTurn()
    await file.take().finish()
    void push('b')
    await endOfTurn()
    await file.take().fail('EIO')
    expect(seen).toEqual(['undo b', 'undo a', 'failed for good', 'refused a', 'refused b'])
    expect(queue.failure).toContain('could not be synced')
    expect(file.next).toEqual(['cut at 0'])
    expect([queue.highWatermark, queue.recoveryPoint, queue.endOffset]).toEqual([0, 0, 0])
    await expect(queue.flush()).rejects.toMatchObject({ error: 'KAFKA_STORAGE_ERROR' })
  })

  it('cuts only once no write is in flight', async () => {
    const file = new HeldFile()
    const { push, seen } = queueOn(file, { flushMessages: 1 })
    void push('a')
    await endOfTurn()
    await file.take().finish()
    void push('b')
    await endOfTurn()
    await file.take().fail('EIO')
    expect(seen).toEqual(['undo b', 'undo a', 'failed for good', 'refused a', 'refused b'])
    expect(file.next).toEqual(['write b at 1'])
    await file.take().finish()
    expect(file.next).toEqual(['cut at 0'])
  })
})

describe('an assertion that does not hold', () => {
  it('ends the log: nothing that waits is acknowledged, and nothing more is taken', async () => {
    const file = new HeldFile()
    const { queue, push, seen } = queueOn(file, { onVisible: () => raise('a broken promise') })
    void push('a')
    void push('b')
    await endOfTurn()
    await file.take().finish()
    expect(seen).toEqual(['a bug: Error: a broken promise', 'refused a', 'refused b'])
    expect(() =>
      queue.push({ target: file, position: 1, bytes: Buffer.from('c'), baseOffset: 1, endOffset: 2, undo() {}, settled() {} }),
    ).toThrow('after a failure')
  })
})

describe('a duplicate of an append in flight', () => {
  it('is done when the original is', async () => {
    const file = new HeldFile()
    const { queue, push } = queueOn(file)
    void push('a')
    await endOfTurn()
    const settled: (Refusal | undefined)[] = []
    queue.whenSettled(0, (refusal) => settled.push(refusal))
    await settle(() => undefined)
    expect(settled).toEqual([])
    await file.take().finish()
    expect(settled).toEqual([undefined])
  })

  it('is refused when the original is', async () => {
    const file = new HeldFile()
    const { queue, push } = queueOn(file)
    void push('a')
    await endOfTurn()
    const settled: (Refusal | undefined)[] = []
    queue.whenSettled(0, (refusal) => settled.push(refusal))
    await file.take().fail('EIO')
    await file.take().finish()
    expect(settled).toEqual([expect.objectContaining({ error: 'KAFKA_STORAGE_ERROR' })])
  })
})

function raise(code: string): never {
  throw Object.assign(new Error(code), { code })
}
