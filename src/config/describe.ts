// Configs as DescribeConfigs, and CreateTopics from v5, report them: the value in force, where it comes from, and every place that it could have come from.

import { brokerConfigs } from './broker-configs.ts'
import { brokerNames, type BrokerConfig, defaultOfTopic } from './resolve.ts'
import { type ConfigType, parseValue, type Row } from './row-kinds.ts'
import { topicConfigs, type TopicConfigName } from './topic-configs.ts'

/** As the protocol numbers them. */
const SOURCES = { topic: 1, broker: 4, default: 5 } as const
const TYPES: Readonly<Record<ConfigType, number>> = { BOOLEAN: 1, STRING: 2, INT: 3, LONG: 5, DOUBLE: 6, LIST: 7 }

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
export function describeTopicConfigs(overrides: Readonly<Record<string, string>>, broker: BrokerConfig): DescribedConfig[] {
  return (Object.keys(topicConfigs) as TopicConfigName[]).map((name) => {
    const row: Row<unknown> = topicConfigs[name]
    const own = Object.hasOwn(overrides, name) ? parseValue(name, row, overrides[name]!).text : undefined
    const inherited = defaultOfTopic(name, broker.given)
    const [strongest, ...standIns] = brokerNames(row).map(([synonym]) => brokerSynonyms(synonym, broker))
    const synonyms = [...(strongest ?? []), ...standIns.flat().filter(({ source }) => source !== SOURCES.default)]
    if (own !== undefined) {
      const ownSynonym = { name, value: own, source: SOURCES.topic }
      return described(row, { name, value: own, configSource: SOURCES.topic, readOnly: false, synonyms: [ownSynonym, ...synonyms] })
    }
    const configSource = inherited.from === undefined ? SOURCES.default : SOURCES.broker
    return described(row, { name, value: inherited.text, configSource, readOnly: false, synonyms })
  })
}

/** Every broker config, sorted by name. */
export function describeBrokerConfigs(broker: BrokerConfig): DescribedConfig[] {
  return [...brokerConfigs].map(([name, row]) => {
    const given = broker.given.get(name)
    const configSource = given === undefined ? SOURCES.default : SOURCES.broker
    const synonyms = brokerSynonyms(name, broker)
    return described(row, { name, value: given ?? row.default, configSource, readOnly: row.dynamic !== true, synonyms })
  })
}

function brokerSynonyms(name: string, broker: BrokerConfig): DescribedConfig['synonyms'] {
  const given = broker.given.get(name)
  const byDefault = brokerConfigs.get(name)!.default
  return [
    ...(given === undefined ? [] : [{ name, value: given, source: SOURCES.broker }]),
    ...(byDefault === null ? [] : [{ name, value: byDefault, source: SOURCES.default }]),
  ]
}

type Settled = Pick<DescribedConfig, 'name' | 'value' | 'configSource' | 'readOnly' | 'synonyms'>

function described(row: Row<unknown>, settled: Settled): DescribedConfig {
  const isDefault = settled.configSource === SOURCES.default
  return { ...settled, isDefault, isSensitive: false, configType: TYPES[row.type], documentation: row.doc }
}
