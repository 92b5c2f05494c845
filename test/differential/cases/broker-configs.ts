// The configs of brokers, altered while they run.

import { incrementalAlterConfigs } from '../../../src/wire/messages/incremental-alter-configs.ts'
import type { AskedBroker } from '../broker.ts'
import { requests, type Case } from './case.ts'
import {
  altering,
  APPEND,
  BROKER,
  checking,
  DELETE,
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

/** Changes of the broker's configs, what is seen of them there and on a topic, and all of it undone. */
const brokerStory = (
  title: string,
  steps: readonly { of: 'broker' | 'all'; changes: readonly Change[]; seen: Seen['values']; onTopics: Seen['values'] }[],
): Case => ({
  title: `IncrementalAlterConfigs v1: ${title}`,
  async ask(broker) {
    const id = String(broker.brokerId)
    const story: unknown[] = []
    for (const { of, changes, seen, onTopics } of steps) {
      const { responses } = await broker.request(incrementalAlterConfigs, 1, altering(resource(BROKER, of === 'all' ? '' : id, ...changes)))
      story.push(broker.comparable({ errorCode: responses[0]!.errorCode }))
      story.push(await see(broker, { resourceType: BROKER, resourceName: id, values: seen }))
      story.push(await see(broker, { resourceType: TOPIC, resourceName: 'written', values: onTopics }))
    }
    return story
  },
})

const onBroker =
  (...changes: readonly Change[]) =>
  (broker: AskedBroker) =>
    checking(resource(BROKER, String(broker.brokerId), ...changes))
const onAll = (...changes: readonly Change[]) => checking(resource(BROKER, '', ...changes))

export const brokerConfigCases: Case[] = [
  brokerStory('a default of topics, of the broker and of all brokers', [
    {
      of: 'broker',
      changes: [['log.retention.ms', SET, '8000']],
      seen: { 'log.retention.ms': '8000' },
      onTopics: { 'retention.ms': '8000' },
    },
    {
      of: 'all',
      changes: [
        ['log.retention.ms', SET, '9000'],
        ['log.flush.interval.ms', SET, '777'],
      ],
      seen: { 'log.retention.ms': '8000', 'log.flush.interval.ms': '777' },
      onTopics: { 'retention.ms': '8000', 'flush.ms': '777' },
    },
    {
      of: 'broker',
      changes: [['log.retention.ms', DELETE, null]],
      seen: { 'log.retention.ms': '9000' },
      onTopics: { 'retention.ms': '9000' },
    },
    {
      of: 'all',
      changes: [
        ['log.retention.ms', DELETE, null],
        ['log.flush.interval.ms', DELETE, null],
      ],
      seen: { 'log.retention.ms': null, 'log.flush.interval.ms': null },
      onTopics: { 'retention.ms': '604800000', 'flush.ms': '9223372036854775807' },
    },
  ]),
  brokerStory('a list that is a default of topics', [
    {
      of: 'broker',
      changes: [['log.cleanup.policy', APPEND, 'compact']],
      seen: { 'log.cleanup.policy': 'delete,compact' },
      onTopics: { 'cleanup.policy': 'delete,compact' },
    },
    {
      of: 'broker',
      changes: [['log.cleanup.policy', SUBTRACT, 'delete']],
      seen: { 'log.cleanup.policy': 'compact' },
      onTopics: { 'cleanup.policy': 'compact' },
    },
    {
      of: 'broker',
      changes: [['log.cleanup.policy', DELETE, null]],
      seen: { 'log.cleanup.policy': 'delete' },
      onTopics: { 'cleanup.policy': 'delete' },
    },
  ]),
  brokerStory('what means something to Kafka alone', [
    { of: 'broker', changes: [['num.io.threads', SET, '9']], seen: { 'num.io.threads': '9' }, onTopics: {} },
    {
      of: 'all',
      changes: [
        ['num.io.threads', SET, '10'],
        ['log.cleaner.threads', SET, '2'],
      ],
      seen: { 'num.io.threads': '9', 'log.cleaner.threads': '2' },
      onTopics: {},
    },
    { of: 'broker', changes: [['num.io.threads', DELETE, null]], seen: { 'num.io.threads': '10' }, onTopics: {} },
    {
      of: 'all',
      changes: [
        ['num.io.threads', DELETE, null],
        ['log.cleaner.threads', DELETE, null],
      ],
      seen: { 'num.io.threads': '8', 'log.cleaner.threads': '1' },
      onTopics: {},
    },
  ]),
  {
    title: 'DescribeConfigs v4: what was set for all brokers',
    async ask(broker) {
      const change = (operation: number, value: string | null) => altering(resource(BROKER, '', ['log.roll.ms', operation, value]))
      await broker.request(incrementalAlterConfigs, 1, change(SET, '4000'))
      const set = await see(broker, { resourceType: BROKER, resourceName: '', values: { 'log.roll.ms': '4000' } })
      await broker.request(incrementalAlterConfigs, 1, change(DELETE, null))
      await see(broker, { resourceType: BROKER, resourceName: String(broker.brokerId), values: { 'log.roll.ms': null } })
      return set
    },
  },
  ...requests(incrementalAlterConfigs, 1, {
    'a read-only broker config': onBroker(['num.partitions', SET, '3']),
    'a read-only broker config, for all': onAll(['num.partitions', SET, '3']),
    'a read-only broker config, deleted': onBroker(['num.partitions', DELETE, null]),
    'two read-only broker configs and one that is not': onBroker(
      ['num.partitions', SET, '3'],
      ['log.dirs', SET, '/x'],
      ['log.retention.ms', SET, '1'],
    ),
    'hours, of the broker': onBroker(['log.retention.hours', SET, '2']),
    'advertised.listeners': onBroker(['advertised.listeners', SET, 'PLAINTEXT://x:1']),
    'advertised.listeners, for all': onAll(['advertised.listeners', SET, 'PLAINTEXT://x:1']),
    'an unknown broker config': onBroker(['no.such', SET, '3']),
    'a topic config, of the broker': onBroker(['retention.ms', SET, '3']),
    'a bad value, of the broker': onBroker(['log.retention.ms', SET, 'x']),
    'a bad value, for all brokers': onAll(['log.retention.ms', SET, 'x']),
    'a number out of range, of the broker': onBroker(['log.segment.bytes', SET, '1']),
    'something appended to a number, of the broker': onBroker(['num.io.threads', APPEND, '1']),
    'no value, of the broker': onBroker(['log.retention.ms', SET, null]),
    'a good value, of the broker, validateOnly': onBroker(['message.max.bytes', SET, '5']),
    'how long producers are remembered, validateOnly': onBroker(['producer.id.expiration.ms', SET, '5000']),
    'another broker': checking(resource(BROKER, '99', ['log.retention.ms', SET, '1'])),
    'a broker that is no number': checking(resource(BROKER, 'one', ['log.retention.ms', SET, '1'])),
    'an unknown logger': (broker) => checking(resource(LOGGER, String(broker.brokerId), ['no.such.logger', SET, 'INFO'])),
    'a logger of another broker': checking(resource(LOGGER, '99', ['no.such.logger', SET, 'INFO'])),
    'client metrics': checking(resource(METRICS, 'm', ['interval.ms', SET, '1000'])),
    'an unknown config of client metrics': checking(resource(METRICS, 'm', ['no.such', SET, '1000'])),
  }),
]
