// Members of a consumer group join, share the partitions, are fenced off and leave: seen through ConsumerGroupHeartbeat.

import { beforeEach, describe, expect, it } from 'vitest'
import { errorName } from '../../../src/wire/error-codes.ts'
import { openServices, type TestServices } from '../../support/test-services.ts'
import { ASSIGNMENT_INTERVAL_MS, describedGroup, PlayedMember, SESSION_TIMEOUT_MS } from './group-clients.ts'

let services: TestServices
let a: PlayedMember
let b: PlayedMember

async function open(flags: Record<string, string | number> = {}): Promise<void> {
  services = await openServices({ 'offsets.topic.num.partitions': 1, ...flags })
  await services.createTopic('orders', 4)
  await services.createTopic('users', 2)
  a = new PlayedMember(services, 'a')
  b = new PlayedMember(services, 'b')
}

/** Both have joined and have what they are to have: a orders 0 and 1, b orders 2 and 3. */
async function share(): Promise<void> {
  await a.join(['orders'])
  await b.join(['orders'])
  services.clock.advance(ASSIGNMENT_INTERVAL_MS)
  for (const member of [b, a, a, b]) await member.report()
}

const memberIds = async (): Promise<string[]> => (await describedGroup(services)).members.map(({ memberId }) => memberId)
const state = async (): Promise<string> => (await describedGroup(services)).groupState

beforeEach(() => open())

describe('the first member', () => {
  it('gets everything with its first heartbeat', async () => {
    await a.join(['orders'])
    expect([a.epoch, a.has, await state()]).toEqual([2, { orders: [0, 1, 2, 3] }, 'Stable'])
  })

  it('is told its part once, and again when it says everything of itself', async () => {
    await a.join(['orders'])
    expect((await a.send({})).assignment).toBeNull()
    const everything = { subscribedTopicNames: ['orders'], rebalanceTimeoutMs: 60_000, topicPartitions: a.owned }
    expect((await a.send(everything)).assignment).not.toBeNull()
  })

  it('gets its id from the broker when it is of the first version, and has none', async () => {
    const nameless = new PlayedMember(services, '')
    const join = { memberEpoch: 0, subscribedTopicNames: ['orders'], rebalanceTimeoutMs: 1000, topicPartitions: [] }
    const { memberId } = await nameless.send(join, 0)
    expect(memberId).toMatch(/^[\w-]{22}$/)
    expect(await memberIds()).toEqual([memberId])
  })

  it('is told how often to come', async () => {
    await a.join(['orders'])
    expect((await a.send({})).heartbeatIntervalMs).toBe(5000)
  })

  it('may be subscribed to nothing, and to what is not there', async () => {
    await a.join([])
    await b.join(['nowhere'])
    services.clock.advance(ASSIGNMENT_INTERVAL_MS)
    for (const member of [a, b]) await member.beat()
    expect([a.has, b.has, await state()]).toEqual([{}, {}, 'Stable'])
  })
})

describe('a heartbeat that brings nothing new', () => {
  it('writes nothing', async () => {
    await share()
    const { shard, endOffset } = await logEnd()
    for (const member of [a, b, a]) await member.beat()
    expect((await logEnd()).endOffset).toBe(endOffset)
    expect(shard.failure).toBeUndefined()
  })
})

async function logEnd() {
  const shard = await services.groups.shardOf('group')
  await shard.idle()
  const { highWatermark: endOffset } = await services.records.bounds(services.catalog.byName('__consumer_offsets').id, 0)
  return { shard, endOffset }
}

describe('a second member', () => {
  beforeEach(async () => {
    await a.join(['orders'])
    await b.join(['orders'])
  })

  it('waits until an assignment is due', async () => {
    await b.beat()
    expect([b.epoch, b.has, await state()]).toEqual([2, {}, 'Assigning'])
  })

  it('gets its part when the first one has given it up, and not before', async () => {
    services.clock.advance(ASSIGNMENT_INTERVAL_MS)
    await b.beat()
    expect([b.epoch, b.has, await state()]).toEqual([3, {}, 'Reconciling'])
    await a.beat()
    expect([a.epoch, a.has]).toEqual([2, { orders: [0, 1] }])
    await a.beat() // it does not say that it has given up the others
    await a.beat({ topicPartitions: [{ topicId: services.catalog.byName('orders').id, partitions: [0, 1, 3] }] }) // it has not
    await b.beat()
    expect([a.epoch, b.has]).toEqual([2, {}])
    await a.report()
    expect(a.epoch).toBe(3)
    await b.beat()
    expect([b.epoch, b.has, await state()]).toEqual([3, { orders: [2, 3] }, 'Stable'])
  })

  it('gets its part when the first one does not give it up within its rebalance timeout', async () => {
    services.clock.advance(ASSIGNMENT_INTERVAL_MS)
    await a.beat()
    for (let passedMs = 0; passedMs < 60_000; passedMs += 20_000) {
      services.clock.advance(20_000)
      await b.beat()
      if (passedMs < 40_000) await a.beat()
    }
    expect(await a.refused()).toBe('UNKNOWN_MEMBER_ID')
    services.clock.advance(ASSIGNMENT_INTERVAL_MS)
    await b.beat()
    expect([b.has, await memberIds()]).toEqual([{ orders: [0, 1, 2, 3] }, ['b']])
  })

  it('gets everything when the first one leaves', async () => {
    services.clock.advance(ASSIGNMENT_INTERVAL_MS)
    await a.beat({ memberEpoch: -1 })
    await b.beat()
    expect([b.has, await memberIds()]).toEqual([{ orders: [0, 1, 2, 3] }, ['b']])
  })
})

describe('a member', () => {
  beforeEach(share)

  it('is out of the group when it is silent for as long as a session', async () => {
    services.clock.advance(SESSION_TIMEOUT_MS - 1)
    await b.beat()
    expect(await memberIds()).toEqual(['a', 'b'])
    services.clock.advance(1)
    expect([await memberIds(), await a.refused()]).toEqual([['b'], 'UNKNOWN_MEMBER_ID'])
  })

  it('goes on after the shard was read anew, with its epoch and its part, and a whole session', async () => {
    services.clock.advance(SESSION_TIMEOUT_MS - 1)
    await services.groups.reloaded(await services.groups.shardOf('group'))
    services.clock.advance(SESSION_TIMEOUT_MS - 1)
    for (const member of [a, b]) expect((await member.send({})).errorCode).toBe(0)
    expect([a.epoch, a.has, b.epoch, b.has]).toEqual([3, { orders: [0, 1] }, 3, { orders: [2, 3] }])
    services.clock.advance(SESSION_TIMEOUT_MS)
    expect(await state()).toBe('Empty')
  })

  it('may come with the epoch before its own as long as it claims nothing else', async () => {
    const topicId = services.catalog.byName('orders').id
    a.epoch = 2
    expect(await a.refused()).toBe('FENCED_MEMBER_EPOCH')
    expect(await a.refused({ topicPartitions: [{ topicId, partitions: [0, 2] }] })).toBe('FENCED_MEMBER_EPOCH')
    await a.beat({ topicPartitions: [{ topicId, partitions: [1] }] })
    expect(a.epoch).toBe(3)
  })

  it.each([1, 4, 100])('is fenced off with epoch %i', async (epoch) => {
    a.epoch = epoch
    expect(await a.refused({ topicPartitions: a.owned })).toBe('FENCED_MEMBER_EPOCH')
  })

  it('may join anew at any time, and has nothing then but what it is told', async () => {
    await a.join(['orders'])
    expect([a.epoch, a.has]).toEqual([3, { orders: [0, 1] }])
  })

  it('gives up at once what it is not subscribed to any more, and gets the rest when the assignment is due', async () => {
    services.clock.advance(ASSIGNMENT_INTERVAL_MS - 1)
    await a.beat({ subscribedTopicNames: ['users'] })
    expect([a.has, await state()]).toEqual([{}, 'Assigning'])
    await a.report()
    services.clock.advance(1)
    await b.beat()
    await a.beat()
    expect([a.has, b.has]).toEqual([{ users: [0, 1] }, { orders: [0, 1, 2, 3] }])
  })

  it.each([
    ['another one leaves', 'nobody', 'UNKNOWN_MEMBER_ID'],
    ['it has left', 'a', 'UNKNOWN_MEMBER_ID'],
  ])('is unknown when %s', async (_when, memberId, error) => {
    await a.beat({ memberEpoch: -1 })
    expect(await new PlayedMember(services, memberId).refused({ memberEpoch: 3 })).toBe(error)
    expect(await new PlayedMember(services, memberId).refused({ memberEpoch: -1 })).toBe(error)
  })
})

describe('a group', () => {
  it('is not found by who does not join it', async () => {
    expect([await a.refused({ memberEpoch: 1 }), await a.refused({ memberEpoch: -1 })]).toEqual([
      'GROUP_ID_NOT_FOUND',
      'GROUP_ID_NOT_FOUND',
    ])
    expect((await describedGroup(services)).errorCode).not.toBe(0)
  })

  it('takes no more members than group.consumer.max.size, and knows those that it has', async () => {
    await open({ 'group.consumer.max.size': 1 })
    await a.join(['orders'])
    const join = { memberEpoch: 0, subscribedTopicNames: ['orders'], rebalanceTimeoutMs: 1000, topicPartitions: [] }
    expect(await b.refused(join)).toBe('GROUP_MAX_SIZE_REACHED')
    await a.beat()
    await a.join(['orders'])
  })

  it('uses the assignor that most ask for, and the broker’s first when none is asked for', async () => {
    await services.createTopic('more', 4)
    const join = (member: PlayedMember, serverAssignor: string | null) => member.join(['orders', 'more'], { serverAssignor })
    await join(a, null)
    expect((await describedGroup(services)).assignorName).toBe('uniform')
    await join(b, 'range')
    expect((await describedGroup(services)).assignorName).toBe('range')
  })

  it('notices when a topic grows, goes or comes, with whatever heartbeat is next', async () => {
    await a.join(['orders', 'later'])
    const { catalog, clock } = services
    const next = async (): Promise<unknown> => {
      clock.advance(ASSIGNMENT_INTERVAL_MS)
      await a.beat()
      await a.report()
      return a.has
    }
    await catalog.createPartitions([{ name: 'orders', partitionCount: 5, assignments: null }])
    expect(await next()).toEqual({ orders: [0, 1, 2, 3, 4] })
    await services.createTopic('later', 1)
    expect(await next()).toEqual({ orders: [0, 1, 2, 3, 4], later: [0] })
    await catalog.delete(catalog.byName('orders'))
    a.has = { later: [0] } // what was deleted has no name any more
    expect(await next()).toEqual({ later: [0] })
    await services.createTopic('unrelated', 1)
    const { epoch } = a
    await next()
    expect(a.epoch).toBe(epoch)
  })

  it('notices what happened to its topics while its shard was not in memory', async () => {
    await a.join(['orders'])
    const shard = await services.groups.shardOf('group')
    await services.catalog.createPartitions([{ name: 'orders', partitionCount: 5, assignments: null }])
    await services.groups.reloaded(shard)
    services.clock.advance(ASSIGNMENT_INTERVAL_MS)
    await a.beat()
    expect(a.has).toEqual({ orders: [0, 1, 2, 3, 4] })
  })
})

describe('a static member', () => {
  const as = (memberId: string): PlayedMember => new PlayedMember(services, memberId, { instanceId: 'i1' })
  const join = { memberEpoch: 0, subscribedTopicNames: ['orders'], rebalanceTimeoutMs: 1000, topicPartitions: [] }
  let first: PlayedMember

  beforeEach(async () => {
    first = await as('s1').join(['orders'])
  })

  it('keeps its instance id until it leaves', async () => {
    expect([await as('s2').refused(join), await as('s1').refused(join)]).toEqual(['UNRELEASED_INSTANCE_ID', 'UNRELEASED_INSTANCE_ID'])
  })

  it('leaves its part to the next one with its instance id, without a new epoch', async () => {
    await first.beat({ memberEpoch: -2 })
    expect(await first.refused({ memberEpoch: 2 })).toBe('FENCED_MEMBER_EPOCH')
    const { groupEpoch } = await describedGroup(services)
    const second = await as('s2').join(['orders'])
    expect([second.epoch, second.has, (await describedGroup(services)).groupEpoch]).toEqual([2, { orders: [0, 1, 2, 3] }, groupEpoch])
    expect(await first.refused({ memberEpoch: 2 })).toBe('FENCED_INSTANCE_ID')
    expect(await first.refused({ memberEpoch: -1 })).toBe('FENCED_INSTANCE_ID')
    expect(await memberIds()).toEqual(['s2'])
  })

  it('is out of the group when nobody takes its place while its session lasts', async () => {
    await a.join(['orders'])
    await first.beat({ memberEpoch: -2 })
    for (const ms of [SESSION_TIMEOUT_MS - 1, 1, ASSIGNMENT_INTERVAL_MS]) {
      services.clock.advance(ms)
      await a.beat()
    }
    expect([await memberIds(), a.has]).toEqual([['a'], { orders: [0, 1, 2, 3] }])
  })

  it('is another one under an instance id that nobody has', async () => {
    expect(await new PlayedMember(services, 's1', { instanceId: 'i9' }).refused({ memberEpoch: 2 })).toBe('UNKNOWN_MEMBER_ID')
    expect(errorName((await first.send({ instanceId: null })).errorCode)).toBe('NONE')
  })
})
