// A group that was read back from `__consumer_offsets`, as after a restart of the broker.

import { describe, expect, it } from 'vitest'
import { errorName } from '../../../src/wire/error-codes.ts'
import { describeGroups } from '../../../src/wire/messages/describe-groups.ts'
import { openServices, type TestServices } from '../../support/test-services.ts'
import { ClassicTestMember, formGroup, SESSION_MS, settled, syncAll } from './classic-member.ts'

const reload = async ({ groups }: TestServices) => groups.reloaded(await groups.shardOf('g'))

async function stable(...instances: (string | null)[]): Promise<[TestServices, ClassicTestMember[]]> {
  const services = await openServices()
  const members = instances.map((groupInstanceId) => new ClassicTestMember(services, { groupInstanceId }))
  await formGroup(members)
  return [services, members]
}

const described = async (services: TestServices) => (await services.ask(describeGroups, 6, { groups: ['g'] })).groups[0]!

describe('a stable group that was read back', () => {
  it('is as it was: members, what they sent, generation, assignments', async () => {
    const [services, [first, second]] = await stable(null, 'static')
    const before = await described(services)
    await reload(services)
    expect(await described(services)).toEqual(before)
    expect([await first!.heartbeat(), await second!.heartbeat()]).toEqual(['NONE', 'NONE'])
    expect(await syncAll([first!, second!])).toEqual([`for ${first!.memberId}`, `for ${second!.memberId}`])
  })

  it('gives its members a session from then on, and puts out who is not heard of', async () => {
    const [services, [first, second]] = await stable(null, null)
    services.clock.advance(SESSION_MS - 1)
    await reload(services)
    services.clock.advance(SESSION_MS - 1)
    expect(await first!.heartbeat()).toBe('NONE')
    services.clock.advance(1)
    expect([await first!.heartbeat(), await second!.heartbeat()]).toEqual(['REBALANCE_IN_PROGRESS', 'UNKNOWN_MEMBER_ID'])
  })

  it('knows a static member that restarted before', async () => {
    const [services, [, second]] = await stable(null, 'static')
    const restarted = new ClassicTestMember(services, { groupInstanceId: 'static' })
    await restarted.join()
    await reload(services)
    expect([await restarted.heartbeat(), await second!.heartbeat()]).toEqual(['NONE', 'FENCED_INSTANCE_ID'])
  })

  it('has the assignment that its members were told, also when the leader sent another one meanwhile', async () => {
    const [services, [leader]] = await stable(null)
    const joining = leader!.join()
    await settled()
    await joining
    const synced = await Promise.all(['first', 'second'].map((text) => leader!.sync({ [leader!.memberId]: text })))
    const told = synced.filter(({ errorCode }) => errorCode === 0).map(({ assignment }) => assignment.toString())
    await reload(services)
    const { members } = await described(services)
    expect([told, members[0]!.memberAssignment.toString()]).toEqual([['first'], 'first'])
  })

  it('refuses those who waited, and they find it as it was', async () => {
    const [services, [first, second]] = await stable(null, null)
    const joining = first!.join()
    await settled()
    await reload(services)
    expect(errorName((await joining).errorCode)).toBe('NOT_COORDINATOR')
    expect(await second!.heartbeat()).toBe('NONE')
  })
})

describe('an empty group that was read back', () => {
  it('is empty since when its last member left, and goes on with the next generation', async () => {
    const [services, [member]] = await stable(null)
    await member!.leave()
    const since = services.clock.now()
    await settled()
    services.clock.advance(1_000_000)
    await reload(services)
    expect((await services.groups.group('g')).emptySinceMs).toBe(since)
    const next = new ClassicTestMember(services)
    await formGroup([next])
    expect(next.generationId).toBe(3)
  })
})
