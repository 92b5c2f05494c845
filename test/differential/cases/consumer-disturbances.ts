// What must not be, said to a group of the consumer protocol: what the broker answers, and that a member that has done nothing wrong goes on as if nothing had happened.

import { errorName } from '../../../src/wire/error-codes.ts'
import { consumerGroupDescribe } from '../../../src/wire/messages/consumer-group-describe.ts'
import { consumerGroupHeartbeat } from '../../../src/wire/messages/consumer-group-heartbeat.ts'
import { deleteGroups } from '../../../src/wire/messages/delete-groups.ts'
import { describeGroups } from '../../../src/wire/messages/describe-groups.ts'
import { heartbeat } from '../../../src/wire/messages/heartbeat.ts'
import { joinGroup } from '../../../src/wire/messages/join-group.ts'
import { leaveGroup } from '../../../src/wire/messages/leave-group.ts'
import { listGroups } from '../../../src/wire/messages/list-groups.ts'
import { offsetDelete } from '../../../src/wire/messages/offset-delete.ts'
import { syncGroup } from '../../../src/wire/messages/sync-group.ts'
import type { Draft } from '../../../src/wire/schema.ts'
import { ZERO_ID } from '../normalise.ts'
import { type Case, UNKNOWN_ID } from './case.ts'
import { LONGEST } from './classic-disturbances.ts'
import { subscription } from './classic-story.ts'
import { type Heartbeat, type Life, type Story, told } from './consumer-life.ts'

const [INT_MIN, INT_MAX] = [-(2 ** 31), 2 ** 31 - 1]
const MEMBER = 'healthy'

const joinsWith =
  (...refused: Partial<Heartbeat>[]): Story =>
  async (life) => {
    for (const changes of refused) await life.join('stranger', ['records'], changes)
  }
const beatsWith =
  (...refused: (Partial<Heartbeat> & { memberId?: string })[]): Story =>
  async (life) => {
    for (const { memberId = 'stranger', ...changes } of refused) await life.beat(memberId, changes)
  }

/** By those who are not in the group. */
const strangers: Readonly<Record<string, Story>> = {
  'epochs that are not': beatsWith(...[INT_MIN, -3, -2, -1, 1, 2, 3, INT_MAX].map((memberEpoch) => ({ memberEpoch }))),
  'epochs of an instance that is not': beatsWith(...[-2, -1, 2].map((memberEpoch) => ({ memberEpoch, instanceId: 'unknown' }))),
  'the longest names, by nobody': beatsWith(
    { memberId: LONGEST, memberEpoch: 2 },
    { memberEpoch: 2, instanceId: LONGEST },
    { memberEpoch: 2, rackId: LONGEST },
    { memberEpoch: 2, subscribedTopicRegex: LONGEST },
  ),
  'who joins without names': joinsWith(
    { instanceId: '' },
    { instanceId: ' ' },
    { rackId: '' },
    { rackId: ' ' },
    { groupId: '' },
    { groupId: ' ' },
  ),
  'who joins with odd timeouts': joinsWith(...[-1].map((rebalanceTimeoutMs) => ({ rebalanceTimeoutMs }))),
  'who joins with an assignor that there is not': joinsWith(
    ...['', ' ', 'RANGE', 'Uniform', 'sticky'].map((serverAssignor) => ({ serverAssignor })),
  ),
  'who joins with partitions': async (life) => {
    for (const topicId of [life.broker.topicIds.get('records')!, UNKNOWN_ID, ZERO_ID])
      await life.join('stranger', ['records'], { topicPartitions: [{ topicId, partitions: [0] }] })
    await life.join('stranger', ['records'], { topicPartitions: [{ topicId: UNKNOWN_ID, partitions: [] }] })
  },
  'who joins with a regular expression that is none': joinsWith(
    ...[
      '(',
      '[',
      '*',
      'a**',
      'a{2,1}',
      'a{1001}',
      String.raw`\1`,
      '(?=a)',
      '(?<!a)',
      '(?>a)',
      'a++',
      String.raw`\8`,
      '(?P<x',
      '[z-a]',
      '[[:nothing:]]',
    ].map((subscribedTopicRegex) => ({ subscribedTopicRegex })),
  ),
  'who joins without a subscription': joinsWith({ subscribedTopicNames: null }),
}

/** By the member itself, by mistake: it may go on all the same. */
const mistakes: Readonly<Record<string, Story>> = {
  'epochs that are not': beatsWith(...[INT_MIN, -3, -2, 1, 3, INT_MAX].map((memberEpoch) => ({ memberId: MEMBER, memberEpoch }))),
  'an instance that it is not': beatsWith(...['', 'unknown'].map((instanceId) => ({ memberId: MEMBER, memberEpoch: 2, instanceId }))),
  'partitions that are not': async (life) => {
    const topicId = life.broker.topicIds.get('records')!
    const claims = [
      [{ topicId: UNKNOWN_ID, partitions: [0] }],
      [{ topicId: ZERO_ID, partitions: [0] }],
      [{ topicId, partitions: [-1, INT_MAX] }],
      [{ topicId, partitions: [0, 0, 1, 1] }],
      [
        { topicId, partitions: [0] },
        { topicId, partitions: [1] },
      ],
    ]
    for (const topicPartitions of claims) await life.beat(MEMBER, { topicPartitions })
  },
  'an assignor that there is not': beatsWith({ memberId: MEMBER, memberEpoch: 2, serverAssignor: 'sticky' }),
  'a regular expression that is none': beatsWith({ memberId: MEMBER, memberEpoch: 2, subscribedTopicRegex: '(' }),
  'commits that it may not': async (life) => {
    for (const epoch of [INT_MIN, -2, -1, 0, 1, 3, INT_MAX]) await life.commit(MEMBER, epoch, 'records', [0])
    for (const memberId of ['', ' ', LONGEST]) await life.commit(memberId, 2, 'records', [0])
    await life.commit(MEMBER, 2, 'records', [-1, 99, 0, 0])
    await life.commit(MEMBER, 2, 'unknown', [0])
    await life.commit(MEMBER, 2, 'records', [0], 8)
  },
  'fetches that it may not': async (life) => {
    for (const epoch of [INT_MIN, -2, -1, 0, 1, 3, INT_MAX]) await life.fetch(MEMBER, epoch)
    for (const memberId of ['', ' ']) await life.fetch(memberId, 2)
  },
  'fetches as nobody, with an epoch': (life) => life.fetch(null, 2),
}

const joining = (life: Life, changes: Partial<Draft<typeof joinGroup.request>>) =>
  life.broker.ask(joinGroup, 9, {
    groupId: life.groupId,
    memberId: 'stranger',
    sessionTimeoutMs: 30_000,
    rebalanceTimeoutMs: 30_000,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: subscription('records') }],
    ...changes,
  })

/** In the classic protocol. */
const classics: Readonly<Record<string, Story>> = {
  async 'who joins with what is no consumer'(life) {
    for (const changes of [{ protocolType: 'connect' }, { protocolType: '' }, { protocols: [] }, { sessionTimeoutMs: 1 }])
      life.answers.push(await joining(life, changes))
  },
  async 'who joins with a subscription that is none'(life) {
    for (const metadata of [Buffer.from('no subscription'), Buffer.alloc(0), Buffer.from('ffff00000000ffffffff', 'hex')])
      life.answers.push(await joining(life, { protocols: [{ name: 'range', metadata }] }))
  },
  async 'who joins in the name of a member with the consumer protocol'(life) {
    life.answers.push(await joining(life, { memberId: MEMBER, protocolType: 'connect' }))
  },
  async 'a Heartbeat and a SyncGroup in its name, and a LeaveGroup in that of others'(life) {
    const { broker, groupId } = life
    for (const memberId of [MEMBER, 'unknown', '', LONGEST]) {
      const who = { groupId, memberId, generationId: 2, protocolType: 'consumer', protocolName: 'range' }
      life.answers.push(await broker.ask(heartbeat, 4, who), await broker.ask(syncGroup, 5, { ...who, assignments: [] }))
      const leaving = [memberId, ''].map((id) => ({ memberId: id === MEMBER ? '' : id, groupInstanceId: id === '' ? memberId : null }))
      life.answers.push(await broker.ask(leaveGroup, 5, { groupId, memberId: '', members: leaving }))
    }
  },
}

const others: Readonly<Record<string, Story>> = {
  async 'it is to be deleted, and what it reads'(life) {
    const { broker, groupId } = life
    life.answers.push(await broker.ask(deleteGroups, 2, { groupsNames: [groupId, groupId] }))
    const topics = ['records', 'empty', 'unknown', ''].map((name) => ({
      name,
      partitions: [0, -1, 99].map((partitionIndex) => ({ partitionIndex })),
    }))
    life.answers.push(await broker.ask(offsetDelete, 0, { groupId, topics }))
  },
  async 'it is described as what it is not, twice, and among others'(life) {
    const { broker, groupId } = life
    for (const version of [5, 6])
      life.answers.push(await broker.ask(describeGroups, version, { groups: [groupId], includeAuthorizedOperations: false }))
    life.answers.push(await broker.ask(consumerGroupDescribe, 1, { groupIds: [groupId, groupId], includeAuthorizedOperations: false }))
    life.answers.push(await broker.ask(consumerGroupDescribe, 1, { groupIds: [], includeAuthorizedOperations: false }))
  },
  async 'it is listed'(life) {
    for (const filter of [
      { typesFilter: ['Consumer'] },
      { typesFilter: ['classic'] },
      { statesFilter: ['STABLE'] },
      { statesFilter: ['assigning', 'Reconciling'] },
      {},
    ]) {
      const { groups, ...rest } = await life.broker.request(listGroups, 5, filter)
      life.answers.push({ ...rest, groups: groups.filter(({ groupId }) => groupId === life.groupId) })
    }
  },
}

/** Of a group with one member that has everything: before it, and afterwards. */
const undisturbed = (stories: Readonly<Record<string, Story>>): Readonly<Record<string, Story>> =>
  Object.fromEntries(
    Object.entries(stories).map(([title, disturb]): [string, Story] => [
      title,
      async (life) => {
        await life.join(MEMBER, ['records'])
        await disturb(life)
        await life.beat(MEMBER, { memberEpoch: 2, ...life.owning('records', 0, 1) })
        await life.commit(MEMBER, 2, 'records', [0, 1])
        await life.describe()
      },
    ]),
  )

/** Odd things that a member may say when it joins. */
const extremes: Readonly<Record<string, Story>> = {
  'rebalance timeouts of every length': async (life) => {
    for (const rebalanceTimeoutMs of [INT_MIN, -2, 1, INT_MAX])
      await life.join(`a${rebalanceTimeoutMs}`, ['unknown'], { rebalanceTimeoutMs })
    await life.describe()
  },
  'topics without names, with odd ones, with long ones, and named twice': async (life) => {
    await life.join('a', ['', 'a/b', '__consumer_offsets', 'records', 'records'])
    await life.join('a', [LONGEST])
    await life.describe()
  },
  'a member id of 32,767 bytes': async (life) => {
    await life.join(LONGEST, ['records'])
    await life.beat(LONGEST)
    await life.beat(LONGEST, { memberEpoch: -1 })
  },
  'an instance and a rack of 32,767 bytes': async (life) => {
    await life.join('a', ['records'], { instanceId: LONGEST, rackId: LONGEST })
    await life.beat('a', { instanceId: LONGEST })
    await life.beat('a', { instanceId: LONGEST, memberEpoch: -1 })
  },
  'a group id of 32,767 bytes': async (life) => {
    await life.join('a', ['records'], { groupId: `${LONGEST.slice(1)}z` })
    await life.beat('a', { groupId: `${LONGEST.slice(1)}z` })
    await life.beat('a', { groupId: `${LONGEST.slice(1)}z`, memberEpoch: -1 })
  },
  'a name of 32,767 bytes, and is to hear of it': async (life) => {
    await life.join('a', ['records'], { serverAssignor: LONGEST })
    await life.join('a', ['records'])
    await life.fetch(LONGEST, 2)
    life.answers.push(await life.broker.ask(consumerGroupDescribe, 1, { groupIds: [LONGEST], includeAuthorizedOperations: false }))
  },
}

const DREADFUL = [
  '(a+)+$',
  '(a|aa)+$',
  '((a{1,10}){1,10}){1,10}',
  '(.*)*(.*)*(.*)*x',
  'a{1000}',
  '(?i)nowhere',
  String.raw`\p{Greek}+`,
  String.raw`\Qa.b\E`,
  `nowhere${'.?'.repeat(500)}`,
  `no|${'where|'.repeat(2000)}no`,
]

/** In Kafka their topics are found behind the answer: what is answered before is another epoch. */
const regexes: Readonly<Record<string, Story>> = {
  'that are dreadful': (life) => accepted(life, DREADFUL),
  'that nest 500 times': (life) => accepted(life, [nested(500)]),
  'that nest 2000 times': (life) => accepted(life, [nested(2000)]),
}

const nested = (depth: number): string => '('.repeat(depth) + ')'.repeat(depth)

async function accepted(life: Life, expressions: readonly string[]): Promise<void> {
  for (const [place, subscribedTopicRegex] of expressions.entries()) {
    const request = {
      groupId: life.groupId,
      memberId: `a${place}`,
      memberEpoch: 0,
      rebalanceTimeoutMs: 60_000,
      subscribedTopicRegex,
      topicPartitions: [],
    }
    const { errorCode } = await life.broker.request(consumerGroupHeartbeat, 1, request)
    life.answers.push(errorName(errorCode))
  }
}

export const consumerDisturbances: readonly Case[] = [
  ...told('a consumer group, and a stranger’s', undisturbed(strangers)),
  ...told('a consumer group, and its member’s', undisturbed(mistakes)),
  ...told('a consumer group, and in the classic protocol', undisturbed(classics)),
  ...told('a consumer group, when', undisturbed(others)),
  ...told('who joins with', extremes),
  ...told('who joins with regular expressions', regexes),
]
