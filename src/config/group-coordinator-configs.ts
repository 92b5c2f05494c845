// The broker configs of the group coordinator: Kafka's names, defaults and limits. What a group may set for itself is in group-configs.ts.

import { int, INT_MAX, long } from './row-kinds.ts'

export const groupCoordinatorConfigs = {
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
    doc: 'A commit that is not on disk after this long is answered REQUEST_TIMED_OUT; it may still hold.',
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
    atLeast: 1,
    doc: 'The `segment.bytes` that `__consumer_offsets` gets when it is made.',
  }),
}
