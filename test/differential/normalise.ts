// Answers of two brokers made comparable: what must differ (ids, ports, times, epochs, sentences) becomes a word that says what it was.

import { errorName } from '../../src/wire/error-codes.ts'
import { batchesIn } from '../support/batch-builder.ts'

/** What the broker that answered calls things. */
export interface Known {
  readonly leaderEpoch: number
  readonly brokerId: number
  readonly topicIds: ReadonlyMap<string, string>
}

export const ZERO_ID = 'A'.repeat(22)

type Rule = (value: unknown, known: Known) => unknown

const orAbsent =
  (word: string): Rule =>
  (value) =>
    typeof value === 'number' && value >= 0 ? word : value
const sentence: Rule = (value) => (value === null || value === '' ? value : 'a sentence')
/** Kafka sets this for the whole cluster when it formats its first broker; here its default is an ordinary one. */
const SET_BY_KAFKA = 'min.insync.replicas'
const CLUSTER_DEFAULT = 3
const broker: Rule = (value, known) => (value === known.brokerId ? 'the broker' : value)
const epoch: Rule = (value, known) => (value === known.leaderEpoch ? 'the leader epoch' : value)

const batches: Rule = (value) => (Buffer.isBuffer(value) ? batchesIn(value) : value)

const topicName: Rule = (value) => (typeof value === 'string' ? value.replace(/^case-\d+$/, 'a new topic') : value)

function topicId(value: unknown, known: Known): unknown {
  if (value === ZERO_ID) return 'zero'
  const topic = [...known.topicIds].find(([, id]) => id === value)
  return topic === undefined ? 'another id' : `the id of ${String(topicName(topic[0], known))}`
}

const RULES: Readonly<Record<string, Rule>> = {
  name: topicName,
  topic: topicName,
  topicName,
  subscribedTopicNames: (value, known) => (value as string[]).map((name) => topicName(name, known)),
  errorCode: (value) => errorName(value as number),
  topicConfigErrorCode: (value) => errorName(value as number),
  errorMessage: sentence,
  batchIndexErrorMessage: sentence,
  documentation: sentence,
  topicId,
  clusterId: () => 'a cluster id',
  host: () => 'the host',
  port: () => 'the port',
  nodeId: broker,
  brokerId: broker,
  leaderId: broker,
  controllerId: broker,
  replicaNodes: (value, known) => (value as number[]).map((id) => broker(id, known)),
  isrNodes: (value, known) => (value as number[]).map((id) => broker(id, known)),
  leaderEpoch: epoch,
  epoch,
  sessionId: (value) => (value === 0 ? 0 : 'a session'),
  producerId: orAbsent('a producer id'),
  logAppendTimeMs: orAbsent('a time'),
  finalizedFeaturesEpoch: orAbsent('an epoch'),
  records: batches,
}

const OUR_CONFIGS: ReadonlySet<string> = new Set(['durability', 'durability.interval.ms'])

/** Lists whose order means nothing, and by which of their fields to sort them. */
const SORTED_BY: Readonly<Record<string, readonly string[]>> = {
  apiKeys: ['apiKey'],
  supportedFeatures: ['name'],
  finalizedFeatures: ['name'],
  topics: ['name', 'topic'],
  responses: ['name', 'topic', 'topicId', 'resourceType', 'resourceName'],
  results: ['name', 'groupId', 'resourceType', 'resourceName'],
  partitions: ['partitionIndex', 'partition'],
  partitionResponses: ['index'],
  members: ['memberId'],
  topicPartitions: ['topicName', 'topicId'],
}

export function normalised(value: unknown, known: Known): unknown {
  if (Array.isArray(value)) return value.map((element) => normalised(element, known))
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value
  const fields = Object.entries(value).map(([name, field]: [string, unknown]) => {
    if (name === 'errorMessage' && hasFailed(value)) return [name, 'a sentence, or none'] // more often than Kafka we say what is wrong
    if (name === 'logStartOffset' && hasFailed(value)) return [name, 'of no use'] // Kafka tells it or not, by how far the batch came
    if (name === 'configs') return [name, normalisedConfigs(field, known)]
    const rule = RULES[name]
    if (rule !== undefined) return [name, rule(field, known)]
    return [name, sorted(normalised(field, known), SORTED_BY[name])]
  })
  return Object.fromEntries(fields)
}

const hasFailed = (value: object): boolean => 'errorCode' in value && value.errorCode !== 0

/** Without those of our own. */
function normalisedConfigs(configs: unknown, known: Known): unknown {
  if (!Array.isArray(configs)) return configs
  const kafkas = (configs as ReportedConfig[]).filter(({ name }) => !OUR_CONFIGS.has(name))
  return sorted(normalised(kafkas.map(withoutClusterDefault), known), ['name'])
}

interface ReportedConfig {
  readonly name: string
  readonly configSource: number
  readonly synonyms?: readonly { readonly source: number }[]
}

function withoutClusterDefault(config: ReportedConfig): ReportedConfig {
  if (config.name !== SET_BY_KAFKA) return config
  const { configSource, synonyms } = config
  return {
    ...config,
    configSource: configSource === CLUSTER_DEFAULT ? 5 : configSource,
    ...(synonyms && { synonyms: synonyms.filter(({ source }) => source !== CLUSTER_DEFAULT) }),
  }
}

function sorted(value: unknown, by: readonly string[] | undefined): unknown {
  if (by === undefined || !Array.isArray(value)) return value
  const keyOf = (element: unknown): string => by.map((field) => text((element as Record<string, unknown>)[field])).join()
  return value.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0))
}

/** Numbers so that they sort as numbers. */
const text = (value: unknown): string => (typeof value === 'number' ? String(value).padStart(10) : typeof value === 'string' ? value : '')
