// The configs of topics and groups altered, and configs described: DescribeConfigs, IncrementalAlterConfigs, AlterConfigs, ListConfigResources.

import { alterConfigs } from '../../../src/wire/messages/alter-configs.ts'
import { describeConfigs } from '../../../src/wire/messages/describe-configs.ts'
import { incrementalAlterConfigs } from '../../../src/wire/messages/incremental-alter-configs.ts'
import { listConfigResources } from '../../../src/wire/messages/list-config-resources.ts'
import type { AskedBroker } from '../broker.ts'
import { requests, type Case } from './case.ts'
import {
  altering,
  APPEND,
  BROKER,
  checking,
  DELETE,
  GROUP,
  LOGGER,
  METRICS,
  resource,
  see,
  SET,
  SUBTRACT,
  TOPIC,
  type Change,
  type Seen,
} from './config-changes.ts'

/** Of a topic that every run has, when nothing comes of it. */
const topic = (...changes: readonly Change[]) => checking(resource(TOPIC, 'empty', ...changes))

const replaced = (resourceType: number, resourceName: string, ...configs: readonly (readonly [name: string, value: string | null])[]) => ({
  resourceType,
  resourceName,
  configs: configs.map(([name, value]) => ({ name, value })),
})

/** Changes of a new topic, one after the other, and what is seen of its configs after each. */
const topicStory = (title: string, steps: readonly (readonly [changes: readonly Change[], values: Seen['values']])[]): Case => ({
  title: `IncrementalAlterConfigs v1: ${title}`,
  async ask(broker) {
    const name = await broker.newTopic({ 'retention.ms': '5000' })
    const story: unknown[] = []
    for (const [changes, values] of steps) {
      const { responses } = await broker.request(incrementalAlterConfigs, 1, altering(resource(TOPIC, name, ...changes)))
      story.push(broker.comparable({ errorCode: responses[0]!.errorCode }))
      story.push(await see(broker, { resourceType: TOPIC, resourceName: name, values }))
    }
    return story
  },
})

const topicChanges: Case[] = [
  topicStory('a topic config set, set again and deleted', [
    [
      [
        ['retention.ms', SET, '7000'],
        ['flush.ms', SET, '12'],
      ],
      { 'retention.ms': '7000', 'flush.ms': '12' },
    ],
    [[['retention.ms', SET, '8000']], { 'retention.ms': '8000', 'flush.ms': '12' }],
    [
      [
        ['retention.ms', DELETE, null],
        ['flush.ms', DELETE, 'x'],
      ],
      { 'retention.ms': '604800000', 'flush.ms': '9223372036854775807' },
    ],
  ]),
  topicStory('a list, appended to and subtracted from', [
    [[['cleanup.policy', APPEND, 'compact']], { 'cleanup.policy': 'delete,compact' }],
    [[['cleanup.policy', APPEND, 'compact']], { 'cleanup.policy': 'delete,compact' }],
    [[['cleanup.policy', SUBTRACT, 'delete']], { 'cleanup.policy': 'compact' }],
    [[['cleanup.policy', SUBTRACT, 'delete']], { 'cleanup.policy': 'compact' }],
    [[['cleanup.policy', SUBTRACT, 'compact']], { 'cleanup.policy': '' }],
    [[['cleanup.policy', APPEND, 'compact,delete']], { 'cleanup.policy': 'compact,delete' }],
    [[['leader.replication.throttled.replicas', APPEND, '0:1,1:1']], { 'leader.replication.throttled.replicas': '0:1,1:1' }],
  ]),
  topicStory('a bad value beside a good one', [
    [
      [
        ['retention.ms', SET, '9000'],
        ['segment.bytes', SET, '1'],
      ],
      { 'retention.ms': '5000' },
    ],
  ]),
  ...requests(incrementalAlterConfigs, 1, {
    'a good value, validateOnly': topic(['retention.ms', SET, '5000']),
    'a bad value, validateOnly': topic(['retention.ms', SET, 'x']),
    'no value': topic(['retention.ms', SET, null]),
    'no value to append': topic(['cleanup.policy', APPEND, null]),
    'an empty number': topic(['retention.ms', SET, '']),
    'a number out of range': topic(['segment.bytes', SET, '1']),
    'an unknown config': topic(['no.such', SET, '1']),
    'an empty config': topic(['', SET, '1']),
    'an unknown config, deleted': topic(['no.such', DELETE, null]),
    'a config that is not set, deleted': topic(['segment.ms', DELETE, null]),
    'something appended to a number': topic(['retention.ms', APPEND, '1']),
    'something subtracted from a string': topic(['compression.type', SUBTRACT, 'gzip']),
    'a bad value appended': topic(['cleanup.policy', APPEND, 'rot']),
    'an unknown operation': topic(['retention.ms', 9, '1']),
    'the same config twice': topic(['retention.ms', SET, '1'], ['retention.ms', SET, '2']),
    'the same config twice, with other operations': topic(['cleanup.policy', APPEND, 'compact'], ['cleanup.policy', DELETE, null]),
    'compaction lags that contradict': topic(['min.compaction.lag.ms', SET, '10'], ['max.compaction.lag.ms', SET, '5']),
    'tiered storage': topic(['remote.storage.enable', SET, 'true']),
    'no change': topic(),
    'the same topic twice': checking(
      resource(TOPIC, 'empty', ['flush.ms', SET, '1']),
      resource(TOPIC, 'empty', ['flush.ms', SET, '2']),
      resource(TOPIC, 'written', ['flush.ms', SET, '2']),
    ),
    'good and bad ones': checking(resource(TOPIC, 'empty', ['flush.ms', SET, 'x']), resource(TOPIC, 'written', ['flush.ms', SET, '2'])),
    'an unknown topic': checking(resource(TOPIC, 'unknown', ['flush.ms', SET, '1'])),
    'an illegal topic': checking(resource(TOPIC, 'a/b', ['flush.ms', SET, '1'])),
    'an empty topic': checking(resource(TOPIC, '', ['flush.ms', SET, '1'])),
    'an unknown type of resource': checking(resource(99, 'x', ['flush.ms', SET, '1'])),
    'resource type 0': checking(resource(0, 'x', ['flush.ms', SET, '1'])),
    none: altering(),
  }),
  ...requests(incrementalAlterConfigs, 0, { 'a good value, validateOnly': topic(['retention.ms', SET, '5000']) }),
]

/** At and beside each limit. */
const GROUP_LIMITS: Readonly<Record<string, readonly string[]>> = {
  'consumer.assignment.interval.ms': ['-1', '0', '15000', '15001'],
  'consumer.heartbeat.interval.ms': ['4999', '5000', '15000', '15001'],
  'consumer.session.timeout.ms': ['44999', '45000', '60000', '60001', 'x', ''],
  'share.assignment.interval.ms': ['-1', '0', '15000', '15001'],
  'share.auto.offset.reset': [
    'earliest',
    'latest',
    'by_duration:PT1H',
    'by_duration:P1DT2H3M4.5S',
    'by_duration:x',
    'by_duration:P',
    'by_duration:PT',
    'by_duration:',
    'by_duration:-PT1H',
    'LATEST',
    '',
  ],
  'share.delivery.count.limit': ['1', '2', '10', '11'],
  'share.heartbeat.interval.ms': ['4999', '5000', '15000', '15001'],
  'share.isolation.level': ['read_committed', 'READ_COMMITTED', 'none'],
  'share.partition.max.record.locks': ['99', '100', '4000', '4001'],
  'share.record.lock.duration.ms': ['14999', '15000', '60000', '60001'],
  'share.renew.acknowledge.enable': ['true', 'FALSE', 'yes'],
  'share.session.timeout.ms': ['44999', '45000', '60000', '60001'],
  'streams.assignment.interval.ms': ['-1', '0', '15000', '15001'],
  'streams.heartbeat.interval.ms': ['4999', '5000', '15000', '15001'],
  'streams.initial.rebalance.delay.ms': ['-1', '0', '2147483647'],
  'streams.num.standby.replicas': ['-1', '0', '2', '3'],
  'streams.session.timeout.ms': ['44999', '45000', '60000', '60001'],
}

const groupLimits: Case[] = Object.entries(GROUP_LIMITS).map(([name, values]) => ({
  title: `IncrementalAlterConfigs v1: the limits of ${name}`,
  async ask(broker) {
    const answers: Record<string, unknown> = {}
    for (const value of values) {
      const { responses } = await broker.request(incrementalAlterConfigs, 1, checking(resource(GROUP, 'limited', [name, SET, value])))
      answers[`"${value}"`] = broker.comparable({ errorCode: responses[0]!.errorCode })
    }
    return answers
  },
}))

const SESSION_TIMEOUT = 'consumer.session.timeout.ms'
const groupChanges: Case[] = [
  {
    title: 'IncrementalAlterConfigs v1: a group config set and deleted, and the groups that have some',
    async ask(broker) {
      const story: unknown[] = []
      for (const [operation, value, seen] of [
        [SET, '50000', '50000'],
        [DELETE, null, '45000'],
      ] as const) {
        const request = altering(resource(GROUP, 'configured', [SESSION_TIMEOUT, operation, value]))
        story.push(await broker.ask(incrementalAlterConfigs, 1, request))
        story.push(await see(broker, { resourceType: GROUP, resourceName: 'configured', values: { [SESSION_TIMEOUT]: seen } }))
        story.push(await broker.ask(listConfigResources, 1, { resourceTypes: [GROUP] }))
      }
      return story
    },
  },
  ...groupLimits,
  ...requests(incrementalAlterConfigs, 1, {
    'an unknown group config': checking(resource(GROUP, 'g', ['no.such', SET, '1'])),
    'a group config without value': checking(resource(GROUP, 'g', [SESSION_TIMEOUT, SET, null])),
    'something appended to a group config': checking(resource(GROUP, 'g', [SESSION_TIMEOUT, APPEND, '1'])),
    'an empty group': checking(resource(GROUP, '', [SESSION_TIMEOUT, SET, '50000'])),
  }),
]

const described = (resourceType: number, resourceName: string, configurationKeys: readonly string[] | null = null, more: object = {}) => ({
  resources: [{ resourceType, resourceName, configurationKeys }],
  ...more,
})
const everything = { includeSynonyms: true, includeDocumentation: true }

const DYNAMIC_CONFIGS = [
  'log.retention.ms',
  'log.flush.interval.ms',
  'log.roll.ms',
  'min.insync.replicas',
  'message.max.bytes',
  'num.io.threads',
  'log.cleaner.io.max.bytes.per.second',
  'log.cleaner.io.buffer.load.factor',
  'max.connections.per.ip.overrides',
  'producer.id.expiration.ms',
  'num.partitions',
  'log.retention.hours',
]

const descriptions: Case[] = [
  ...[1, 2, 3, 4].flatMap((version) =>
    requests(describeConfigs, version, {
      'all configs of a group': described(GROUP, 'unknown', null, { includeSynonyms: true, ...(version >= 3 && everything) }),
      'broker configs that can be altered': (broker) =>
        described(BROKER, String(broker.brokerId), DYNAMIC_CONFIGS, { includeSynonyms: true }),
    }),
  ),
  ...requests(describeConfigs, 4, {
    'some configs of a group': described(GROUP, 'g', [SESSION_TIMEOUT, 'no.such']),
    'an empty group': described(GROUP, '', [SESSION_TIMEOUT]),
    'an unknown logger': (broker) => described(LOGGER, String(broker.brokerId), ['no.such.logger']),
    'the loggers of another broker': described(LOGGER, '99'),
    'the loggers of no broker': described(LOGGER, ''),
    'client metrics': described(METRICS, 'm'),
    'client metrics without a name': described(METRICS, ''),
    'resource type 0': described(0, 'x'),
    'the same resource twice': {
      resources: [0, 1].map(() => ({ resourceType: TOPIC, resourceName: 'empty', configurationKeys: ['flush.ms'] })),
    },
  }),
]

const replacing = (...resources: readonly ReturnType<typeof replaced>[]) => ({ resources, validateOnly: false })
const checkingAll = (...resources: readonly ReturnType<typeof replaced>[]) => ({ resources, validateOnly: true })

const replacements: Case[] = [
  ...[0, 1, 2].map((version) => ({
    title: `AlterConfigs v${version}: a topic's configs, replaced and taken away`,
    async ask(broker: AskedBroker) {
      const name = await broker.newTopic({ 'flush.ms': '5' })
      const story: unknown[] = []
      for (const [configs, values] of [
        [[['retention.ms', '100']], { 'retention.ms': '100', 'flush.ms': '9223372036854775807' }],
        [[], { 'retention.ms': '604800000' }],
      ] as const) {
        const { responses } = await broker.request(alterConfigs, version, replacing(replaced(TOPIC, name, ...configs)))
        story.push(broker.comparable({ errorCode: responses[0]!.errorCode }))
        story.push(await see(broker, { resourceType: TOPIC, resourceName: name, values }))
      }
      return story
    },
  })),
  ...requests(alterConfigs, 2, {
    'a good value, validateOnly': checkingAll(replaced(TOPIC, 'empty', ['retention.ms', '1'])),
    'no value': checkingAll(replaced(TOPIC, 'empty', ['retention.ms', null])),
    'a bad value': checkingAll(replaced(TOPIC, 'empty', ['retention.ms', 'x'])),
    'an unknown config': checkingAll(replaced(TOPIC, 'empty', ['no.such', '1'])),
    'the same config twice': checkingAll(replaced(TOPIC, 'empty', ['retention.ms', '1'], ['retention.ms', '2'])),
    'the same topic twice': checkingAll(replaced(TOPIC, 'empty', ['retention.ms', '1']), replaced(TOPIC, 'empty', ['retention.ms', '2'])),
    'an unknown topic': checkingAll(replaced(TOPIC, 'unknown', ['retention.ms', '1'])),
    'an illegal topic': checkingAll(replaced(TOPIC, 'a/b', ['retention.ms', '1'])),
    'a broker config, validateOnly': (broker) => checkingAll(replaced(BROKER, String(broker.brokerId), ['log.retention.ms', '1'])),
    'a read-only broker config': (broker) => checkingAll(replaced(BROKER, String(broker.brokerId), ['num.partitions', '1'])),
    'another broker': checkingAll(replaced(BROKER, '99', ['log.retention.ms', '1'])),
    'a group config, validateOnly': checkingAll(replaced(GROUP, 'g', [SESSION_TIMEOUT, '50000'])),
    'a bad group config': checkingAll(replaced(GROUP, 'g', [SESSION_TIMEOUT, '1'])),
    'a logger': (broker) => checkingAll(replaced(LOGGER, String(broker.brokerId), ['x', 'INFO'])),
    'an unknown type of resource': checkingAll(replaced(99, 'x', ['retention.ms', '1'])),
    none: replacing(),
  }),
]

const lists: Case[] = [
  ...requests(listConfigResources, 0, { 'client metrics': {} }),
  ...requests(listConfigResources, 1, {
    brokers: { resourceTypes: [BROKER] },
    loggers: { resourceTypes: [LOGGER] },
    'client metrics': { resourceTypes: [METRICS] },
    'an unknown type': { resourceTypes: [99] },
    'brokers and an unknown type': { resourceTypes: [BROKER, 99] },
    'brokers twice': { resourceTypes: [BROKER, BROKER] },
  }),
]

export const configCases: Case[] = [...topicChanges, ...groupChanges, ...descriptions, ...replacements, ...lists]
