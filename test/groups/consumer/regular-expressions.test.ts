// Members that are subscribed to topics by a regular expression.

import { beforeEach, describe, expect, it } from 'vitest'
import { openServices, type TestServices } from '../../support/test-services.ts'
import { ASSIGNMENT_INTERVAL_MS, describedGroup, PlayedMember } from './group-clients.ts'

let services: TestServices
let member: PlayedMember

beforeEach(async () => {
  services = await openServices({ 'offsets.topic.num.partitions': 1 })
  for (const name of ['orders', 'orders-eu', 'users']) await services.createTopic(name)
  member = new PlayedMember(services, 'm')
})

const joinFor = (regex: string): Promise<PlayedMember> => member.join([], { subscribedTopicNames: null, subscribedTopicRegex: regex })
const joining = (subscribedTopicRegex: string) => ({ memberEpoch: 0, rebalanceTimeoutMs: 1000, topicPartitions: [], subscribedTopicRegex })

describe('a regular expression', () => {
  it.each([
    ['orders.*', ['orders', 'orders-eu']],
    ['order', []],
    ['(?i)USERS|nowhere', ['users']],
    ['.*', ['orders', 'orders-eu', 'users']], // and none of the broker's own
    ['', []],
  ])('%j is for the topics %j', async (regex, topics) => {
    await joinFor(regex)
    expect(Object.keys(member.has).toSorted()).toEqual(topics)
  })

  it('is for topics that come and go later, too', async () => {
    await joinFor('orders.*')
    await services.createTopic('orders-us')
    await services.catalog.delete(services.catalog.byName('orders'))
    services.clock.advance(ASSIGNMENT_INTERVAL_MS)
    await member.beat()
    await member.beat({ topicPartitions: [] })
    expect(Object.keys(member.has).toSorted()).toEqual(['orders-eu', 'orders-us'])
  })

  it('stands beside names', async () => {
    await member.join(['users'], { subscribedTopicRegex: 'orders' })
    expect(Object.keys(member.has).toSorted()).toEqual(['orders', 'users'])
  })

  it('is shown, and still there after the shard was read anew', async () => {
    await joinFor('orders.*')
    await services.groups.reloaded(await services.groups.shardOf('group'))
    await member.beat()
    const { members, groupEpoch } = await describedGroup(services)
    expect([members[0]!.subscribedTopicRegex, groupEpoch]).toEqual(['orders.*', 2])
  })

  it.each(['(a', String.raw`(a)\1`, 'a(?=b)', '((a{100}){100}){100}'])(
    'is refused when RE2 knows no %j, and there is no group then',
    async (regex) => {
      expect(await member.refused(joining(regex))).toBe('INVALID_REGULAR_EXPRESSION')
      expect((await services.groups.shardOf('group')).groups.has('group')).toBe(false)
    },
  )

  it('takes no time that grows with what it might match', async () => {
    await services.createTopic('a'.repeat(200))
    await joinFor('(a+)+b|(a|aa)+c')
    expect(member.has).toEqual({})
  })
})
