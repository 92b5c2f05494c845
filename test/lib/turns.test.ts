import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { Turns } from '../../src/lib/turns.ts'

/** Starts `count` pieces of work; what has begun is noted by number. */
function work(turns: Turns, count: number): readonly number[] {
  const begun: number[] = []
  for (let number = 0; number < count; number++) {
    const wait = turns.take()
    if (wait === undefined) begun.push(number)
    else void wait.then(() => begun.push(number))
  }
  return begun
}

describe('turns', () => {
  it('let a few through at once', () => {
    expect(work(new Turns(3), 3)).toEqual([0, 1, 2])
  })

  it('let as many through in each turn of the event loop, in order', async () => {
    const begun = work(new Turns(3), 8)
    expect(begun).toEqual([0, 1, 2])
    await nextTurn()
    expect(begun).toEqual([0, 1, 2, 3, 4, 5])
    await nextTurn()
    expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })

  it('let nobody pass those who wait', async () => {
    const turns = new Turns(3)
    const first = work(turns, 5)
    await nextTurn()
    const second = work(turns, 2)
    expect([first, second]).toEqual([[0, 1, 2, 3, 4], [0]])
    await nextTurn()
    expect(second).toEqual([0, 1])
  })

  it('forget, when nobody waits, what earlier turns let through', async () => {
    const turns = new Turns(3)
    work(turns, 3)
    await nextTurn()
    expect(work(turns, 3)).toEqual([0, 1, 2])
  })
})
