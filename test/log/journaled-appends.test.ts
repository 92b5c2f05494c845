import { describe, expect, it } from 'vitest'
import { endOfTurn, HeldFile, HeldJournal, queueOn } from '../support/held-queue.ts'

describe('appends that a journal makes durable', () => {
  function journaled() {
    const [file, journal] = [new HeldFile(), new HeldJournal()]
    return { file, journal, ...queueOn(file, { durability: 'fsync', journal }) }
  }

  it('are visible once they are in it, and their file is not synced', async () => {
    const { file, journal, queue, push, seen } = journaled()
    void push('a')
    await endOfTurn()
    await file.take().finish()
    expect([journal.asked, seen, file.next]).toEqual([['a'], [], []])
    await journal.finish()
    expect([seen, queue.highWatermark, queue.recoveryPoint]).toEqual([['visible a', 'done a'], 1, 0])
  })

  it('are written on while earlier ones are on their way to it', async () => {
    const { file, journal, push, seen } = journaled()
    void push('a')
    await endOfTurn()
    await file.take().finish()
    void push('b')
    await endOfTurn()
    await file.take().finish()
    expect(journal.asked).toEqual(['a', 'b'])
    await journal.finish()
    await journal.finish()
    expect(seen).toEqual(['visible a', 'done a', 'visible b', 'done b'])
  })

  it('are undone when it has no room for them, with all that follow, and later ones are taken', async () => {
    const { file, journal, queue, push, seen } = journaled()
    void push('a')
    await endOfTurn()
    await file.take().finish()
    void push('b')
    await endOfTurn()
    await journal.fail('ENOSPC')
    await file.take().finish() // the write of b
    await endOfTurn()
    expect(file.next).toEqual(['cut at 0'])
    await file.take().finish()
    expect(seen).toEqual(['undo b', 'undo a', 'failed', 'refused a', 'refused b'])
    void push('c')
    await endOfTurn()
    await file.take().finish()
    await journal.finish()
    expect([seen.slice(5), queue.highWatermark]).toEqual([['visible c', 'done c'], 1])
  })

  it('are not taken for synced when they were undone while a sync was under way, nor is what comes in their place', async () => {
    const { file, journal, queue, push } = journaled()
    void push('a')
    await endOfTurn()
    await file.take().finish()
    const synced = queue.syncWritten()
    expect(file.next).toEqual(['sync'])
    const sync = file.take()
    await journal.fail('ENOSPC')
    await endOfTurn()
    await file.take().finish() // the cut
    void push('b')
    await endOfTurn()
    await file.take().finish()
    await sync.finish()
    expect([queue.recoveryPoint, queue.highWatermark, file.next]).toEqual([0, 0, ['sync']])
    await file.take().finish()
    await synced
    expect([queue.recoveryPoint, queue.highWatermark]).toEqual([1, 1])
  })

  it('are synced with their file where the journal is not for them, and go to it again after that', async () => {
    const { file, journal, queue, push, seen } = journaled()
    journal.isFor = () => false
    void push('a')
    await endOfTurn()
    await file.take().finish()
    expect([journal.asked, file.next]).toEqual([[], ['sync']])
    journal.isFor = () => true
    void push('b')
    await endOfTurn()
    expect(file.next).toEqual(['sync'])
    await file.take().finish()
    await file.take().finish() // the write of b
    expect([journal.asked, seen, queue.recoveryPoint]).toEqual([['b'], ['visible a', 'done a'], 1])
  })

  it('are synced behind it, whenever there is enough', async () => {
    const { file, journal, queue, push } = journaled()
    for (const letter of ['a', 'b']) {
      void push(letter.repeat(1 << 18))
      await endOfTurn()
      await file.take().finish()
      expect(file.next).toEqual(letter === 'a' ? [] : ['sync'])
    }
    await file.take().finish()
    expect([journal.asked.length, queue.recoveryPoint, queue.highWatermark]).toEqual([2, 2, 2])
    void push('c')
    await endOfTurn()
    await file.take().finish()
    expect([file.next, journal.asked.length]).toEqual([[], 3])
  })

  it('fail for good when it does', async () => {
    const { file, journal, queue, push, seen } = journaled()
    void push('a')
    await endOfTurn()
    await file.take().finish()
    await journal.fail('EIO')
    expect([seen, queue.failure]).toEqual([['undo a', 'failed for good', 'refused a'], 'EIO'])
  })

  it('wait for a sync of what was written in another mode before', async () => {
    const { file, journal, queue, push, seen } = journaled()
    queue.settings = { durability: 'os', flushMessages: Number.MAX_SAFE_INTEGER }
    void push('a')
    await endOfTurn()
    await file.take().finish()
    queue.settings = { durability: 'fsync', flushMessages: Number.MAX_SAFE_INTEGER }
    expect(file.next).toEqual(['sync'])
    void push('b')
    await endOfTurn()
    expect(file.next).toEqual(['sync'])
    await file.take().finish()
    await endOfTurn()
    await file.take().finish()
    expect(journal.asked).toEqual(['b'])
    await journal.finish()
    expect(seen).toEqual(['visible a', 'done a', 'visible b', 'done b'])
  })
})
