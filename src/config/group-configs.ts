// The configs of a group: Kafka's names, types and defaults (compared with Kafka's own table by a test). `broker` is the broker config that is the default; those
// of share and streams groups have no row yet, nor do their limits: they are those of a Kafka with default settings. What is set of consumer groups is between
// the broker's limits, and groups read it; the others are kept and reported.

import { brokerConfigs } from './broker-configs.ts'
import type { BrokerConfig } from './resolve.ts'
import { boolean, custom, int, type Row, string } from './row-kinds.ts'

const SESSION_TIMEOUT = { default: 45_000, atLeast: 45_000, atMost: 60_000 } as const
const HEARTBEAT_INTERVAL = { default: 5000, atLeast: 5000, atMost: 15_000 } as const
const ASSIGNMENT_INTERVAL = { default: 1000, atLeast: 0, atMost: 15_000 } as const

const DURATION = /^by_duration:P(?=\d|T\d)(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d{1,9})?S)?)?$/i

export const groupConfigs = {
  'consumer.assignment.interval.ms': int({
    default: ASSIGNMENT_INTERVAL.default,
    atLeast: 0,
    broker: 'group.consumer.assignment.interval.ms',
    doc: 'The shortest time between two assignments of a consumer group (KIP-848).',
  }),
  'consumer.heartbeat.interval.ms': int({
    default: HEARTBEAT_INTERVAL.default,
    atLeast: 1,
    broker: 'group.consumer.heartbeat.interval.ms',
    doc: 'How often the members of a consumer group (KIP-848) are to send heartbeats.',
  }),
  'consumer.session.timeout.ms': int({
    default: SESSION_TIMEOUT.default,
    atLeast: 1,
    broker: 'group.consumer.session.timeout.ms',
    doc: 'A member of a consumer group (KIP-848) that is silent for this long is put out of the group.',
  }),
  'share.assignment.interval.ms': int({
    ...ASSIGNMENT_INTERVAL,
    broker: 'group.share.assignment.interval.ms',
    doc: 'The shortest time between two assignments of a share group.',
  }),
  'share.auto.offset.reset': custom({
    type: 'STRING',
    default: 'latest',
    takes: 'latest, earliest or by_duration: and a duration as PT1H30M',
    parse: (text) => (text === 'latest' || text === 'earliest' || DURATION.test(text) ? text : undefined),
    doc: 'Where a share group begins on a partition that it has not read yet; `by_duration:PT1H` is an hour ago.',
  }),
  'share.delivery.count.limit': int({
    default: 5,
    atLeast: 2,
    atMost: 10,
    broker: 'group.share.delivery.count.limit',
    doc: 'How often a share group delivers a record before it gives up on it.',
  }),
  'share.heartbeat.interval.ms': int({
    ...HEARTBEAT_INTERVAL,
    broker: 'group.share.heartbeat.interval.ms',
    doc: 'How often the members of a share group are to send heartbeats.',
  }),
  'share.isolation.level': string({
    default: 'read_uncommitted',
    oneOf: ['read_committed', 'read_uncommitted'],
    doc: 'Whether a share group sees the records of transactions before they are committed.',
  }),
  'share.partition.max.record.locks': int({
    default: 2000,
    atLeast: 100,
    atMost: 4000,
    broker: 'group.share.partition.max.record.locks',
    doc: 'The most records of a partition that a share group may have delivered and not heard of.',
  }),
  'share.record.lock.duration.ms': int({
    default: 30_000,
    atLeast: 15_000,
    atMost: 60_000,
    broker: 'group.share.record.lock.duration.ms',
    doc: 'How long a member of a share group may take over a record before it is delivered to another.',
  }),
  'share.renew.acknowledge.enable': boolean({
    default: true,
    doc: 'Whether members of a share group may ask for more time over a record.',
  }),
  'share.session.timeout.ms': int({
    ...SESSION_TIMEOUT,
    broker: 'group.share.session.timeout.ms',
    doc: 'A member of a share group that is silent for this long is put out of the group.',
  }),
  'streams.assignment.interval.ms': int({
    ...ASSIGNMENT_INTERVAL,
    broker: 'group.streams.assignment.interval.ms',
    doc: 'The shortest time between two assignments of a streams group.',
  }),
  'streams.heartbeat.interval.ms': int({
    ...HEARTBEAT_INTERVAL,
    broker: 'group.streams.heartbeat.interval.ms',
    doc: 'How often the members of a streams group are to send heartbeats.',
  }),
  'streams.initial.rebalance.delay.ms': int({
    default: 3000,
    atLeast: 0,
    broker: 'group.streams.initial.rebalance.delay.ms',
    doc: 'How long a new streams group waits for more members before its first assignment.',
  }),
  'streams.num.standby.replicas': int({
    default: 0,
    atLeast: 0,
    atMost: 2,
    broker: 'group.streams.num.standby.replicas',
    doc: 'How many standby replicas each task of a streams group has.',
  }),
  'streams.session.timeout.ms': int({
    ...SESSION_TIMEOUT,
    broker: 'group.streams.session.timeout.ms',
    doc: 'A member of a streams group that is silent for this long is put out of the group.',
  }),
}

interface Limits {
  readonly least: number
  readonly most: number
}

/** What this broker allows, by name of a group config. */
export function groupLimits(broker: BrokerConfig): Readonly<Record<string, Limits>> {
  return {
    'consumer.assignment.interval.ms': {
      least: broker['group.consumer.min.assignment.interval.ms'],
      most: broker['group.consumer.max.assignment.interval.ms'],
    },
    'consumer.heartbeat.interval.ms': {
      least: broker['group.consumer.min.heartbeat.interval.ms'],
      most: broker['group.consumer.max.heartbeat.interval.ms'],
    },
    'consumer.session.timeout.ms': {
      least: broker['group.consumer.min.session.timeout.ms'],
      most: broker['group.consumer.max.session.timeout.ms'],
    },
  }
}

/** The text in force where a group has none of its own. */
export function defaultOfGroup(name: string, { given }: Pick<BrokerConfig, 'given'>): string | null {
  const row = (groupConfigs as Readonly<Record<string, Row<unknown>>>)[name]!
  const brokers = row.broker === undefined ? undefined : brokerConfigs.get(row.broker)
  return brokers === undefined ? row.default : (given.get(row.broker!) ?? brokers.default)
}
