// Who may not go on: members that are too late, too old, or replaced; and that nobody else is disturbed by them.

import { describe, expect, it } from 'vitest'
import { errorName } from '../../../src/wire/error-codes.ts'
import { describeGroups } from '../../../src/wire/messages/describe-groups.ts'
import { openServices, type TestServices } from '../../support/test-services.ts'
import { ClassicTestMember, formGroup, REBALANCE_MS, SESSION_MS, settled, syncAll } from './classic-member.ts'

async function reasons(services: TestServices): Promise<string[]> {
  const { groups } = await services.ask(describeGroups, 6, { groups: ['g'], includeHistory: true })
  return groups[0]!.history.map(({ kind, reason }) => `${kind}: ${reason}`)
}

async function stablePair(flags = {}): Promise<[TestServices, ClassicTestMember, ClassicTestMember]> {
  const services = await openServices(flags)
  const [first, second] = [new ClassicTestMember(services), new ClassicTestMember(services)]
  await formGroup([first, second])
  return [services, first, second]
}

/** Both rejoin: a rebalance that the first has begun. */
async function rejoinBoth(first: ClassicTestMember, second: ClassicTestMember): Promise<void> {
  const joining = first.join()
  await settled()
  await Promise.all([joining, second.join()])
}

describe('a silent member', () => {
  it('is out when its session is over, and the history says why', async () => {
    const [services, first, second] = await stablePair()
    for (let passed = 0; passed < SESSION_MS; passed += 1000) {
      expect(await first.heartbeat()).toBe('NONE')
      services.clock.advance(1000)
    }
    expect(await first.heartbeat()).toBe('REBALANCE_IN_PROGRESS')
    expect(await second.heartbeat()).toBe('UNKNOWN_MEMBER_ID')
    expect(await reasons(services)).toContain('expired: session timed out after 10 s')
  })

  it('is not out as long as it sends heartbeats, however long that is', async () => {
    const [services, first, second] = await stablePair()
    for (let passed = 0; passed < 20 * SESSION_MS; passed += SESSION_MS - 1) {
      expect([await first.heartbeat(), await second.heartbeat()]).toEqual(['NONE', 'NONE'])
      services.clock.advance(SESSION_MS - 1)
    }
  })

  it('has one timer at most, whatever it sends', async () => {
    const [services, first, second] = await stablePair()
    await syncAll([first, second])
    const before = services.clock.pendingTimerCount
    for (let count = 0; count < 100; count++) await first.heartbeat()
    expect(services.clock.pendingTimerCount).toBe(before)
  })

  it('that was given an id and does not come back with it holds up nobody for longer than its session', async () => {
    const [services, first, second] = await stablePair()
    const third = new ClassicTestMember(services)
    await third.joinOnce()
    expect(await first.heartbeat()).toBe('NONE')
    const joining = [first.join(), second.join()]
    await settled()
    services.clock.advance(SESSION_MS - 1)
    expect((await services.groups.group('g')).state).toBe('PreparingRebalance')
    services.clock.advance(1)
    expect((await Promise.all(joining)).map(({ errorCode }) => errorCode)).toEqual([0, 0])
    expect(errorName((await third.joinOnce()).errorCode)).toBe('UNKNOWN_MEMBER_ID')
  })
})

describe('a member that joins and never syncs', () => {
  it('is out after the rebalance timeout, though it sends heartbeats', async () => {
    const [services, first, second] = await stablePair()
    await rejoinBoth(first, second)
    await first.sync()
    for (let passed = 0; passed < REBALANCE_MS; passed += 5000) {
      expect([await first.heartbeat(), await second.heartbeat()]).toEqual(['NONE', 'NONE'])
      services.clock.advance(5000)
    }
    expect([await first.heartbeat(), await second.heartbeat()]).toEqual(['REBALANCE_IN_PROGRESS', 'UNKNOWN_MEMBER_ID'])
    expect(await reasons(services)).toContain('expired: joined, and did not ask for its assignment within 60 s')
  })
})

describe('a leader that joins and never syncs', () => {
  it('leaves the others waiting until its session is over, which begins when it was let in; then another one leads', async () => {
    const [services, first, second] = await stablePair()
    const joining = first.join()
    await settled()
    for (let passed = 0; passed < 3 * SESSION_MS; passed += SESSION_MS / 2) {
      await second.heartbeat()
      services.clock.advance(SESSION_MS / 2)
    }
    await Promise.all([joining, second.join()])
    const syncing = second.sync()
    await settled()
    services.clock.advance(SESSION_MS)
    expect(errorName((await syncing).errorCode)).toBe('REBALANCE_IN_PROGRESS')
    expect((await second.join()).leader).toBe(second.memberId)
  })
})

describe('an old generation', () => {
  it('may neither sync nor send heartbeats, and its sync changes nothing', async () => {
    const [, first, second] = await stablePair()
    await rejoinBoth(first, second)
    const old = { generationId: first.generationId - 1 }
    expect(await first.heartbeat(old)).toBe('ILLEGAL_GENERATION')
    expect(errorName((await first.sync({ [first.memberId]: 'old' }, old)).errorCode)).toBe('ILLEGAL_GENERATION')
    expect(await syncAll([first, second])).toEqual([`for ${first.memberId}`, `for ${second.memberId}`])
  })
})

describe('an assignment that does not fit into a batch of __consumer_offsets', () => {
  it('is refused to those who wait for it, and the group rebalances', async () => {
    const [, first, second] = await stablePair()
    await rejoinBoth(first, second)
    const synced = [second.sync(), first.sync({ [first.memberId]: 'x'.repeat(2_000_000) })]
    expect((await Promise.all(synced)).map(({ errorCode }) => errorName(errorCode))).toEqual([
      'UNKNOWN_SERVER_ERROR',
      'UNKNOWN_SERVER_ERROR',
    ])
    expect(await second.heartbeat()).toBe('REBALANCE_IN_PROGRESS')
    await rejoinBoth(first, second)
    expect(await syncAll([first, second])).toEqual([`for ${first.memberId}`, `for ${second.memberId}`])
  })
})

describe('a group of group.max.size', () => {
  it('turns others away, and its members are not disturbed', async () => {
    const [services, first, second] = await stablePair({ 'group.max.size': 2 })
    const third = new ClassicTestMember(services)
    expect(await third.joinOnce()).toMatchObject({ errorCode: 81, memberId: '' })
    expect([await first.heartbeat(), await second.heartbeat()]).toEqual(['NONE', 'NONE'])
  })
})

describe('a member that leaves', () => {
  it('says why, and the others rebalance at once', async () => {
    const [services, first, second] = await stablePair()
    expect(await second.leave('the consumer is being closed')).toBe('NONE')
    expect((await first.join()).members).toHaveLength(1)
    expect(await reasons(services)).toEqual(
      expect.arrayContaining(['left: the consumer is being closed', 'rebalance: a member left: the consumer is being closed']),
    )
  })

  it('while it waits is told that it is unknown', async () => {
    const [, first, second] = await stablePair()
    await rejoinBoth(first, second)
    const syncing = second.sync()
    await settled()
    expect(await second.leave()).toBe('NONE')
    expect(errorName((await syncing).errorCode)).toBe('UNKNOWN_MEMBER_ID')
  })
})

describe('a request that waits', () => {
  it('is refused when the broker stops', async () => {
    const [services, first] = await stablePair()
    const joining = first.join()
    await settled()
    await services.groups.close()
    expect(errorName((await joining).errorCode)).toBe('COORDINATOR_NOT_AVAILABLE')
  })

  it('is answered as soon as its member asks again on another connection', async () => {
    const [, first, second] = await stablePair()
    const [joining, again] = [first.join(), first.join()]
    expect(errorName((await joining).errorCode)).toBe('REBALANCE_IN_PROGRESS')
    await second.join()
    expect((await again).errorCode).toBe(0)
  })
})
