// ConsumerGroupHeartbeat and ConsumerGroupDescribe: lives of groups of the consumer protocol, every answer compared. Each case has a group, and mostly topics, of its own.

import { consumerGroupDescribe } from '../../../src/wire/messages/consumer-group-describe.ts'
import type { AskedBroker } from '../broker.ts'
import type { Case } from './case.ts'
import { type Story, told } from './consumer-life.ts'

const refusals: Readonly<Record<string, Story>> = {
  'no member id': (life) => life.join('', ['records']),
  'a blank member id': (life) => life.join(' ', ['records']),
  'no member id, and an epoch, v0': (life) => life.beat('', { memberEpoch: 1 }, 0),
  'an empty instance id': (life) => life.join('a', ['records'], { instanceId: '' }),
  'an empty rack id': (life) => life.join('a', ['records'], { rackId: '' }),
  'no rebalance timeout': (life) => life.join('a', ['records'], { rebalanceTimeoutMs: -1 }),
  'no word about partitions': (life) => life.join('a', ['records'], { topicPartitions: null }),
  'partitions of its own': (life) => life.join('a', ['records'], life.owning('records', 0)),
  'no subscription': (life) => life.join('a', null),
  'no topics': (life) => life.join('a', []),
  'an unknown topic': (life) => life.join('a', ['unknown']),
  'an empty regular expression': (life) => life.join('a', null, { subscribedTopicRegex: '' }),
  'a regular expression that is none': (life) => life.join('a', null, { subscribedTopicRegex: '(a' }),
  'a regular expression with a back-reference': (life) => life.join('a', null, { subscribedTopicRegex: String.raw`(a)\1` }),
  'a regular expression with a look-ahead': (life) => life.join('a', null, { subscribedTopicRegex: 'a(?=b)' }),
  'an unknown assignor': (life) => life.join('a', ['records'], { serverAssignor: 'sticky' }),
  'an empty assignor': (life) => life.join('a', ['records'], { serverAssignor: '' }),
  'a rebalance timeout of 0': (life) => life.join('a', ['records'], { rebalanceTimeoutMs: 0 }),
  'a member of a group that there is not': (life) => life.beat('a', { memberEpoch: 1 }),
  'a member that leaves a group that there is not': (life) => life.beat('a', { memberEpoch: -1 }),
  'a dynamic member that leaves for a while': (life) => life.beat('a', { memberEpoch: -2 }),
  'an epoch of -3': (life) => life.beat('a', { memberEpoch: -3 }),
}

const lives: Readonly<Record<string, Story>> = {
  async 'two members share a topic, one leaves, both leave'(life) {
    const topic = await life.broker.newTopic({}, 4)
    await life.join('a', [topic])
    await life.describe()
    await life.describe(0)
    await life.beat('a', life.owning(topic, 0, 1, 2, 3))
    await life.join('b', [topic])
    await life.describe()
    await life.assignmentIsDue()
    await life.beat('b')
    await life.beat('a')
    await life.describe()
    await life.beat('a', life.owning(topic, 0, 1, 2))
    await life.beat('b')
    await life.beat('a', life.owning(topic, 0, 1))
    await life.beat('b')
    await life.describe()
    await life.beat('b', { memberEpoch: -1 })
    await life.beat('b')
    await life.assignmentIsDue()
    await life.beat('a')
    await life.beat('a', { memberEpoch: -1 })
    await life.describe()
  },
  async 'epochs that are not the member’s'(life) {
    const topic = await life.broker.newTopic({}, 2)
    await life.join('a', [topic])
    await life.join('b', [topic])
    await life.assignmentIsDue()
    await life.beat('b')
    await life.beat('a')
    await life.beat('a', life.owning(topic, 0))
    for (const memberEpoch of [1, 4, 100]) await life.beat('a', { memberEpoch, ...life.owning(topic, 0) })
    await life.beat('a', { memberEpoch: 2 })
    await life.beat('a', { memberEpoch: 2, ...life.owning(topic, 0, 1) })
    await life.beat('a', { memberEpoch: 2, ...life.owning(topic, 0) })
    await life.join('a', [topic])
    await life.beat('nobody', { memberEpoch: 3 })
  },
  async 'a static member that is away, and one that takes its place'(life) {
    const topic = await life.broker.newTopic({}, 2)
    const instance = { instanceId: 'i', rackId: 'r' }
    await life.join('a', [topic], instance)
    await life.join('b', [topic], instance)
    await life.join('a', [topic], instance)
    await life.beat('b', { memberEpoch: 2, ...instance })
    await life.beat('a', { memberEpoch: 2, instanceId: 'j' })
    await life.beat('a', { memberEpoch: 2 })
    await life.beat('a', { memberEpoch: -2, ...instance })
    await life.describe()
    await life.beat('a', { memberEpoch: 2, ...instance })
    await life.join('b', [topic], instance)
    await life.describe()
    await life.beat('a', { memberEpoch: 2, ...instance })
    await life.beat('a', { memberEpoch: -1, ...instance })
    await life.beat('b', { memberEpoch: -1, ...instance })
    await life.describe()
  },
  async 'a member that changes what it is subscribed to'(life) {
    const [topic, other] = [await life.broker.newTopic({}, 2), await life.broker.newTopic({}, 3)]
    await life.join('a', [topic])
    await life.beat('a', { subscribedTopicNames: [other] })
    await life.describe()
    await life.beat('a', { topicPartitions: [] })
    await life.assignmentIsDue()
    await life.beat('a')
    await life.describe()
    await life.beat('a', { subscribedTopicNames: [other] })
    await life.beat('a', { subscribedTopicNames: [] })
    await life.describe()
  },
  async 'range, asked for by one of two'(life) {
    const [topic, other] = [await life.broker.newTopic({}, 3), await life.broker.newTopic({}, 3)]
    await life.join('b', [topic, other], { serverAssignor: 'range' })
    await life.join('a', [topic, other])
    await life.assignmentIsDue()
    await life.beat('a')
    await life.beat('b')
    await life.beat('b', { topicPartitions: [] })
    await life.beat('a')
    await life.describe()
  },
  async 'commits and fetches with epochs'(life) {
    const topic = await life.broker.newTopic({}, 4)
    await life.join('a', [topic])
    for (const [memberId, epoch] of [
      ['a', 2],
      ['a', 1],
      ['a', 3],
      ['a', -1],
      ['', -1],
      ['b', 2],
    ] as const)
      await life.commit(memberId, epoch, topic, [0])
    await life.commit('a', 2, topic, [0], 8)
    await life.join('b', [topic])
    await life.assignmentIsDue()
    await life.beat('b')
    await life.beat('a')
    await life.commit('a', 2, topic, [0, 1, 2, 3])
    await life.beat('a', life.owning(topic, 0, 1))
    await life.commit('a', 2, topic, [0, 1])
    await life.commit('a', 2, topic, [0, 2])
    await life.commit('a', 3, topic, [2])
    await life.beat('b')
    await life.commit('b', 2, topic, [2])
    await life.commit('b', 3, topic, [2])
    for (const [memberId, epoch] of [
      ['a', 3],
      ['a', 2],
      ['a', 4],
      ['z', 3],
      ['', -1],
      [null, -1],
    ] as const)
      await life.fetch(memberId, epoch)
    for (const memberId of ['a', 'b']) await life.beat(memberId, { memberEpoch: -1 })
    for (const [memberId, epoch] of [
      ['', -1],
      ['a', 3],
      ['a', -1],
    ] as const)
      await life.commit(memberId, epoch, topic, [0])
  },
}

export const consumerGroupCases: readonly Case[] = [
  ...told('ConsumerGroupHeartbeat', refusals),
  ...told('a consumer group', lives),
  ...[0, 1].map((version) => ({
    title: `ConsumerGroupDescribe v${version}: an unknown group, and one without a name`,
    ask: (broker: AskedBroker) =>
      broker.ask(consumerGroupDescribe, version, { groupIds: ['unknown', ''], includeAuthorizedOperations: true }),
  })),
]
