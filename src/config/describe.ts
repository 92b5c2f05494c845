// Configs as DescribeConfigs, and CreateTopics from v5, report them: the value in force, where it comes from, and every place that it could have come from.

import { brokerConfigs } from './broker-configs.ts'
import { groupConfigs } from './group-configs.ts'
import { brokerNames, type BrokerConfig, type ConfigLayerSource, defaultOfTopic } from './resolve.ts'
import { type ConfigType, parseValue, type Row } from './row-kinds.ts'
import { topicConfigs, type TopicConfigName } from './topic-configs.ts'

/** As the protocol numbers them. */
const SOURCES: Readonly<Record<ConfigLayerSource | 'topic' | 'default' | 'group', number>> = {
  topic: 1,
  'dynamic-broker': 2,
  'dynamic-cluster': 3,
  static: 4,
  default: 5,
  group: 8,
}
const TYPES: Readonly<Record<ConfigType, number>> = { BOOLEAN: 1, STRING: 2, INT: 3, LONG: 5, DOUBLE: 6, LIST: 7 }

type Texts = Readonly<Record<string, string>>

/** Named as the fields of a DescribeConfigs response are. */
export interface DescribedConfig {
  readonly name: string
  readonly value: string | null
  readonly readOnly: boolean
  readonly isDefault: boolean
  readonly configSource: number
  readonly isSensitive: boolean
  readonly synonyms: readonly { readonly name: string; readonly value: string | null; readonly source: number }[]
  readonly configType: number
  readonly documentation: string
}

/** Every topic config, sorted by name. `overrides` are those that the topic has itself. */
export function describeTopicConfigs(overrides: Texts, broker: BrokerConfig): DescribedConfig[] {
  return inherited(broker).map((byDefault) => {
    const { name, synonyms } = byDefault
    if (!Object.hasOwn(overrides, name)) return byDefault
    const row: Row<unknown> = topicConfigs[name as TopicConfigName]
    const value = parseValue(name, row, overrides[name]!).text
    const own = { name, value, source: SOURCES.topic }
    return described(row, { name, value, configSource: SOURCES.topic, readOnly: false, synonyms: [own, ...synonyms] })
  })
}

const inheritedOf = new WeakMap<BrokerConfig['layers'], readonly DescribedConfig[]>() // the layers are others when a config was altered

/** What a topic has that has nothing itself: made once, since an answer may tell it of a thousand topics. */
function inherited(broker: BrokerConfig): readonly DescribedConfig[] {
  const known = inheritedOf.get(broker.layers)
  if (known !== undefined) return known
  const made = (Object.keys(topicConfigs) as TopicConfigName[]).map((name) => {
    const row: Row<unknown> = topicConfigs[name]
    const names = brokerNames(row).map(([synonym]) => synonym)
    const { text, from } = defaultOfTopic(name, broker.given)
    return described(row, {
      name,
      value: text,
      configSource: sourceOf(from, broker),
      readOnly: false,
      synonyms: synonymsOf(names, broker),
    })
  })
  inheritedOf.set(broker.layers, made)
  return made
}

/** Every broker config, sorted by name. */
export function describeBrokerConfigs(broker: BrokerConfig): DescribedConfig[] {
  return [...brokerConfigs].map(([name, row]) => {
    const synonyms = synonymsOf(standIns.get(name) ?? [name], broker)
    const value = broker.given.get(name) ?? row.default
    return described(row, { name, value, configSource: sourceOf(name, broker), readOnly: row.dynamic !== true, synonyms })
  })
}

/** What was set for all brokers while they run, and nothing else. */
export function describeClusterConfigs(texts: Texts): DescribedConfig[] {
  const configSource = SOURCES['dynamic-cluster']
  return Object.entries(texts).flatMap(([name, value]) => {
    const row = brokerConfigs.get(name)
    if (row === undefined) return []
    return [described(row, { name, value, configSource, readOnly: false, synonyms: [{ name, value, source: configSource }] })]
  })
}

/** Every group config, sorted by name. `overrides` are those that the group has itself. */
export function describeGroupConfigs(overrides: Texts, broker: BrokerConfig): DescribedConfig[] {
  return Object.entries<Row<unknown>>(groupConfigs).map(([name, row]) => {
    const isOfBroker = row.broker !== undefined && brokerConfigs.has(row.broker)
    const byDefault = { name: row.broker ?? name, value: row.default, source: SOURCES.default }
    const own = Object.hasOwn(overrides, name) ? [{ name, value: overrides[name]!, source: SOURCES.group }] : []
    const synonyms = [...own, ...(isOfBroker ? synonymsOf([row.broker], broker) : [byDefault])]
    return described(row, { name, value: synonyms[0]!.value, configSource: synonyms[0]!.source, readOnly: false, synonyms })
  })
}

/** By the broker config that is the default of a topic config: itself, and those that stand in for it. */
const standIns: ReadonlyMap<string, readonly string[]> = new Map(
  Object.values<Row<unknown>>(topicConfigs).flatMap((row) => {
    const names = brokerNames(row).map(([name]) => name)
    return names[0] === undefined ? [] : [[names[0], names]]
  }),
)

function sourceOf(name: string | undefined, { layers }: BrokerConfig): number {
  const layer = name === undefined ? undefined : layers.find(({ texts }) => texts.has(name))
  return SOURCES[layer?.source ?? 'default']
}

/** Every place that says something of one of the names, from the strongest on. As in Kafka, those before the first that has the first name are left out. */
function synonymsOf(names: readonly string[], { layers }: BrokerConfig): DescribedConfig['synonyms'] {
  const set = layers.flatMap(({ source, texts }) =>
    names.flatMap((name) => (texts.has(name) ? [{ name, value: texts.get(name)!, source: SOURCES[source] }] : [])),
  )
  const byDefault = names.flatMap((name) => {
    const value = brokerConfigs.get(name)!.default
    return value === null ? [] : [{ name, value, source: SOURCES.default }]
  })
  const all = [...set, ...byDefault]
  const first = all.findIndex(({ name }) => name === names[0])
  return first === -1 ? [] : all.slice(first)
}

type Settled = Pick<DescribedConfig, 'name' | 'value' | 'configSource' | 'readOnly' | 'synonyms'>

function described(row: Row<unknown>, settled: Settled): DescribedConfig {
  const isDefault = settled.configSource === SOURCES.default
  return { ...settled, isDefault, isSensitive: false, configType: TYPES[row.type], documentation: row.doc }
}
