// How members come into a classic group.

import { describe, expect, it } from 'vitest'
import { errorName } from '../../../src/wire/error-codes.ts'
import { openServices } from '../../support/test-services.ts'
import { ClassicTestMember, formGroup, REBALANCE_MS, settled, syncAll } from './classic-member.ts'

describe('the first member of a group', () => {
  it('is given its id before it may join, and nobody waits for it (KIP-394)', async () => {
    const services = await openServices()
    const member = new ClassicTestMember(services)
    const answer = await member.joinOnce()
    expect([errorName(answer.errorCode), answer.generationId]).toEqual(['MEMBER_ID_REQUIRED', -1])
    expect(answer.memberId).toMatch(/^test-.{22}/)
  })

  it.each([0, 3])('joins at once with version %i, whose clients know nothing of that', async (version) => {
    const services = await openServices()
    const member = new ClassicTestMember(services)
    const joined = member.joinOnce({}, version)
    await settled()
    services.clock.advance(3000)
    expect(await joined).toMatchObject({ errorCode: 0, generationId: 1, leader: member.memberId, protocolName: 'range' })
  })

  it('waits for group.initial.rebalance.delay.ms, and leads generation 1', async () => {
    const services = await openServices()
    const member = new ClassicTestMember(services)
    let isIn = false
    const joined = member.join().finally(() => (isIn = true))
    await settled()
    services.clock.advance(2999)
    await settled()
    expect(isIn).toBe(false)
    services.clock.advance(1)
    expect(await joined).toMatchObject({ errorCode: 0, generationId: 1, protocolType: 'consumer', leader: member.memberId })
    expect((await joined).members.map(({ memberId, metadata }) => [memberId, metadata.toString()])).toEqual([[member.memberId, 'metadata']])
  })
})

describe('members of an empty group', () => {
  it('are awaited as long again when one has come, but no longer than the rebalance timeout', async () => {
    const services = await openServices()
    const members = Array.from({ length: 30 }, () => new ClassicTestMember(services))
    const joined = []
    for (const member of members) {
      joined.push(member.join({ rebalanceTimeoutMs: 10_000 }))
      await settled()
      services.clock.advance(1000)
    }
    await settled()
    const { members: together } = await joined[0]!
    expect(together.length).toBe(10)
  })

  it('get the same generation, and each its own assignment', async () => {
    const services = await openServices()
    const members = [1, 2, 3].map(() => new ClassicTestMember(services))
    await formGroup(members)
    expect(members.map(({ generationId }) => generationId)).toEqual([1, 1, 1])
    expect(await syncAll(members)).toEqual(members.map(({ memberId }) => `for ${memberId}`))
    expect(await Promise.all(members.map((member) => member.heartbeat()))).toEqual(['NONE', 'NONE', 'NONE'])
  })
})

describe('a member that joins a stable group', () => {
  it('has the others rejoin, and all get the next generation once they have', async () => {
    const services = await openServices()
    const [first, second] = [new ClassicTestMember(services), new ClassicTestMember(services)]
    await formGroup([first])
    const joined = second.join()
    await settled()
    expect(await first.heartbeat()).toBe('REBALANCE_IN_PROGRESS')
    const rejoined = await first.join()
    expect([rejoined.generationId, rejoined.members.length, (await joined).generationId]).toEqual([2, 2, 2])
    expect((await joined).members).toEqual([])
  })

  it('goes on without those that do not rejoin within the rebalance timeout', async () => {
    const services = await openServices()
    const [first, second] = [new ClassicTestMember(services), new ClassicTestMember(services)]
    await formGroup([first])
    const joined = second.join()
    await settled()
    for (let passed = 0; passed < REBALANCE_MS; passed += 5000) {
      await first.heartbeat() // it is alive, and will not rejoin
      services.clock.advance(5000)
    }
    expect((await joined).members.map(({ memberId }) => memberId)).toEqual([second.memberId])
    expect(await first.heartbeat()).toBe('UNKNOWN_MEMBER_ID')
  })
})
