// The configs of the broker: Kafka's names where Kafka has one, and rows derived from the topic configs, whose defaults they are.
// Of Kafka's broker configs only those that mean something here, or can be altered while Kafka runs, have a row: a broker that is given another warns that
// it ignores it.

import { parseAddressLimits, parseEndpoints } from './endpoints.ts'
import {
  boolean,
  custom,
  type DefaultFrom,
  double,
  int,
  INT_MAX,
  list,
  long,
  LONG_MAX,
  type Row,
  string,
  type ValueOf,
} from './row-kinds.ts'
import { groupCoordinatorConfigs } from './group-coordinator-configs.ts'
import { storedBrokerConfigs } from './stored-broker-configs.ts'
import { topicConfigs } from './topic-configs.ts'

const ownConfigs = {
  ...groupCoordinatorConfigs,
  'advertised.listeners': custom({
    type: 'LIST',
    default: null,
    takes: 'a list of addresses, as broker.example:9092 or PLAINTEXT://broker.example:9092',
    parse: parseEndpoints,
    flag: '--advertise <host:port>',
    doc: 'Where clients are told to find the broker. Not set: the address at which each client reached it, which is right unless a port map or NAT lies between.',
  }),
  'auto.create.topics.enable': boolean({
    default: true,
    doc: "Whether a topic that a client asks for by name is created, with `num.partitions` partitions, when the client's request allows it.",
  }),
  'connections.max.idle.ms': long({
    default: 600_000,
    doc: 'A connection on which nothing was sent or received for this long is closed, unless an answer is being made for it.',
  }),
  'controller.listener.names': list({
    default: '',
    takes: 'a list of listener names',
    accepts: () => true,
    doc: "Listeners of these names are left out of `listeners`: they are for Kafka's controllers, of which there are none. Makes Kafka's own server.properties work.",
  }),
  'default.replication.factor': int({
    default: 1,
    atLeast: 1,
    doc: 'The replication factor of a topic that is created without one. One broker has one replica: with more, such a topic is refused.',
  }),
  'delete.topic.enable': boolean({ default: true, doc: 'Whether topics can be deleted.' }),
  'fetch.max.bytes': int({
    default: 55 << 20,
    atLeast: 1024,
    doc: 'The most record bytes in one Fetch response, whatever the client asks for. The first batch is sent even when it is larger.',
  }),
  host: string({
    default: 'localhost',
    flag: '--host <address>',
    doc: 'The address to listen on; `localhost` is both loopback addresses, `0.0.0.0` or `::` every interface. Short for `listeners`.',
  }),
  'listener.security.protocol.map': string({
    default: 'SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT',
    doc: 'The protocol of each listener name, as INTERNAL:PLAINTEXT,EXTERNAL:PLAINTEXT. Only PLAINTEXT is spoken.',
  }),
  listeners: custom({
    type: 'LIST',
    default: 'PLAINTEXT://localhost:9092',
    takes: 'a list of addresses, as localhost:9092 or PLAINTEXT://0.0.0.0:9092',
    parse: parseEndpoints,
    doc: 'The addresses to listen on. Without a host: every interface. Port 0: any free one.',
  }),
  'log.dirs': custom({
    type: 'LIST',
    default: './ottla-data',
    takes: 'one folder (all data lies in one)',
    parse: (text) => (text === '' || text.includes(',') ? undefined : text),
    aliases: ['data.dir', 'log.dir'],
    flag: '--data <folder>',
    doc: 'The data folder. It is created when it is missing.',
  }),
  'log.format': string({
    default: 'text',
    oneOf: ['text', 'json'],
    flag: '--log-format <format>',
    doc: 'How log lines are written: for people, or as a JSON object each.',
  }),
  'log.level': string({
    default: 'info',
    oneOf: ['debug', 'info', 'warn', 'error'],
    flag: '--log-level <level>',
    doc: 'The least important log lines that are written.',
  }),
  'log.cleaner.backoff.ms': long({
    default: 15_000,
    atLeast: 0,
    dynamic: true,
    doc: 'How long compaction pauses when no log is worth it.',
  }),
  'log.cleaner.dedupe.buffer.size': long({
    default: 64 << 20,
    dynamic: true,
    doc: 'Memory for the keys of a compaction while it runs, 24 bytes each. A log with more keys is compacted in several passes.',
  }),
  'log.cleaner.enable': boolean({
    default: true,
    doc: 'Whether logs are compacted at all.',
  }),
  'log.cleaner.io.buffer.load.factor': double({
    default: 0.9,
    dynamic: true,
    doc: 'How full that memory may get: a higher share takes more keys, and longer to find them.',
  }),
  'log.cleaner.io.max.bytes.per.second': double({
    default: Number.MAX_VALUE,
    dynamic: true,
    doc: 'The most that compaction reads and writes in a second.',
  }),
  'log.retention.check.interval.ms': long({
    default: 300_000,
    atLeast: 1,
    doc: 'How often it is looked for segments that `retention.ms` or `retention.bytes` let go.',
  }),
  'max.connections': int({
    default: INT_MAX,
    atLeast: 0,
    dynamic: true,
    doc: 'The most connections that are open at a time; a further one is closed at once.',
  }),
  'max.connections.per.ip': int({
    default: INT_MAX,
    atLeast: 0,
    dynamic: true,
    doc: 'The most connections that are open at a time from one address; a further one is closed at once.',
  }),
  'max.connections.per.ip.overrides': custom({
    type: 'STRING',
    default: '',
    takes: 'a list of addresses with a number each, as 127.0.0.1:200,192.0.2.7:5',
    parse: parseAddressLimits,
    dynamic: true,
    doc: 'Instead of `max.connections.per.ip`, for these addresses.',
  }),
  'max.decompressed.batch.bytes': int({
    default: 64 << 20,
    atLeast: 1 << 20,
    doc: 'A compressed batch that would take more bytes than this decompressed is refused.',
  }),
  'max.incremental.fetch.session.cache.slots': int({
    default: 1000,
    atLeast: 0,
    doc: 'How many fetch sessions are kept (KIP-227): with one, a consumer of many partitions sends and gets only what changed. A client that finds no room does without.',
  }),
  'journal.checkpoint.interval.ms': int({
    default: 5000,
    atLeast: 100,
    dynamic: true,
    doc: 'How long what is only in the journal (durability fsync) waits at most to be synced to its segments: a start after a crash has so much less to do.',
  }),
  'journal.max.bytes': long({
    default: 256 << 20,
    atLeast: 64 << 20,
    dynamic: true,
    doc: 'How large the journal may grow (durability fsync). Segments are synced, and journal files used again, before it is full; if the disk does not keep up, records wait.',
  }),
  'min.free.bytes': long({
    default: 64 << 20,
    atLeast: 0,
    dynamic: true,
    doc: 'While less than this is free on the disk of the data folder, records are refused (KAFKA_STORAGE_ERROR), so that there is room left for what makes room: deleting topics, records and old segments. Taken again when a quarter more than this is free; 0 refuses nothing before the disk is full.',
  }),
  'node.id': int({ default: 1, atLeast: 0, aliases: ['broker.id'], doc: "The broker's id, as clients see it." }),
  'num.partitions': int({ default: 1, atLeast: 1, doc: 'The number of partitions of a topic that is created without one.' }),
  port: int({
    default: 9092,
    atLeast: 0,
    atMost: 65535,
    flag: '--port <port>',
    doc: 'The port to listen on; 0 is any free one. Short for `listeners`.',
  }),
  'producer.id.expiration.ms': int({
    default: 86_400_000,
    atLeast: 1,
    dynamic: true,
    doc: 'A partition forgets an idempotent producer that was silent for this long.',
  }),
  'queued.max.request.bytes': long({
    default: 64 << 20,
    doc: 'The most bytes of requests above 64 KiB that are received or worked on at a time, half of them for requests above 2 MiB; further ones wait, unsent. Negative: no limit.',
  }),
  'queued.max.response.bytes': long({
    default: 32 << 20,
    atLeast: 1 << 20,
    doc: 'The most record bytes of Fetch responses that clients have not taken yet; a further Fetch gets less, or waits.',
  }),
  'scrub.bytes.per.second': long({
    default: 8 << 20,
    atLeast: 0,
    dynamic: true,
    doc: 'How fast the scrubber reads all segments, to find damage before a reader does. 0: it does not run.',
  }),
  'scrub.interval.ms': long({
    default: 86_400_000,
    atLeast: 1,
    dynamic: true,
    doc: 'How long the scrubber rests after it has read everything, and after a start.',
  }),
  'socket.listen.backlog.size': int({
    default: 4096,
    atLeast: 1,
    doc: 'The most connections that wait to be accepted; the system may allow fewer (`net.core.somaxconn` on Linux). A client that comes while it is full tries again a second later, or later still.',
  }),
  'socket.request.max.bytes': int({
    default: 100 << 20,
    atLeast: 1,
    doc: 'The largest request; a connection that announces a larger one is closed.',
  }),
  storage: string({
    default: 'disk',
    oneOf: ['disk', 'memory'],
    flag: '--storage <where>',
    doc: 'Where the data lies: `disk` is the data folder; what is in `memory` is gone when the broker stops.',
  }),
}

/** What stands in for a topic default that is not set, in other units. */
const standInConfigs = {
  'log.flush.scheduler.interval.ms': long({ default: LONG_MAX, atLeast: 0, doc: 'Used when `log.flush.interval.ms` is not set.' }),
  'log.retention.hours': int({ default: 168, doc: 'In hours; used when neither `log.retention.ms` nor `log.retention.minutes` is set.' }),
  'log.retention.minutes': int({ default: null, doc: 'In minutes; used when `log.retention.ms` is not set.' }),
  'log.roll.hours': int({ default: 168, atLeast: 1, doc: 'In hours; used when `log.roll.ms` is not set.' }),
  'log.roll.jitter.hours': int({ default: 0, atLeast: 0, doc: 'In hours; used when `log.roll.jitter.ms` is not set.' }),
}

/** The row of the broker config that is the default of a topic config. Where others may stand in for it, it has no default of its own. */
function topicDefaults(): Map<string, Row<unknown>> {
  const rows = new Map<string, Row<unknown>>()
  for (const [topicConfig, { broker, brokerInstead, ...row }] of Object.entries<Row<unknown>>(topicConfigs)) {
    if (broker === undefined) continue
    rows.set(broker, {
      type: row.type,
      takes: row.takes,
      read: row.read,
      default: brokerInstead === undefined ? row.default : null,
      dynamic: true,
      doc:
        broker === topicConfig ? `Of topics that do not say otherwise. ${row.doc}` : `The default of the topic config \`${topicConfig}\`.`,
      ...(broker === 'durability' ? { flag: '--durability <mode>' } : {}),
    })
  }
  return rows
}

export type BrokerConfigName = keyof typeof ownConfigs
export type BrokerConfigValues = { readonly [Name in BrokerConfigName]: ValueOf<(typeof ownConfigs)[Name]> }

type SettingOf<R> =
  NonNullable<ValueOf<R>> extends infer T
    ? T extends boolean
      ? boolean
      : T extends number
        ? number
        : T extends string
          ? T
          : string
    : never
type TopicConfigs = typeof topicConfigs
type TopicDefaultName<Name extends keyof TopicConfigs> = TopicConfigs[Name] extends DefaultFrom<infer B, infer _> ? B : never

/** Broker configs as a program gives them. A list is written with commas, as in a properties file. */
export type BrokerSettings = {
  readonly [Name in BrokerConfigName]?: SettingOf<(typeof ownConfigs)[Name]> | undefined
} & {
  readonly [Name in keyof typeof standInConfigs]?: SettingOf<(typeof standInConfigs)[Name]> | undefined
} & {
  readonly [Name in keyof TopicConfigs as TopicDefaultName<Name>]?: SettingOf<TopicConfigs[Name]> | undefined
}

/** Every broker config by name, sorted. */
export const brokerConfigs: ReadonlyMap<string, Row<unknown>> = new Map(
  [...topicDefaults(), ...Object.entries<Row<unknown>>({ ...storedBrokerConfigs, ...standInConfigs, ...ownConfigs })].sort(([a], [b]) =>
    a < b ? -1 : 1,
  ),
)

/** The rows whose typed values are read by name; the others are read through the topic configs. */
export const ownConfigNames = Object.keys(ownConfigs) as BrokerConfigName[]
