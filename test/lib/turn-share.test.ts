import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { TurnShare } from '../../src/lib/turn-share.ts'
import { ManualClock } from '../support/manual-clock.ts'

const SHARE_MS = 5
const SHORT_SHARE_MS = 0.5

/** Work of so many steps, each of which takes so long; what is done is noted by name. */
async function work(turnShare: TurnShare, clock: ManualClock, { name = '', steps = 1, stepMs = 1, done = [] as string[] }): Promise<void> {
  for (let step = 0; step < steps; step++) {
    const wait = turnShare.step()
    if (wait !== undefined) await wait
    clock.advance(stepMs)
    done.push(name)
  }
}

function newShare() {
  const clock = new ManualClock()
  return { clock, turnShare: new TurnShare(clock), done: [] as string[] }
}

describe('a share of a turn', () => {
  it('lets everybody go on as long as the turn is young', () => {
    const { clock, turnShare } = newShare()
    expect(turnShare.step()).toBeUndefined()
    clock.advance(SHARE_MS - 1)
    expect(turnShare.step()).toBeUndefined()
  })

  it('stops whoever works too long, until the next turn', async () => {
    const { clock, turnShare, done } = newShare()
    void work(turnShare, clock, { steps: 12, done })
    expect(done.length).toBe(SHARE_MS)
    await nextTurn()
    expect(done.length).toBe(2 * SHARE_MS)
  })

  it('is one for all: what one has used up another does not get', async () => {
    const { clock, turnShare, done } = newShare()
    for (let index = 0; index < 100; index++) void work(turnShare, clock, { done })
    expect(done.length).toBe(SHARE_MS)
    await nextTurn()
    expect(done.length).toBe(2 * SHARE_MS)
  })

  it('lets those go on first who have waited longest', async () => {
    const { clock, turnShare, done } = newShare()
    expect(turnShare.step()).toBeUndefined()
    clock.advance(SHARE_MS)
    for (const name of ['a', 'b', 'c']) void work(turnShare, clock, { name, stepMs: SHARE_MS, done })
    for (let turn = 0; turn < 4; turn++) await nextTurn()
    expect(done).toEqual(['a', 'b', 'c'])
  })

  it('is short in the turn in which somebody hurries and in the next, and then as long as ever', async () => {
    const { clock, turnShare, done } = newShare()
    turnShare.hurry()
    void work(turnShare, clock, { steps: 100, stepMs: 0.25, done })
    const inOneTurn = SHORT_SHARE_MS / 0.25
    expect(done.length).toBe(inOneTurn)
    await nextTurn()
    expect(done.length).toBe(2 * inOneTurn)
    await nextTurn()
    expect(done.length).toBe(2 * inOneTurn + SHARE_MS / 0.25)
  })

  it('does what is put off in a later turn, as much as there is time for', async () => {
    const { clock, turnShare, done } = newShare()
    for (const name of ['a', 'b', 'c'])
      turnShare.later(() => {
        done.push(name)
        clock.advance(name === 'b' ? SHARE_MS : 0)
      })
    expect(done).toEqual([])
    await nextTurn()
    expect(done).toEqual(['a', 'b'])
    await nextTurn()
    expect(done).toEqual(['a', 'b', 'c'])
  })

  it('counts what follows from promises, however many, before the next one goes on', async () => {
    const { clock, turnShare, done } = newShare()
    const later = async (name: string): Promise<void> => {
      for (let hop = 0; hop < 20; hop++) await Promise.resolve()
      clock.advance(SHARE_MS)
      done.push(name)
    }
    for (const name of ['a', 'b']) turnShare.later(() => void later(name))
    await nextTurn()
    expect(done).toEqual(['a'])
  })

  it('comes to all in the end', async () => {
    const { clock, turnShare, done } = newShare()
    await Promise.all(Array.from({ length: 50 }, (_, index) => work(turnShare, clock, { name: String(index), steps: 3, stepMs: 2, done })))
    expect(done.length).toBe(150)
  })

  it('works on a few without a promise, and on many in steps', async () => {
    const { clock, turnShare } = newShare()
    const done: number[] = []
    const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index)
    expect(turnShare.inSteps(numbers(64), (one) => done.push(one))).toBeUndefined()
    expect(done.length).toBe(64)
    let turn = 0
    setImmediate(() => turn++)
    const turns: number[] = []
    await turnShare.inSteps(numbers(150), (_, index) => {
      clock.advance(SHARE_MS)
      turns[index] = turn
    })
    expect(turns).toEqual(numbers(150).map((index) => (index < 128 ? 0 : 1)))
  })

  it('rejects with what is thrown on the way', async () => {
    const { turnShare } = newShare()
    const work = (_: unknown, index: number): void => {
      if (index === 100) throw new Error('a bug')
    }
    await expect(turnShare.inSteps(Array.from({ length: 200 }), work)).rejects.toThrow('a bug')
  })

  it('goes through the steps of a generator, as many in a turn as there is time for', async () => {
    const { clock, turnShare, done } = newShare()
    function* steps(): Generator<void, string> {
      for (const name of ['a', 'b', 'c']) {
        done.push(name)
        clock.advance(name === 'b' ? SHARE_MS : 1)
        yield
      }
      return 'all'
    }
    const all = turnShare.through(steps())
    expect(done).toEqual(['a', 'b'])
    expect(await all).toBe('all')
    expect(done).toEqual(['a', 'b', 'c'])
  })

  it('works on so many at once, each in its turn, and answers all in order', async () => {
    const { clock, turnShare, done } = newShare()
    let underWay = 0
    const most: number[] = []
    const worked = turnShare.each(['a', 'b', 'c', 'd', 'e'], 2, async (name) => {
      done.push(name)
      most.push(++underWay)
      clock.advance(SHARE_MS)
      await nextTurn()
      underWay--
      return name.toUpperCase()
    })
    expect(done).toEqual(['a'])
    expect(await worked).toEqual(['A', 'B', 'C', 'D', 'E'])
    expect(done).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(Math.max(...most)).toBe(2)
  })

  it('tells of the first failure, after it has worked on all', async () => {
    const { clock, turnShare, done } = newShare()
    const worked = turnShare.each(['a', 'b', 'c'], 1, async (name) => {
      done.push(name)
      clock.advance(SHARE_MS)
      if (name !== 'c') throw new Error(`${name} failed`)
    })
    await expect(worked).rejects.toThrow('a failed')
    expect(done).toEqual(['a', 'b', 'c'])
  })
})
