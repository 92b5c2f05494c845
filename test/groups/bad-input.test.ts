// Whatever is said to a group that must not be: who says it hears why, and the others go on with the heartbeats, the commits, and the generation that they have.
// That the errors are Kafka's the differential cases show (classic-disturbances.ts, consumer-disturbances.ts).

import { beforeEach, describe, expect, it } from 'vitest'
import type { Group } from '../../src/groups/group.ts'
import { type ErrorName, errorName } from '../../src/wire/error-codes.ts'
import { consumerGroupHeartbeat } from '../../src/wire/messages/consumer-group-heartbeat.ts'
import { deleteGroups } from '../../src/wire/messages/delete-groups.ts'
import { heartbeat } from '../../src/wire/messages/heartbeat.ts'
import { joinGroup } from '../../src/wire/messages/join-group.ts'
import { leaveGroup } from '../../src/wire/messages/leave-group.ts'
import { offsetCommit } from '../../src/wire/messages/offset-commit.ts'
import { offsetDelete } from '../../src/wire/messages/offset-delete.ts'
import { offsetFetch } from '../../src/wire/messages/offset-fetch.ts'
import { syncGroup } from '../../src/wire/messages/sync-group.ts'
import type { Draft } from '../../src/wire/schema.ts'
import { openServices, type TestServices } from '../support/test-services.ts'
import { ClassicTestMember, formGroup } from './classic/classic-member.ts'
import { subscriptionBytes } from './consumer/subscription-bytes.ts'
import { PlayedMember } from './consumer/group-clients.ts'

type Answered = Promise<ErrorName | ErrorName[]>
type Disturbance = readonly [what: string, error: ErrorName | ErrorName[], ask: () => Answered]

const LONGEST = 'x'.repeat(32_767)
const [INT_MIN, INT_MAX] = [-(2 ** 31), 2 ** 31 - 1]
const TOO_LARGE = Buffer.alloc(2_000_000)

let services: TestServices
let groupId: string

type Join = Draft<typeof joinGroup.request>
const protocols = [{ name: 'range', metadata: subscriptionBytes(['orders'], {}, -1) }]
const join = async (changes: Partial<Join> = {}): Answered => {
  const timeouts = { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 60_000 }
  const request = { groupId, memberId: 'stranger', protocolType: 'consumer', protocols, ...timeouts, ...changes }
  return errorName((await services.ask(joinGroup, 9, request)).errorCode)
}
const sync = async (memberId: string, generationId: number, changes: Partial<Draft<typeof syncGroup.request>> = {}): Answered => {
  const request = { groupId, memberId, generationId, protocolType: 'consumer', protocolName: 'range', assignments: [], ...changes }
  return errorName((await services.ask(syncGroup, 5, request)).errorCode)
}
const beat = async (memberId: string, generationId: number, groupInstanceId: string | null = null): Answered =>
  errorName((await services.ask(heartbeat, 4, { groupId, memberId, generationId, groupInstanceId })).errorCode)
const leave = async (...members: NonNullable<Draft<typeof leaveGroup.request>['members']>): Answered =>
  (await services.ask(leaveGroup, 5, { groupId, memberId: '', members })).members.map(({ errorCode }) => errorName(errorCode))
const commit = async (
  memberId: string,
  generationIdOrMemberEpoch: number,
  changes: { metadata?: string; index?: number; instance?: string } = {},
): Answered => {
  const partition = { partitionIndex: changes.index ?? 0, committedOffset: 1, committedMetadata: changes.metadata ?? '' }
  const who = { groupId, memberId, generationIdOrMemberEpoch, groupInstanceId: changes.instance ?? null }
  const { topics } = await services.ask(offsetCommit, 9, { ...who, topics: [{ name: 'orders', partitions: [partition] }] })
  return errorName(topics[0]!.partitions[0]!.errorCode)
}
const fetchAs = async (memberId: string | null, memberEpoch: number): Answered =>
  errorName((await services.ask(offsetFetch, 9, { groups: [{ groupId, memberId, memberEpoch, topics: null }] })).groups[0]!.errorCode)
const deleteGroup = async (): Answered =>
  (await services.ask(deleteGroups, 2, { groupsNames: [groupId] })).results.map(({ errorCode }) => errorName(errorCode))
const deleteOffsets = async (name: string): Answered =>
  (await services.ask(offsetDelete, 0, { groupId, topics: [{ name, partitions: [{ partitionIndex: 0 }] }] })).topics.map(({ partitions }) =>
    errorName(partitions[0]!.errorCode),
  )
const consumerBeat = async (changes: Partial<Draft<typeof consumerGroupHeartbeat.request>>): Answered =>
  errorName((await services.ask(consumerGroupHeartbeat, 1, { groupId, memberId: 'stranger', memberEpoch: 0, ...changes })).errorCode)
const consumerJoin = (changes: Partial<Draft<typeof consumerGroupHeartbeat.request>> = {}): Answered =>
  consumerBeat({ subscribedTopicNames: ['orders'], rebalanceTimeoutMs: 60_000, topicPartitions: [], ...changes })

const theGroup = async (): Promise<Group> => (await services.groups.shardOf(groupId)).groups.get(groupId)!
/** Everything that others could notice. */
const noticeable = async () => {
  const { state, type, memberCount, protocolType } = await theGroup()
  return { state, type, memberCount, protocolType, history: services.groups.history.of(groupId) }
}

describe('a classic group', () => {
  let healthy: ClassicTestMember
  let other: ClassicTestMember

  beforeEach(async () => {
    services = await openServices({ 'offsets.topic.num.partitions': 1 })
    await services.createTopic('orders')
    groupId = 'g'
    const metadata = protocols[0]!.metadata.toString('latin1')
    ;[healthy, other] = [
      new ClassicTestMember(services, { protocols: { range: metadata } }),
      new ClassicTestMember(services, { protocols: { range: metadata } }),
    ]
    await formGroup([healthy, other])
  })

  const disturbances: readonly Disturbance[] = [
    ['a new member that never comes back with its id', 'MEMBER_ID_REQUIRED', () => join({ memberId: '' })],
    ['an unknown member that joins', 'UNKNOWN_MEMBER_ID', () => join()],
    ['the longest of member ids', 'UNKNOWN_MEMBER_ID', () => join({ memberId: LONGEST })],
    ['an unknown instance that joins with a member id', 'UNKNOWN_MEMBER_ID', () => join({ groupInstanceId: 'i' })],
    ['another protocol type', 'INCONSISTENT_GROUP_PROTOCOL', () => join({ memberId: '', protocolType: 'connect' })],
    ['the longest of protocol types', 'INCONSISTENT_GROUP_PROTOCOL', () => join({ memberId: '', protocolType: LONGEST })],
    ['no protocol type', 'INCONSISTENT_GROUP_PROTOCOL', () => join({ memberId: '', protocolType: '' })],
    ['no protocols', 'INCONSISTENT_GROUP_PROTOCOL', () => join({ memberId: '', protocols: [] })],
    [
      'no protocol in common',
      'INCONSISTENT_GROUP_PROTOCOL',
      () => join({ memberId: '', protocols: [{ name: LONGEST, metadata: TOO_LARGE }] }),
    ],
    [
      'a member that changes its protocol type',
      'INCONSISTENT_GROUP_PROTOCOL',
      () => join({ memberId: other.memberId, protocolType: 'connect' }),
    ],
    ['a member that has no protocols any more', 'INCONSISTENT_GROUP_PROTOCOL', () => join({ memberId: other.memberId, protocols: [] })],
    ['a member that becomes an instance', 'UNKNOWN_MEMBER_ID', () => join({ memberId: other.memberId, groupInstanceId: 'i' })],
    ['sessions that are too short', 'INVALID_SESSION_TIMEOUT', () => join({ memberId: other.memberId, sessionTimeoutMs: INT_MIN })],
    ['sessions that are too long', 'INVALID_SESSION_TIMEOUT', () => join({ memberId: other.memberId, sessionTimeoutMs: INT_MAX })],
    ['a SyncGroup of an old generation', 'ILLEGAL_GENERATION', () => sync(other.memberId, other.generationId - 1)],
    ['a SyncGroup of a generation to come', 'ILLEGAL_GENERATION', () => sync(healthy.memberId, INT_MAX)],
    ['a SyncGroup of nobody', 'UNKNOWN_MEMBER_ID', () => sync('', other.generationId)],
    [
      'a SyncGroup with another protocol',
      'INCONSISTENT_GROUP_PROTOCOL',
      () => sync(other.memberId, other.generationId, { protocolName: LONGEST }),
    ],
    [
      'a SyncGroup without a protocol',
      'INCONSISTENT_GROUP_PROTOCOL',
      () => sync(other.memberId, other.generationId, { protocolName: null }),
    ],
    [
      'an assignment by who does not lead',
      'NONE',
      () => sync(other.memberId, other.generationId, { assignments: [{ memberId: healthy.memberId, assignment: Buffer.from('stolen') }] }),
    ],
    [
      'a second assignment, that fits into no batch',
      'NONE',
      () => sync(healthy.memberId, healthy.generationId, { assignments: [{ memberId: healthy.memberId, assignment: TOO_LARGE }] }),
    ],
    [
      'a second assignment, to who is not there',
      'NONE',
      () => sync(healthy.memberId, healthy.generationId, { assignments: [{ memberId: 'nobody', assignment: Buffer.from('x') }] }),
    ],
    ['a heartbeat of an old generation', 'ILLEGAL_GENERATION', () => beat(healthy.memberId, healthy.generationId - 1)],
    ['a heartbeat of generation -2', 'ILLEGAL_GENERATION', () => beat(healthy.memberId, -2)],
    ['a heartbeat of nobody', 'UNKNOWN_MEMBER_ID', () => beat('', healthy.generationId)],
    ['a heartbeat of an instance that there is not', 'UNKNOWN_MEMBER_ID', () => beat(healthy.memberId, healthy.generationId, LONGEST)],
    [
      'nobody that leaves',
      ['UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID'],
      () => leave({ memberId: '' }, { memberId: LONGEST }, { memberId: healthy.memberId, groupInstanceId: 'i' }),
    ],
    ['a commit of an old generation', 'ILLEGAL_GENERATION', () => commit(other.memberId, other.generationId - 1)],
    ['a commit of a generation to come', 'ILLEGAL_GENERATION', () => commit(other.memberId, INT_MAX)],
    ['a commit of a stranger', 'UNKNOWN_MEMBER_ID', () => commit('stranger', other.generationId)],
    ['a commit of nobody', 'UNKNOWN_MEMBER_ID', () => commit('', -1)],
    ['a commit of an instance that there is not', 'UNKNOWN_MEMBER_ID', () => commit(other.memberId, other.generationId, { instance: 'i' })],
    [
      'a commit with the longest metadata',
      'OFFSET_METADATA_TOO_LARGE',
      () => commit(other.memberId, other.generationId, { metadata: LONGEST }),
    ],
    [
      'a commit to a partition that there is not',
      'UNKNOWN_TOPIC_OR_PARTITION',
      () => commit(other.memberId, other.generationId, { index: INT_MAX }),
    ],
    ['the group is to be deleted', ['NON_EMPTY_GROUP'], deleteGroup],
    ['offsets of what it reads are to be deleted', ['GROUP_SUBSCRIBED_TO_TOPIC'], () => deleteOffsets('orders')],
    ['offsets of what there is not are to be deleted', ['UNKNOWN_TOPIC_OR_PARTITION'], () => deleteOffsets(LONGEST)],
    ['a heartbeat of the consumer protocol', 'GROUP_ID_NOT_FOUND', () => consumerBeat({ memberEpoch: 1 })],
    ['somebody with the consumer protocol that leaves', 'GROUP_ID_NOT_FOUND', () => consumerBeat({ memberEpoch: -1 })],
    ['somebody with the consumer protocol, who does not understand what was assigned', 'GROUP_ID_NOT_FOUND', () => consumerJoin()],
    [
      'somebody with the consumer protocol and an assignor that there is not',
      'UNSUPPORTED_ASSIGNOR',
      () => consumerJoin({ serverAssignor: 'sticky' }),
    ],
  ]

  it.each(disturbances)('is not disturbed by %s (%s)', async (_what, error, ask) => {
    const before = await noticeable()
    expect(await ask()).toEqual(error)
    expect(await noticeable()).toEqual(before)
    for (const member of [healthy, other]) {
      expect([await member.heartbeat(), await commit(member.memberId, member.generationId)]).toEqual(['NONE', 'NONE'])
      const { assignment } = await services.ask(syncGroup, 5, {
        groupId,
        memberId: member.memberId,
        generationId: member.generationId,
        protocolType: 'consumer',
        protocolName: 'range',
        assignments: [],
      })
      expect(assignment.toString()).toBe(`for ${member.memberId}`)
    }
    expect(await noticeable()).toEqual(before)
  })
})

describe('a group of the consumer protocol', () => {
  let healthy: PlayedMember

  beforeEach(async () => {
    services = await openServices({ 'offsets.topic.num.partitions': 1, 'group.initial.rebalance.delay.ms': 0 })
    await services.createTopic('orders', 2)
    groupId = 'group'
    healthy = await new PlayedMember(services, 'healthy').join(['orders'])
  })

  const refused = (error: ErrorName, ask: () => Answered, what: string): Disturbance => [what, error, ask]
  const disturbances: readonly Disturbance[] = [
    ...[INT_MIN, -3].map((memberEpoch) => refused('INVALID_REQUEST', () => consumerBeat({ memberEpoch }), `an epoch of ${memberEpoch}`)),
    refused('INVALID_REQUEST', () => consumerBeat({ memberEpoch: -2 }), 'a dynamic stranger that leaves for a while'),
    refused(
      'UNKNOWN_MEMBER_ID',
      () => consumerBeat({ memberEpoch: -2, instanceId: 'i' }),
      'an instance that there is not and that leaves for a while',
    ),
    ...[-1, 1, 2, INT_MAX].map((memberEpoch) =>
      refused('UNKNOWN_MEMBER_ID', () => consumerBeat({ memberEpoch }), `a stranger in epoch ${memberEpoch}`),
    ),
    ...[1, 3, INT_MAX].map((memberEpoch) =>
      refused('FENCED_MEMBER_EPOCH', () => consumerBeat({ memberId: 'healthy', memberEpoch }), `the member itself in epoch ${memberEpoch}`),
    ),
    refused('UNKNOWN_MEMBER_ID', () => consumerBeat({ memberId: 'healthy', memberEpoch: 2, instanceId: 'i' }), 'the member as an instance'),
    refused('INVALID_REQUEST', () => consumerJoin({ memberId: ' ' }), 'who joins without an id'),
    refused('INVALID_REQUEST', () => consumerJoin({ instanceId: '' }), 'who joins as an instance without an id'),
    refused('INVALID_REQUEST', () => consumerJoin({ rackId: '' }), 'who joins in a rack without an id'),
    refused('INVALID_REQUEST', () => consumerJoin({ rebalanceTimeoutMs: -1 }), 'who joins without a timeout'),
    refused('INVALID_REQUEST', () => consumerJoin({ subscribedTopicNames: null }), 'who joins without a subscription'),
    refused(
      'INVALID_REQUEST',
      () => consumerJoin({ topicPartitions: [{ topicId: services.catalog.byName('orders').id, partitions: [0] }] }),
      'who joins with partitions',
    ),
    refused(
      'INVALID_REQUEST',
      () => consumerJoin({ subscribedTopicNames: Array.from({ length: 20 }, (_, index) => `${index}${LONGEST.slice(2)}`) }),
      'who joins with more topics than fit',
    ),
    ...['', 'sticky', LONGEST].map((serverAssignor) =>
      refused('UNSUPPORTED_ASSIGNOR', () => consumerJoin({ serverAssignor }), `an assignor of ${serverAssignor.length} signs`),
    ),
    ...['(', String.raw`(a)\1`, 'a(?=b)', '((a{100}){100}){100}', '('.repeat(2000)].map((subscribedTopicRegex) =>
      refused(
        'INVALID_REGULAR_EXPRESSION',
        () => consumerJoin({ subscribedTopicRegex }),
        `the expression ${subscribedTopicRegex.slice(0, 20)}`,
      ),
    ),
    refused(
      'INVALID_REGULAR_EXPRESSION',
      () => consumerBeat({ memberId: 'healthy', memberEpoch: 2, subscribedTopicRegex: '(' }),
      'its own expression that is none',
    ),
    refused('INCONSISTENT_GROUP_PROTOCOL', () => join({ protocolType: 'connect' }), 'a classic member of another protocol type'),
    refused(
      'INCONSISTENT_GROUP_PROTOCOL',
      () => join({ memberId: '', protocolType: 'connect', groupInstanceId: 'i' }),
      'a static classic member of another protocol type',
    ),
    refused('INCONSISTENT_GROUP_PROTOCOL', () => join({ protocols: [] }), 'a classic member without protocols'),
    refused(
      'INCONSISTENT_GROUP_PROTOCOL',
      () => join({ protocols: [{ name: 'range', metadata: Buffer.from('any') }] }),
      'a classic member without a subscription',
    ),
    refused('MEMBER_ID_REQUIRED', () => join({ memberId: '' }), 'a classic member that never comes back with its id'),
    refused(
      'UNKNOWN_MEMBER_ID',
      () => join({ memberId: 'healthy', groupInstanceId: 'i' }),
      'a classic member that claims to be an instance under its id',
    ),
    refused('UNKNOWN_MEMBER_ID', () => beat('healthy', 2), 'a classic heartbeat in its name'),
    refused('UNKNOWN_MEMBER_ID', () => sync('healthy', 2), 'a classic SyncGroup in its name'),
    [
      'strangers that leave',
      ['UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID'],
      () => leave({ memberId: '' }, { memberId: LONGEST }, { memberId: 'healthy', groupInstanceId: 'i' }),
    ],
    ...[INT_MIN, -1, 1, 3].map((epoch) => refused('STALE_MEMBER_EPOCH', () => commit('healthy', epoch), `a commit in epoch ${epoch}`)),
    refused('UNKNOWN_MEMBER_ID', () => commit('stranger', 2), 'a commit of a stranger'),
    refused('OFFSET_METADATA_TOO_LARGE', () => commit('healthy', 2, { metadata: LONGEST }), 'a commit with the longest metadata'),
    ...[-2, 1, 3].map((epoch) => refused('STALE_MEMBER_EPOCH', () => fetchAs('healthy', epoch), `a fetch in epoch ${epoch}`)),
    refused('UNKNOWN_MEMBER_ID', () => fetchAs(null, 2), 'a fetch of nobody in an epoch'),
    ['the group is to be deleted', ['NON_EMPTY_GROUP'], deleteGroup],
    ['offsets of what it reads are to be deleted', ['GROUP_SUBSCRIBED_TO_TOPIC'], () => deleteOffsets('orders')],
  ]

  it.each(disturbances)('is not disturbed by %s (%s)', async (_what, error, ask) => {
    const before = await noticeable()
    expect(await ask()).toEqual(error)
    expect(await noticeable()).toEqual(before)
    await healthy.report()
    expect([healthy.epoch, healthy.has, await commit('healthy', 2)]).toEqual([2, { orders: [0, 1] }, 'NONE'])
    expect(await noticeable()).toEqual(before)
  })
})
