// Members with a group.instance.id (KIP-345): they come back without anybody noticing.

import { describe, expect, it } from 'vitest'
import { errorName } from '../../../src/wire/error-codes.ts'
import { openServices, type TestServices } from '../../support/test-services.ts'
import { ClassicTestMember, formGroup, REBALANCE_MS, SESSION_MS, settled } from './classic-member.ts'

async function pair(): Promise<[TestServices, ClassicTestMember, ClassicTestMember]> {
  const services = await openServices()
  const members = ['a', 'b'].map((groupInstanceId) => new ClassicTestMember(services, { groupInstanceId })) as [
    ClassicTestMember,
    ClassicTestMember,
  ]
  await formGroup(members)
  return [services, ...members]
}

describe('a static member', () => {
  it('joins without being given an id first', async () => {
    const services = await openServices()
    const member = new ClassicTestMember(services, { groupInstanceId: 'a' })
    const joining = member.joinOnce()
    await settled()
    services.clock.advance(3000)
    expect((await joining).errorCode).toBe(0)
    expect(member.memberId).toMatch(/^a-./)
  })

  it('that restarts has its assignment at once, in the same generation, and the one before it is fenced', async () => {
    const [services, first, second] = await pair()
    const restarted = new ClassicTestMember(services, { groupInstanceId: 'b' })
    expect(await restarted.join()).toMatchObject({ errorCode: 0, generationId: 1, skipAssignment: false, leader: first.memberId })
    expect((await restarted.sync()).assignment.toString()).toBe(`for ${second.memberId}`)
    expect([await first.heartbeat(), await second.heartbeat()]).toEqual(['NONE', 'FENCED_INSTANCE_ID'])
  })

  it('that leads and restarts is told the members, and that it need not assign', async () => {
    const [services, , second] = await pair()
    const restarted = new ClassicTestMember(services, { groupInstanceId: 'a' })
    const { skipAssignment, leader, members } = await restarted.join()
    expect([skipAssignment, leader === restarted.memberId, members.length]).toEqual([true, true, 2])
    expect(await second.heartbeat()).toBe('NONE')
  })

  it('that leads and restarts as a client of before KIP-814 takes itself for a follower', async () => {
    const [services, first] = await pair()
    const restarted = new ClassicTestMember(services, { groupInstanceId: 'a' })
    expect(await restarted.join({}, 8)).toMatchObject({ errorCode: 0, leader: first.memberId, members: [] })
  })

  it('whose metadata is too large by now is refused, and the one before it goes on', async () => {
    const [services, , second] = await pair()
    const restarted = new ClassicTestMember(services, { groupInstanceId: 'b', protocols: { range: 'x'.repeat(2_000_000) } })
    expect(errorName((await restarted.join()).errorCode)).toBe('UNKNOWN_SERVER_ERROR')
    expect(await second.heartbeat()).toBe('NONE')
  })

  it('that does not rejoin stays in the group for its session, so that it may be restarting', async () => {
    const [services, first, second] = await pair()
    const joining = first.join()
    await settled()
    for (let passed = 0; passed < REBALANCE_MS; passed += SESSION_MS / 2) {
      await second.heartbeat()
      services.clock.advance(SESSION_MS / 2)
    }
    expect((await joining).members).toHaveLength(2)
  })

  it('is removed by an administrator through its group instance id', async () => {
    const [, first, second] = await pair()
    const administrator = new ClassicTestMember(first.services, { groupInstanceId: 'b' })
    expect(await administrator.leave('is retired')).toBe('NONE')
    expect([await first.heartbeat(), await second.heartbeat()]).toEqual(['REBALANCE_IN_PROGRESS', 'UNKNOWN_MEMBER_ID'])
  })
})
