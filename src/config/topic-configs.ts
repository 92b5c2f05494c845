// The configs of a topic: Kafka's names, types, defaults and limits (compared with Kafka's own table by a test), and `durability`, which is ours.
// Those marked `stored` are kept and reported, and mean nothing yet.

import { boolean, double, int, list, long, LONG_MAX, string } from './row-kinds.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const CLEANUP_POLICIES = new Set(['delete', 'compact'])

const throttledReplicas = {
  default: '',
  takes: '* or a list of partition:broker pairs, as 0:1,1:1',
  accepts: (values: readonly string[]): boolean => values.join() === '*' || values.every((value) => /^\d+:\d+$/.test(value)),
  stored: true,
} as const

export const topicConfigs = {
  'cleanup.policy': list<'delete' | 'compact', 'log.cleanup.policy'>({
    default: 'delete',
    takes: 'a list of delete, compact, or both',
    accepts: (values) => values.every((value) => CLEANUP_POLICIES.has(value)),
    broker: 'log.cleanup.policy',
    doc: 'What may happen to old records: `delete` drops whole segments by age or size, `compact` keeps the last record of each key; none keeps everything. A topic with `compact` takes no record without a key.',
  }),
  'compression.gzip.level': int({
    default: -1,
    atLeast: 1,
    atMost: 9,
    or: -1,
    broker: 'compression.gzip.level',
    doc: "How hard gzip tries when the broker compresses (`compression.type` is gzip); -1 is the library's default.",
  }),
  'compression.lz4.level': int({
    default: 9,
    atLeast: 1,
    atMost: 17,
    broker: 'compression.lz4.level',
    doc: 'Kept and reported: when the broker compresses (`compression.type` is lz4) it does so at the one level of its library.',
  }),
  'compression.type': string({
    default: 'producer',
    oneOf: ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'],
    broker: 'compression.type',
    doc: 'The codec of the stored batches. `producer` keeps each batch as it was sent; any other rewrites batches that came with a different codec.',
  }),
  'compression.zstd.level': int({
    default: 3,
    atLeast: -131072,
    atMost: 22,
    broker: 'compression.zstd.level',
    doc: 'How hard zstd tries when the broker compresses (`compression.type` is zstd).',
  }),
  'delete.retention.ms': long({
    default: DAY_MS,
    atLeast: 0,
    broker: 'log.cleaner.delete.retention.ms',
    doc: 'How long compaction keeps a deletion marker (a record without value), so that readers have time to see it.',
  }),
  durability: string({
    default: 'fsync',
    oneOf: ['fsync', 'interval', 'os'],
    broker: 'durability',
    doc: 'What an acknowledgement promises. `fsync`: the record is synced to disk. `interval`: it is synced within `durability.interval.ms`; a power loss may take what is younger. `os`: it was handed to the operating system, which writes it when it likes. The end of the process alone, `kill -9` too, takes nothing in any mode.',
  }),
  'durability.interval.ms': long({
    default: 1000,
    atLeast: 1,
    broker: 'durability.interval.ms',
    doc: 'With `durability` interval: a record is on its way to disk this long after it was acknowledged, at the latest. Less where `flush.ms` is less.',
  }),
  'file.delete.delay.ms': long({
    default: 60_000,
    atLeast: 0,
    broker: 'log.segment.delete.delay.ms',
    doc: 'How long the files of a deleted topic or segment stay on disk, renamed.',
  }),
  'flush.messages': long({
    default: LONG_MAX,
    atLeast: 1,
    broker: 'log.flush.interval.messages',
    doc: 'With `durability` interval or os: the log is synced after this many records, before they are acknowledged.',
  }),
  'flush.ms': long({
    default: LONG_MAX,
    atLeast: 0,
    broker: 'log.flush.interval.ms',
    brokerInstead: { 'log.flush.scheduler.interval.ms': 1 },
    doc: 'With `durability` interval or os: the log is synced this long after the first record since the last sync.',
  }),
  'follower.replication.throttled.replicas': list({ ...throttledReplicas, doc: 'Replicas whose followers are throttled.' }),
  'index.interval.bytes': int({
    default: 4096,
    atLeast: 0,
    broker: 'log.index.interval.bytes',
    doc: "A segment's indexes get an entry about every so many bytes of log: smaller finds an offset faster and takes more memory.",
  }),
  'leader.replication.throttled.replicas': list({ ...throttledReplicas, doc: 'Replicas whose leaders are throttled.' }),
  'local.retention.bytes': long({
    default: -2,
    atLeast: -2,
    broker: 'log.local.retention.bytes',
    stored: true,
    doc: 'With tiered storage: the bytes of a partition to keep locally; -2 is `retention.bytes`.',
  }),
  'local.retention.ms': long({
    default: -2,
    atLeast: -2,
    broker: 'log.local.retention.ms',
    stored: true,
    doc: 'With tiered storage: how long to keep segments locally; -2 is `retention.ms`.',
  }),
  'max.compaction.lag.ms': long({
    default: LONG_MAX,
    atLeast: 1,
    broker: 'log.cleaner.max.compaction.lag.ms',
    doc: 'The longest time that a record may stay uncompacted. Not less than `min.compaction.lag.ms`.',
  }),
  'max.message.bytes': int({
    default: 1_048_588,
    atLeast: 0,
    broker: 'message.max.bytes',
    doc: 'The largest batch that is taken, as it was sent (compressed). A larger one is refused with MESSAGE_TOO_LARGE.',
  }),
  'message.timestamp.after.max.ms': long({
    default: HOUR_MS,
    atLeast: 0,
    broker: 'log.message.timestamp.after.max.ms',
    doc: "How far a record's timestamp may lie in the future. With `message.timestamp.type` LogAppendTime it does not matter.",
  }),
  'message.timestamp.before.max.ms': long({
    default: LONG_MAX,
    atLeast: 0,
    broker: 'log.message.timestamp.before.max.ms',
    doc: "How far a record's timestamp may lie in the past. With `message.timestamp.type` LogAppendTime it does not matter.",
  }),
  'message.timestamp.type': string({
    default: 'CreateTime',
    oneOf: ['CreateTime', 'LogAppendTime'],
    broker: 'log.message.timestamp.type',
    doc: 'Whether records keep the time that the producer gave them, or get the time of their append.',
  }),
  'min.cleanable.dirty.ratio': double({
    default: 0.5,
    atLeast: 0,
    atMost: 1,
    broker: 'log.cleaner.min.cleanable.ratio',
    doc: 'Compaction begins when this share of the log is not compacted.',
  }),
  'min.compaction.lag.ms': long({
    default: 0,
    atLeast: 0,
    broker: 'log.cleaner.min.compaction.lag.ms',
    doc: 'The shortest time that a record stays uncompacted.',
  }),
  'min.insync.replicas': int({
    default: 1,
    atLeast: 1,
    broker: 'min.insync.replicas',
    stored: true,
    doc: 'How many replicas must have a record before acks=all is answered. There is one replica of everything.',
  }),
  preallocate: boolean({
    default: false,
    broker: 'log.preallocate',
    stored: true,
    doc: 'Whether a new segment file is made at its full size.',
  }),
  'remote.log.copy.disable': boolean({ default: false, stored: true, doc: 'With tiered storage: no more segments are copied out.' }),
  'remote.log.delete.on.disable': boolean({
    default: false,
    stored: true,
    doc: 'With tiered storage: whether what was copied out is deleted when it is switched off.',
  }),
  'remote.storage.enable': boolean({
    default: false,
    only: false,
    stored: true,
    doc: 'Tiered storage, which there is not: `true` is refused, as by a Kafka without it.',
  }),
  'retention.bytes': long({
    default: -1,
    broker: 'log.retention.bytes',
    doc: 'With `cleanup.policy` delete: the oldest segments of a partition go as long as so many bytes are left without them; -1 is no limit.',
  }),
  'retention.ms': long({
    default: 7 * DAY_MS,
    atLeast: -1,
    broker: 'log.retention.ms',
    brokerInstead: { 'log.retention.minutes': 60_000, 'log.retention.hours': HOUR_MS },
    doc: 'With `cleanup.policy` delete: segments older than this, by the latest of their timestamps, go; -1 is no limit.',
  }),
  'segment.bytes': int({
    default: 1 << 30,
    atLeast: 1 << 20,
    broker: 'log.segment.bytes',
    doc: 'A segment file is closed, and a new one begun, before it would grow beyond this many bytes. Retention and compaction work on closed segments.',
  }),
  'segment.index.bytes': int({
    default: 10 << 20,
    atLeast: 4,
    broker: 'log.index.size.max.bytes',
    doc: 'A segment is also closed when one of its indexes has grown to this many bytes.',
  }),
  'segment.jitter.ms': long({
    default: 0,
    atLeast: 0,
    broker: 'log.roll.jitter.ms',
    brokerInstead: { 'log.roll.jitter.hours': HOUR_MS },
    doc: 'At most so much is taken off `segment.ms`, at random, so that many partitions do not close their segments at once.',
  }),
  'segment.ms': long({
    default: 7 * DAY_MS,
    atLeast: 1,
    broker: 'log.roll.ms',
    brokerInstead: { 'log.roll.hours': HOUR_MS },
    doc: 'A segment is also closed when its first record is older than this, even if it is small.',
  }),
  'unclean.leader.election.enable': boolean({
    default: false,
    broker: 'unclean.leader.election.enable',
    stored: true,
    doc: 'Whether a replica that lacks records may become leader. There is one replica of everything.',
  }),
}

export type TopicConfigName = keyof typeof topicConfigs
