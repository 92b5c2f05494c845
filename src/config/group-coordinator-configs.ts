// The broker configs of the group coordinator: Kafka's names, defaults and limits. What a group may set for itself is in group-configs.ts.

import { int, INT_MAX, list, long, string } from './row-kinds.ts'

const ASSIGNORS = ['uniform', 'range']
const PROTOCOLS = ['classic', 'consumer', 'share', 'streams']

export const groupCoordinatorConfigs = {
  'group.consumer.assignment.interval.ms': int({
    default: 1000,
    atLeast: 0,
    doc: 'The shortest time between two assignments of a consumer group (KIP-848), unless the group says otherwise: members that come at once are assigned to together.',
  }),
  'group.consumer.assignors': list({
    default: 'uniform,range',
    takes: `a list of ${ASSIGNORS.join(' and ')}`,
    accepts: (names) => names.length > 0 && names.every((name) => ASSIGNORS.includes(name)),
    doc: 'How the partitions of a consumer group (KIP-848) may be assigned; the first is taken where the members do not say.',
  }),
  'group.consumer.heartbeat.interval.ms': int({
    default: 5000,
    atLeast: 1,
    doc: 'How often the members of a consumer group (KIP-848) are to send heartbeats, unless the group says otherwise.',
  }),
  'group.consumer.max.assignment.interval.ms': int({
    default: 15_000,
    atLeast: 0,
    doc: 'The most that `consumer.assignment.interval.ms` of a group may be.',
  }),
  'group.consumer.max.heartbeat.interval.ms': int({
    default: 15_000,
    atLeast: 1,
    doc: 'The most that `consumer.heartbeat.interval.ms` of a group may be.',
  }),
  'group.consumer.max.session.timeout.ms': int({
    default: 60_000,
    atLeast: 1,
    doc: 'The most that `consumer.session.timeout.ms` of a group may be.',
  }),
  'group.consumer.max.size': int({ default: INT_MAX, atLeast: 1, doc: 'The most members of a consumer group (KIP-848).' }),
  'group.consumer.migration.policy': string({
    default: 'bidirectional',
    oneOf: ['disabled', 'downgrade', 'upgrade', 'bidirectional'],
    doc: 'Whether a group with members changes to the consumer protocol (KIP-848) when the first member with it comes, and back when the last one leaves.',
  }),
  'group.consumer.min.assignment.interval.ms': int({
    default: 0,
    atLeast: 0,
    doc: 'The least that `consumer.assignment.interval.ms` of a group may be.',
  }),
  'group.consumer.min.heartbeat.interval.ms': int({
    default: 5000,
    atLeast: 1,
    doc: 'The least that `consumer.heartbeat.interval.ms` of a group may be.',
  }),
  'group.consumer.min.session.timeout.ms': int({
    default: 45_000,
    atLeast: 1,
    doc: 'The least that `consumer.session.timeout.ms` of a group may be.',
  }),
  'group.consumer.session.timeout.ms': int({
    default: 45_000,
    atLeast: 1,
    doc: 'A member of a consumer group (KIP-848) that is silent for this long is put out of the group, unless the group says otherwise.',
  }),
  'group.coordinator.rebalance.protocols': list({
    default: 'classic,consumer,streams',
    takes: `a list of ${PROTOCOLS.join(', ')}`,
    accepts: (names) => names.every((name) => PROTOCOLS.includes(name)),
    doc: 'Which kinds of groups there are. Without `consumer`, clients with `group.protocol=consumer` are refused.',
  }),
  'group.initial.rebalance.delay.ms': int({
    default: 3000,
    doc: 'How long the first member of an empty classic group waits for others, so that they need not rebalance one after the other. 0 suits tests.',
  }),
  'group.max.session.timeout.ms': int({
    default: 1_800_000,
    doc: 'The longest `session.timeout.ms` that a member of a classic group may ask for.',
  }),
  'group.max.size': int({ default: INT_MAX, atLeast: 1, doc: 'The most members of a classic group.' }),
  'group.min.session.timeout.ms': int({
    default: 6000,
    doc: 'The shortest `session.timeout.ms` that a member of a classic group may ask for.',
  }),
  'offset.metadata.max.bytes': int({ default: 4096, doc: 'The longest text that may be committed with an offset.' }),
  'offsets.commit.timeout.ms': int({
    default: 5000,
    atLeast: 1,
    doc: 'A commit that is not on disk after this long is answered COORDINATOR_NOT_AVAILABLE; it may still hold.',
  }),
  'offsets.retention.check.interval.ms': long({
    default: 600_000,
    atLeast: 1,
    doc: 'How often the broker looks for committed offsets that are too old.',
  }),
  'offsets.retention.minutes': int({
    default: 10_080,
    atLeast: 1,
    doc: 'What a group has committed goes when it had no members for this long; where there is no group, when it was committed this long ago.',
  }),
  'offsets.topic.num.partitions': int({
    default: 50,
    atLeast: 1,
    doc: 'How many partitions `__consumer_offsets` gets when it is made. Not to be changed afterwards: groups would look for their offsets in the wrong one.',
  }),
  'offsets.topic.segment.bytes': int({
    default: 100 << 20,
    atLeast: 1 << 20, // as `segment.bytes`: with less the topic could not be made, and there were no groups
    doc: 'The `segment.bytes` that `__consumer_offsets` gets when it is made.',
  }),
}
