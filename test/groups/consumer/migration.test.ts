// A group changes from the classic protocol to the consumer protocol and back while its members go on: member by member, and nobody loses its place.

import { beforeEach, describe, expect, it } from 'vitest'
import { decodeAssignment, encodeAssignment } from '../../../src/groups/protocol/consumer-assignment.ts'
import { nextTurn } from '../../../src/lib/turns.ts'
import { errorName } from '../../../src/wire/error-codes.ts'
import { consumerGroupHeartbeat } from '../../../src/wire/messages/consumer-group-heartbeat.ts'
import { heartbeat } from '../../../src/wire/messages/heartbeat.ts'
import { joinGroup } from '../../../src/wire/messages/join-group.ts'
import { leaveGroup } from '../../../src/wire/messages/leave-group.ts'
import { offsetCommit } from '../../../src/wire/messages/offset-commit.ts'
import { syncGroup } from '../../../src/wire/messages/sync-group.ts'
import { openServices, type TestServices } from '../../support/test-services.ts'
import { ASSIGNMENT_INTERVAL_MS, describedGroup, PlayedMember } from './group-clients.ts'
import { subscriptionBytes } from './subscription-bytes.ts'

const groupId = 'group'
const SESSION_TIMEOUT_MS = 10_000

/** A consumer of before KIP-848 that is told by the broker, or by nobody but itself, what it gets. */
class ClassicConsumer {
  memberId = ''
  generationId = -1
  has: Record<string, number[]> = {}

  /** Joins, and syncs with everything for itself if it leads. */
  async join(topics: readonly string[] = ['orders'], owned = this.has): Promise<void> {
    const metadata = subscriptionBytes(topics, owned, this.generationId)
    const request = {
      groupId,
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      rebalanceTimeoutMs: 30_000,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata }],
    }
    let joined = await answered(services.ask(joinGroup, 5, { ...request, memberId: this.memberId }))
    if (errorName(joined.errorCode) === 'MEMBER_ID_REQUIRED')
      joined = await answered(services.ask(joinGroup, 5, { ...request, memberId: joined.memberId }))
    refuseUnlessFine('JoinGroup', joined)
    this.memberId = joined.memberId
    this.generationId = joined.generationId
    const everything = topics.map((topic) => ({ topic, partitions: services.catalog.has(topic) ? [0, 1, 2, 3] : [] }))
    const assignments = joined.leader === this.memberId ? [{ memberId: this.memberId, assignment: encodeAssignment(everything, 1) }] : []
    const { memberId, generationId } = this
    const synced = await services.ask(syncGroup, 3, { groupId, memberId, generationId, assignments })
    refuseUnlessFine('SyncGroup', synced)
    this.has = Object.fromEntries(decodeAssignment(synced.assignment)!.map(({ topic, partitions }) => [topic, [...partitions]]))
  }

  async beat(): Promise<string> {
    const { memberId, generationId } = this
    return errorName((await services.ask(heartbeat, 3, { groupId, memberId, generationId })).errorCode)
  }

  async leave(): Promise<string> {
    const { members } = await services.ask(leaveGroup, 4, { groupId, members: [{ memberId: this.memberId }] })
    return errorName(members[0]!.errorCode)
  }
}

function refuseUnlessFine(request: string, { errorCode }: { errorCode: number }): void {
  if (errorCode !== 0) throw new Error(`${request} is refused: ${errorName(errorCode)}`)
}

/** An answer that comes when timers that are due now have fired. */
async function answered<T>(answer: Promise<T>): Promise<T> {
  for (let turn = 0; turn < 100; turn++) {
    services.clock.advance(0)
    const first = await Promise.race([answer, nextTurn().then(() => undefined)])
    if (first !== undefined) return first
  }
  throw new Error('there is no answer')
}

let services: TestServices
let classic: ClassicConsumer
let modern: PlayedMember

async function open(flags: Record<string, string | number> = {}): Promise<void> {
  services = await openServices({ 'offsets.topic.num.partitions': 1, 'group.initial.rebalance.delay.ms': 0, ...flags })
  await services.createTopic('orders', 4)
  classic = new ClassicConsumer()
  modern = new PlayedMember(services, 'modern')
}

const typeOf = async (): Promise<string | undefined> => (await services.groups.shardOf(groupId)).groups.get(groupId)?.type
const reload = async (): Promise<void> => void (await services.groups.reloaded(await services.groups.shardOf(groupId)))

beforeEach(async () => {
  await open()
  await classic.join()
})

describe('a classic group that a member with the consumer protocol joins', () => {
  it('keeps its members and what they have', async () => {
    expect(classic.has).toEqual({ orders: [0, 1, 2, 3] })
    await modern.join(['orders'])
    expect([await typeOf(), modern.has]).toEqual(['consumer', {}])
    const { members } = await describedGroup(services)
    expect(members.map(({ memberType, memberEpoch }) => [memberType, memberEpoch])).toEqual([
      [0, classic.generationId],
      [1, modern.epoch],
    ])
  })

  it('is as it was when the newcomer is refused', async () => {
    const join = { memberEpoch: 0, rebalanceTimeoutMs: 1000, topicPartitions: [], subscribedTopicRegex: '(' }
    expect(await modern.refused(join)).toBe('INVALID_REGULAR_EXPRESSION')
    expect([await typeOf(), await classic.beat()]).toEqual(['classic', 'NONE'])
    await reload()
    expect([await typeOf(), await classic.beat()]).toEqual(['classic', 'NONE'])
  })

  it('moves partitions from the one to the other as if both were of one kind', async () => {
    await modern.join(['orders'])
    services.clock.advance(ASSIGNMENT_INTERVAL_MS)
    await modern.beat()
    expect(await classic.beat()).toBe('REBALANCE_IN_PROGRESS')
    await classic.join() // it still has everything, and is told to give up two
    expect(classic.has).toEqual({ orders: [0, 1] })
    expect([await classic.beat(), (await modern.beat()).has]).toEqual(['REBALANCE_IN_PROGRESS', {}])
    await classic.join()
    expect([classic.has, (await modern.beat()).has]).toEqual([{ orders: [0, 1] }, { orders: [2, 3] }])
    expect([await classic.beat(), (await describedGroup(services)).groupState]).toEqual(['NONE', 'Stable'])
  })

  it('says so in its history before what the newcomer brings', async () => {
    await modern.join(['orders'])
    const events = services.groups.history.of(groupId).slice(-4)
    expect(events.map(({ kind }) => kind)).toEqual(['protocol', 'joined', 'rebalance', 'assignment'])
  })

  it('asks an eager member to join once', async () => {
    await modern.join(['orders'])
    await modern.beat()
    await classic.join(['orders'], {}) // it gives up everything before it joins
    expect([classic.has, (await modern.beat()).has]).toEqual([{ orders: [0, 1] }, { orders: [2, 3] }])
  })

  it('is the same after its shard was read anew', async () => {
    await modern.join(['orders'])
    await classic.join(['orders'], {})
    await modern.beat()
    await reload()
    expect([await classic.beat(), await typeOf()]).toEqual(['NONE', 'consumer'])
    expect(await modern.refused()).toBe('NONE')
  })

  it('puts out a classic member that is silent, or does not rejoin in time', async () => {
    await modern.join(['orders'])
    for (let passedMs = 0; passedMs < 30_000; passedMs += 5000) {
      expect(await classic.beat()).toBe('REBALANCE_IN_PROGRESS')
      services.clock.advance(5000)
      await modern.beat()
    }
    expect(await classic.beat()).toBe('UNKNOWN_MEMBER_ID')
    expect((await modern.beat()).has).toEqual({ orders: [0, 1, 2, 3] })
  })

  it('is empty when both have left, and a classic group for the next classic member', async () => {
    await modern.join(['orders'])
    expect(await classic.leave()).toBe('NONE')
    await modern.beat({ memberEpoch: -1 })
    expect([await typeOf(), (await describedGroup(services)).groupState]).toEqual(['consumer', 'Empty'])
    const next = new ClassicConsumer()
    await next.join()
    expect([await typeOf(), next.has]).toEqual(['classic', { orders: [0, 1, 2, 3] }])
    await reload()
    expect([await typeOf(), await next.beat()]).toEqual(['classic', 'NONE'])
  })
})

describe('a group of the consumer protocol that only classic members are left of', () => {
  beforeEach(async () => {
    await modern.join(['orders'])
    await classic.join(['orders'], {})
    await modern.beat()
  })

  it('is a classic one again, in which they rejoin from where they are', async () => {
    await modern.beat({ memberEpoch: -1 })
    expect([await typeOf(), await classic.beat()]).toEqual(['classic', 'REBALANCE_IN_PROGRESS'])
    await classic.join()
    expect([classic.has, await classic.beat()]).toEqual([{ orders: [0, 1, 2, 3] }, 'NONE'])
  })

  it('is so after its shard was read anew, too', async () => {
    await modern.beat({ memberEpoch: -1 })
    await reload()
    expect([await typeOf(), await classic.beat()]).toEqual(['classic', 'REBALANCE_IN_PROGRESS'])
    await classic.join()
    expect([classic.has, await classic.beat()]).toEqual([{ orders: [0, 1, 2, 3] }, 'NONE'])
  })

  it('is so when the last other one is removed by its member id', async () => {
    const { members } = await services.ask(leaveGroup, 5, { groupId, members: [{ memberId: 'modern' }] })
    expect([members[0]!.errorCode, await typeOf(), await classic.beat()]).toEqual([0, 'classic', 'REBALANCE_IN_PROGRESS'])
  })

  it('is so when the last other one falls silent', async () => {
    for (let passedMs = 0; passedMs < 45_000; passedMs += 5000) {
      services.clock.advance(5000)
      await classic.beat()
    }
    expect(await typeOf()).toBe('classic')
  })
})

describe('an instance of a group of both protocols', () => {
  const protocols = [{ name: 'range', metadata: subscriptionBytes(['orders'], {}, -1) }]
  const instance = { groupId, memberId: '', groupInstanceId: 'i', protocolType: 'consumer', protocols }
  const request = { ...instance, sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 30_000 }

  it('that was classic is taken over by a member with the consumer protocol, at once', async () => {
    await modern.join(['orders'])
    const { memberId, generationId } = await services.ask(joinGroup, 5, request)
    const other = new PlayedMember(services, 'other', { instanceId: 'i' })
    await other.join(['orders'])
    const { errorCode } = await services.ask(heartbeat, 3, { groupId, memberId, groupInstanceId: 'i', generationId })
    expect([errorName(errorCode), await typeOf()]).toEqual(['FENCED_INSTANCE_ID', 'consumer'])
  })

  it('that was the last with the consumer protocol is taken over by a classic member: the group is a classic one, also after its shard was read anew', async () => {
    modern = new PlayedMember(services, 'modern', { instanceId: 'i' })
    await modern.join(['orders'])
    const joined = await services.ask(joinGroup, 5, request)
    expect([errorName(joined.errorCode), await typeOf(), await modern.refused()]).toEqual(['NONE', 'classic', 'GROUP_ID_NOT_FOUND'])
    for (const again of [async () => undefined, reload]) {
      await again()
      const { memberId, generationId } = joined
      const synced = await services.ask(syncGroup, 3, { groupId, memberId, groupInstanceId: 'i', generationId, assignments: [] })
      expect(decodeAssignment(synced.assignment)).toEqual([{ topic: 'orders', partitions: [2, 3] }])
      expect(await classic.beat()).toBe('ILLEGAL_GENERATION') // it has still what the other one got
    }
  })
})

describe('group.consumer.migration.policy', () => {
  const join = { memberEpoch: 0, subscribedTopicNames: ['orders'], rebalanceTimeoutMs: 1000, topicPartitions: [] }

  it.each(['disabled', 'downgrade'])('%s keeps a classic group with members what it is', async (policy) => {
    await open({ 'group.consumer.migration.policy': policy })
    await classic.join()
    expect([await modern.refused(join), await typeOf(), await classic.beat()]).toEqual(['GROUP_ID_NOT_FOUND', 'classic', 'NONE'])
  })

  it('disabled keeps classic members out of a consumer group', async () => {
    await open({ 'group.consumer.migration.policy': 'disabled' })
    await modern.join(['orders'])
    await expect(classic.join(['orders'], {})).rejects.toThrow('INCONSISTENT_GROUP_PROTOCOL')
    expect([await typeOf(), (await modern.beat()).epoch]).toEqual(['consumer', 2])
  })

  it('upgrade keeps a consumer group what it is', async () => {
    await open({ 'group.consumer.migration.policy': 'upgrade' })
    await modern.join(['orders'])
    await classic.join(['orders'], {})
    await modern.beat({ memberEpoch: -1 })
    expect([await typeOf(), await classic.beat()]).toEqual(['consumer', 'REBALANCE_IN_PROGRESS'])
    await classic.join()
    expect(classic.has).toEqual({ orders: [0, 1, 2, 3] })
  })

  it.each(['disabled', 'bidirectional'])('%s lets a group without members be of whatever kind the next member is', async (policy) => {
    await open({ 'group.consumer.migration.policy': policy })
    await classic.join()
    await classic.leave()
    await modern.join(['orders'])
    expect([await typeOf(), modern.has]).toEqual(['consumer', { orders: [0, 1, 2, 3] }])
  })
})

describe('a classic member of a group of the consumer protocol', () => {
  beforeEach(() => modern.join(['orders']))

  it('commits with its generation, and no other', async () => {
    await classic.join(['orders'], {})
    const commit = async (generationIdOrMemberEpoch: number): Promise<string> => {
      const partitions = [{ partitionIndex: 0, committedOffset: 1, committedMetadata: '' }]
      const request = { groupId, memberId: classic.memberId, generationIdOrMemberEpoch, topics: [{ name: 'orders', partitions }] }
      return errorName((await services.ask(offsetCommit, 7, request)).topics[0]!.partitions[0]!.errorCode)
    }
    expect(await commit(classic.generationId)).toBe('NONE')
    expect(await commit(classic.generationId + 1)).toBe('ILLEGAL_GENERATION')
  })

  it('is refused with another generation, another protocol type, and as nobody', async () => {
    await classic.join(['orders'], {})
    classic.generationId++
    expect(await classic.beat()).toBe('ILLEGAL_GENERATION')
    const { memberId } = classic
    const protocols = [{ name: 'range', metadata: subscriptionBytes(['orders'], {}, -1) }]
    const request = { groupId, memberId, sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 1000, protocolType: 'connect', protocols }
    expect(errorName((await services.ask(joinGroup, 5, request)).errorCode)).toBe('INCONSISTENT_GROUP_PROTOCOL')
    classic.memberId = 'nobody'
    expect([await classic.beat(), await classic.leave()]).toEqual(['UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID'])
  })

  it('cannot be spoken for by a member of the consumer protocol’s id', async () => {
    classic.memberId = 'modern'
    classic.generationId = modern.epoch
    expect(await classic.beat()).toBe('UNKNOWN_MEMBER_ID')
  })

  it('is not touched by who claims to be an instance under its id', async () => {
    await classic.join(['orders'], {})
    const protocols = [{ name: 'range', metadata: subscriptionBytes(['orders'], {}, -1) }]
    const about = { groupId, memberId: classic.memberId, groupInstanceId: 'unknown', protocolType: 'consumer', protocols }
    const { errorCode } = await services.ask(joinGroup, 5, { ...about, sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 1000 })
    expect([errorName(errorCode), await classic.beat()]).toEqual(['UNKNOWN_MEMBER_ID', 'NONE'])
  })

  it('gets an id that is a string of the protocol, however long its instance id is', async () => {
    const protocols = [{ name: 'range', metadata: subscriptionBytes(['orders'], {}, -1) }]
    const about = { groupId, memberId: '', groupInstanceId: 'i'.repeat(32_767), protocolType: 'consumer', protocols }
    const { errorCode, memberId } = await services.ask(joinGroup, 5, { ...about, sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 1000 })
    expect([errorCode, memberId.length < 32_767]).toEqual([0, true])
  })

  it('may become one of the consumer protocol under its own member id', async () => {
    await classic.join(['orders'], {})
    const request = {
      groupId,
      memberId: classic.memberId,
      memberEpoch: 0,
      subscribedTopicNames: ['orders'],
      rebalanceTimeoutMs: 1000,
      topicPartitions: [],
    }
    const { errorCode } = await services.ask(consumerGroupHeartbeat, 1, request)
    const { members } = await describedGroup(services)
    expect([errorCode, members.map(({ memberType }) => memberType)]).toEqual([0, [1, 1]])
  })
})
