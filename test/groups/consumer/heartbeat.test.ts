// Members of a consumer group join, share the partitions, and leave: seen through ConsumerGroupHeartbeat.

import { beforeEach, describe, expect, it } from 'vitest'
import { openServices, type TestServices } from '../../support/test-services.ts'
import { ASSIGNMENT_INTERVAL_MS, describedGroup, PlayedMember } from './group-clients.ts'

let services: TestServices
let [a, b] = [] as unknown as [PlayedMember, PlayedMember]

beforeEach(async () => {
  services = await openServices()
  await services.createTopic('orders', 4)
  a = new PlayedMember(services, 'a')
  b = new PlayedMember(services, 'b')
})

describe('the first member', () => {
  it('gets everything with its first heartbeat', async () => {
    await a.join(['orders'])
    expect([a.epoch, a.has]).toEqual([2, { orders: [0, 1, 2, 3] }])
  })

  it('is told its part once', async () => {
    await a.join(['orders'])
    expect((await a.send({})).assignment).toBeNull()
  })
})

describe('a second member', () => {
  beforeEach(async () => {
    await a.join(['orders'])
    await b.join(['orders'])
  })

  it('waits until the assignment is due', async () => {
    await b.beat()
    expect([b.epoch, b.has, (await describedGroup(services)).groupState]).toEqual([2, {}, 'Assigning'])
  })

  it('gets its part when the first one has given it up, and not before', async () => {
    services.clock.advance(ASSIGNMENT_INTERVAL_MS)
    await b.beat()
    expect([b.epoch, b.has]).toEqual([3, {}])
    await a.beat()
    expect([a.epoch, a.has]).toEqual([2, { orders: [0, 1] }])
    await a.beat() // it does not say that it has given up the others
    await b.beat()
    expect(b.has).toEqual({})
    await a.report()
    expect(a.epoch).toBe(3)
    await b.beat()
    expect([b.epoch, b.has, (await describedGroup(services)).groupState]).toEqual([3, { orders: [2, 3] }, 'Stable'])
  })
})
