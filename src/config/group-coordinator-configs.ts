// The broker configs of the group coordinator: Kafka's names, defaults and limits. What a group may set for itself is in group-configs.ts.

import { int, long } from './row-kinds.ts'

export const groupCoordinatorConfigs = {
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
