import { describe, expect, it } from 'vitest'
import { type DeadlineKind, Deadlines } from '../../src/groups/deadlines.ts'
import { ManualClock } from '../support/manual-clock.ts'

const SESSION_MS = 6000

function watched(): { clock: ManualClock; deadlines: Deadlines; missed: (readonly [string, DeadlineKind])[] } {
  const clock = new ManualClock()
  const missed: (readonly [string, DeadlineKind])[] = []
  const deadlines = new Deadlines(clock, (memberId, kind) => missed.push([memberId, kind]))
  return { clock, deadlines, missed }
}

describe('the deadlines of members', () => {
  it('are missed at their time, once, and the earliest of a member first', () => {
    const { clock, deadlines, missed } = watched()
    deadlines.set('a', 'session', SESSION_MS)
    deadlines.set('a', 'revocation', 2000)
    deadlines.set('b', 'session', SESSION_MS)
    clock.advance(1999)
    expect(missed).toEqual([])
    clock.advance(1)
    expect(missed).toEqual([['a', 'revocation']])
    clock.advance(60_000)
    expect(missed).toEqual([
      ['a', 'revocation'],
      ['b', 'session'],
    ])
    expect(clock.pendingTimerCount).toBe(0)
  })

  it('are put off without a timer each', () => {
    const { clock, deadlines, missed } = watched()
    for (let beat = 0; beat < 10; beat++) {
      deadlines.set('a', 'session', SESSION_MS)
      expect(clock.pendingTimerCount).toBe(1)
      clock.advance(SESSION_MS - 1)
    }
    expect(missed).toEqual([])
    clock.advance(1)
    expect(missed).toEqual([['a', 'session']])
  })
})

describe('a broker that was stopped for longer than a session', () => {
  it('hears first what its members said meanwhile', () => {
    const { clock, deadlines, missed } = watched()
    deadlines.set('a', 'session', SESSION_MS)
    deadlines.set('b', 'session', SESSION_MS)
    clock.stall(SESSION_MS + 10_000)
    clock.advance(0)
    deadlines.set('a', 'session', SESSION_MS) // its heartbeat was waiting to be read
    clock.advance(SESSION_MS - 1)
    expect(missed).toEqual([])
    clock.advance(1)
    expect(missed).toEqual([['a', 'session']])
    clock.advance(10_000 - SESSION_MS)
    expect(missed).toEqual([
      ['a', 'session'],
      ['b', 'session'],
    ])
  })

  it('waits for the others as much longer as it was late, and once only', () => {
    const { clock, deadlines, missed } = watched()
    deadlines.set('a', 'session', SESSION_MS)
    clock.stall(SESSION_MS + 3000)
    clock.advance(2999)
    expect(missed).toEqual([])
    clock.stall(5000)
    clock.advance(0)
    expect(missed).toEqual([['a', 'session']])
  })

  it('has an excuse again for who was heard of since', () => {
    const { clock, deadlines, missed } = watched()
    deadlines.set('a', 'session', SESSION_MS)
    for (let time = 0; time < 3; time++) {
      clock.stall(SESSION_MS + 10_000)
      clock.advance(0)
      deadlines.set('a', 'session', SESSION_MS)
    }
    expect(missed).toEqual([])
  })

  it('knows no excuse where it was late by no more than a busy event loop is', () => {
    const { clock, deadlines, missed } = watched()
    deadlines.set('a', 'session', SESSION_MS)
    clock.stall(SESSION_MS + 1000)
    clock.advance(0)
    expect(missed).toEqual([['a', 'session']])
  })
})
