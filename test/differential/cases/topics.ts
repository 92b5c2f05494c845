// CreateTopics, DeleteTopics, DescribeConfigs.

import { createTopics } from '../../../src/wire/messages/create-topics.ts'
import { deleteTopics } from '../../../src/wire/messages/delete-topics.ts'
import { describeConfigs } from '../../../src/wire/messages/describe-configs.ts'
import type { Draft } from '../../../src/wire/schema.ts'
import type { AskedBroker } from '../broker.ts'
import { ZERO_ID } from '../normalise.ts'
import { requests, UNKNOWN_ID, type Case } from './case.ts'

type Topic = Draft<typeof createTopics.request>['topics'][number]

const topic = (name: string, changes: Partial<Topic> = {}): Topic => ({
  name,
  numPartitions: 1,
  replicationFactor: 1,
  assignments: [],
  configs: [],
  ...changes,
})
const one = (name: string, changes: Partial<Topic> = {}) => ({ topics: [topic(name, changes)] })
const checked = (name: string, changes: Partial<Topic> = {}) => ({ ...one(name, changes), validateOnly: true })
const config = (name: string, value: string | null): Partial<Topic> => ({ configs: [{ name, value }] })
const assigned = (...brokerIds: readonly (readonly number[])[]): Partial<Topic> => ({
  numPartitions: -1,
  replicationFactor: -1,
  assignments: brokerIds.map((ids, partitionIndex) => ({ partitionIndex, brokerIds: ids })),
})

/** Without the configs that are at their default: one case compares them all. */
const shortened = ({ title, ask }: Case): Case => ({
  title,
  async ask(broker) {
    const answer = (await ask(broker)) as { topics: { configs: { configSource: number }[] | null }[] }
    const topics = answer.topics.map((each) => ({ ...each, configs: each.configs?.filter(isSet) ?? null }))
    return { ...answer, topics }
  },
})

const isSet = ({ configSource }: { configSource: number }): boolean => configSource === TOPIC_CONFIG
const TOPIC_CONFIG = 1

const creations: Case[] = [
  ...requests(createTopics, 7, { 'all configs of a new topic': one('made-to-see-its-configs') }),
  ...requests(createTopics, 7, {
    'a topic': one('made', { numPartitions: 2 }),
    'with defaults': one('made-of-defaults', { numPartitions: -1, replicationFactor: -1 }),
    'with configs': one('made-with-configs', {
      configs: [
        { name: 'retention.ms', value: '1000' },
        { name: 'cleanup.policy', value: 'compact,delete' },
      ],
    }),
    'one that exists': one('records'),
    'one that exists, validateOnly': checked('records'),
    validateOnly: checked('checked', { numPartitions: 3, ...config('retention.ms', '1000') }),
    'an empty name': one(''),
    'the name .': one('.'),
    'the name ..': one('..'),
    'the name ...': checked('...'),
    'a slash in the name': one('a/b'),
    'a space in the name': one('a b'),
    'a letter beyond ASCII in the name': one('größe'),
    'a NUL in the name': one('a\0b'),
    'a name of 249 characters': checked('n'.repeat(249)),
    'a name of 250 characters': one('n'.repeat(250)),
    'a name that collides with under_score in the names of metrics': one('under.score'),
    'a name that differs from one in case': checked('Records'),
    'the name of an internal topic': checked('__consumer_offsets'),
    'no partitions': one('no', { numPartitions: 0 }),
    '-2 partitions': one('no', { numPartitions: -2 }),
    'replication factor 0': one('no', { replicationFactor: 0 }),
    'replication factor 2': one('no', { replicationFactor: 2 }),
    'replication factor -2': one('no', { replicationFactor: -2 }),
    'no partitions and replication factor 2': one('no', { numPartitions: 0, replicationFactor: 2 }),
    'an illegal name and no partitions': one('a/b', { numPartitions: 0 }),
    'an unknown config': one('no', config('no.such.config', '1')),
    'an empty config name': one('no', config('', '1')),
    'a broker config': one('no', config('log.segment.bytes', '1048576')),
    'a config without value': one('no', config('retention.ms', null)),
    'a config that is no number': one('no', config('retention.ms', 'long')),
    'a number with spaces': checked('spaces', config('retention.ms', ' 1000 ')),
    'a number that is too large': one('no', config('segment.bytes', '99999999999')),
    'a config out of range': one('no', config('segment.bytes', '1')),
    'a config that is none of its values': one('no', config('cleanup.policy', 'archive')),
    'an empty cleanup.policy': checked('no-cleanup', config('cleanup.policy', '')),
    'a list that says the same twice': checked('twice', config('cleanup.policy', 'delete,delete')),
    'a boolean that is none': one('no', config('preallocate', 'yes')),
    'a boolean in capitals': checked('capitals', config('preallocate', 'TRUE')),
    'a compression type that is none': one('no', config('compression.type', 'rar')),
    'a fraction out of range': one('no', config('min.cleanable.dirty.ratio', '1.5')),
    'local.retention.ms above retention.ms': checked('local', {
      configs: [
        { name: 'retention.ms', value: '10' },
        { name: 'local.retention.ms', value: '20' },
      ],
    }),
    'a removed config': checked('removed', config('message.format.version', '3.0')),
    'the same config twice': checked('configured-twice', {
      configs: [
        { name: 'retention.ms', value: '1' },
        { name: 'retention.ms', value: '2' },
      ],
    }),
    'partitions assigned': (broker) => checked('assigned', assigned([broker.brokerId], [broker.brokerId])),
    'partitions assigned and counted': (broker) => checked('no', { ...assigned([broker.brokerId]), numPartitions: 1 }),
    'partitions assigned and a replication factor': (broker) => checked('no', { ...assigned([broker.brokerId]), replicationFactor: 1 }),
    'a partition assigned to an unknown broker': checked('no', assigned([99])),
    'a partition assigned to nobody': checked('no', assigned([])),
    'a partition assigned to one broker twice': (broker) => checked('no', assigned([broker.brokerId, broker.brokerId])),
    'assigned partitions with a gap': (broker) =>
      checked('no', { ...assigned([broker.brokerId]), assignments: [{ partitionIndex: 1, brokerIds: [broker.brokerId] }] }),
    'the same name twice': { topics: [topic('twin'), topic('other-than-twin'), topic('twin')] },
    'good and bad ones': { topics: [topic('good-beside-bad'), topic('bad/one'), topic('records')] },
    none: { topics: [] },
  }).map(shortened),
  ...requests(createTopics, 2, { 'an unknown config': one('no', config('no.such.config', '1')), 'one that exists': one('records') }),
  ...requests(createTopics, 3, { '-1 partitions': checked('defaults', { numPartitions: -1, replicationFactor: -1 }) }),
  ...requests(createTopics, 4, { '-1 partitions': checked('defaults', { numPartitions: -1, replicationFactor: -1 }) }),
  ...requests(createTopics, 5, { validateOnly: checked('checked') }).map(shortened),
]

const byId = (topicId: string) => ({ topics: [{ name: null, topicId }], timeoutMs: 30_000 })
const byName = (...names: string[]) => ({ topics: names.map((name) => ({ name, topicId: ZERO_ID })), timeoutMs: 30_000 })

async function deleteNew(broker: AskedBroker, request: (name: string, id: string) => Draft<typeof deleteTopics.request>): Promise<unknown> {
  const name = await broker.newTopic()
  return broker.ask(deleteTopics, 6, request(name, broker.topicIds.get(name)!))
}

const deletions: Case[] = [
  ...requests(deleteTopics, 6, {
    'an unknown name': byName('unknown'),
    'an empty name': byName(''),
    'an illegal name': byName('a/b'),
    'an unknown id': byId(UNKNOWN_ID),
    'the zero id': byId(ZERO_ID),
    'a name and an id': { topics: [{ name: 'empty', topicId: UNKNOWN_ID }], timeoutMs: 30_000 },
    none: { topics: [], timeoutMs: 30_000 },
  }),
  ...requests(deleteTopics, 1, { 'an unknown name': { topicNames: ['unknown'], timeoutMs: 30_000 } }),
  ...requests(deleteTopics, 5, { 'an unknown name': { topicNames: ['unknown'], timeoutMs: 30_000 } }),
  { title: 'DeleteTopics v6: by name', ask: (broker) => deleteNew(broker, (name) => byName(name)) },
  { title: 'DeleteTopics v6: by id', ask: (broker) => deleteNew(broker, (_, id) => byId(id)) },
  { title: 'DeleteTopics v6: the same name twice', ask: (broker) => deleteNew(broker, (name) => byName(name, name)) },
  {
    title: 'DeleteTopics v6: the same topic by name and by id',
    ask: (broker) => deleteNew(broker, (name, id) => ({ topics: [...byName(name).topics, ...byId(id).topics], timeoutMs: 30_000 })),
  },
]

const TOPIC = 2
const BROKER = 4
const described = (
  resourceType: number,
  resourceName: string,
  configurationKeys: readonly string[] | null,
  options: { includeSynonyms?: boolean; includeDocumentation?: boolean } = {},
) => ({
  resources: [{ resourceType, resourceName, configurationKeys }],
  ...options,
})

const descriptions: Case[] = requests(describeConfigs, 4, {
  'all configs of a topic': described(TOPIC, 'compacted', null),
  'all configs of a topic, with synonyms and documentation': described(TOPIC, 'small', null, {
    includeSynonyms: true,
    includeDocumentation: true,
  }),
  'some configs of a topic': described(TOPIC, 'records', ['retention.ms', 'segment.bytes']),
  'an unknown config of a topic': described(TOPIC, 'records', ['no.such.config']),
  'no config of a topic': described(TOPIC, 'records', []),
  'an unknown topic': described(TOPIC, 'unknown', null),
  'an illegal topic': described(TOPIC, 'a/b', null),
  'an empty topic': described(TOPIC, '', null),
  'an unknown broker': described(BROKER, '99', ['log.segment.bytes']),
  'a broker that is no number': described(BROKER, 'one', ['log.segment.bytes']),
  'some configs of the broker': (broker) =>
    described(BROKER, String(broker.brokerId), ['log.segment.bytes', 'log.retention.ms', 'num.partitions'], { includeSynonyms: true }),
  'all brokers': described(BROKER, '', ['log.segment.bytes']),
  'an unknown kind of resource': described(99, 'x', null),
  nothing: { resources: [] },
})

export const topics: Case[] = [...creations, ...deletions, ...descriptions]
