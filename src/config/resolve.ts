// From texts to typed settings: a broker config from where it was set, else its default; a topic config from the topic, else the broker.
// Bad values throw InvalidConfig with a sentence that names the setting, the value and what it must be.

import { brokerConfigs, type BrokerConfigValues, ownConfigNames } from './broker-configs.ts'
import { closestName } from './closest-name.ts'
import { type Endpoint, formatEndpoint, settleListeners } from './endpoints.ts'
import { type ConfigSources, collectSettings, type Setting } from './settings.ts'
import { InvalidConfig, type Parsed, parseValue, type Row, type ValueOf } from './row-kinds.ts'
import { topicConfigs, type TopicConfigName } from './topic-configs.ts'

export type TopicConfig = { readonly [Name in TopicConfigName]: ValueOf<(typeof topicConfigs)[Name]> }

/** Where a text was set: with the start, or while brokers run, for one of them or for all. */
export type ConfigLayerSource = 'dynamic-broker' | 'dynamic-cluster' | 'static'

interface ConfigLayer {
  readonly source: ConfigLayerSource
  readonly texts: ReadonlyMap<string, string>
}

export interface BrokerConfig extends BrokerConfigValues {
  /** The texts of the broker configs that were set, by name: everything else has its default. */
  readonly given: ReadonlyMap<string, string>
  /** Where they were set, the strongest first. */
  readonly layers: readonly ConfigLayer[]
  /** What a topic without configs of its own has. */
  readonly topicDefaults: TopicConfig
}

export function resolveBrokerConfig(sources: ConfigSources = {}): { config: BrokerConfig; warnings: string[] } {
  const { settings, warnings } = collectSettings(sources)
  const given = new Map<string, string>()
  const values = new Map<string, unknown>()
  for (const [name, row] of brokerConfigs) {
    const setting = settings.get(name)
    if (setting === undefined) {
      values.set(name, row.default === null ? null : parseValue(name, row, row.default).value)
    } else {
      const parsed = parseValue(setting.label, row, setting.text)
      values.set(name, parsed.value)
      given.set(name, parsed.text)
    }
  }
  const config = Object.fromEntries(ownConfigNames.map((name) => [name, values.get(name)])) as unknown as BrokerConfigValues
  const endpoints = settleListeners({
    listeners: chooseListeners(config, settings),
    advertised: config['advertised.listeners'],
    protocolMap: config['listener.security.protocol.map'],
    controllerNames: config['controller.listener.names'],
  })
  if (settings.has('host') || settings.has('port')) given.set('listeners', endpoints.listeners.map(formatEndpoint).join(','))
  const topicDefaults = mapTopicConfigs((name) => defaultOfTopic(name, given).value)
  refuseConflict(topicDefaults)
  const layers = [{ source: 'static', texts: given }] as const
  return {
    config: { ...config, listeners: endpoints.listeners, 'advertised.listeners': endpoints.advertised, given, layers, topicDefaults },
    warnings,
  }
}

/**
 * What is in force when texts that were set while brokers run lie over those of the start. Names that are unknown by now are passed over.
 * Throws InvalidConfig.
 */
export function withDynamicConfigs(
  started: BrokerConfig,
  ofBroker: Readonly<Record<string, string>>,
  ofCluster: Readonly<Record<string, string>>,
): BrokerConfig {
  const layers: readonly ConfigLayer[] = [
    { source: 'dynamic-broker', texts: new Map(Object.entries(ofBroker)) },
    { source: 'dynamic-cluster', texts: new Map(Object.entries(ofCluster)) },
    ...started.layers,
  ]
  const given = new Map(layers.toReversed().flatMap(({ texts }) => [...texts]))
  const altered = ownConfigNames.filter((name) => brokerConfigs.get(name)!.dynamic === true && given.has(name))
  const values = Object.fromEntries(altered.map((name) => [name, parseValue(name, brokerConfigs.get(name)!, given.get(name)!).value]))
  return { ...started, ...values, given, layers, topicDefaults: mapTopicConfigs((name) => defaultOfTopic(name, given).value) }
}

/** `host` and `port` are short for `listeners`; when both are set, the stronger setting counts. */
function chooseListeners(config: BrokerConfigValues, settings: ReadonlyMap<string, Setting>): readonly Endpoint[] {
  const asList = settings.get('listeners')
  const inShort = [settings.get('port'), settings.get('host')]
    .filter((setting) => setting !== undefined)
    .sort((a, b) => b.strength - a.strength)[0]
  if (inShort === undefined || (asList !== undefined && asList.strength > inShort.strength)) return config.listeners
  if (asList?.strength === inShort.strength) {
    throw new InvalidConfig(`${asList.label} and ${inShort.label} both say where to listen; give one of them`)
  }
  return [{ name: 'PLAINTEXT', host: config.host, port: config.port }]
}

/** `overrides` have passed validateTopicConfigs, here or in an earlier version: names that are unknown by now are passed over. */
export function resolveTopicConfig(overrides: Readonly<Record<string, string>>, broker: BrokerConfig): TopicConfig {
  const values: Partial<Record<string, unknown>> = { ...broker.topicDefaults }
  for (const [name, text] of Object.entries(overrides)) {
    const row = topicRow(name)
    if (row !== undefined) values[name] = parseValue(name, row, text).value
  }
  return values as unknown as TopicConfig
}

/** What is wrong with a topic config as a sentence, undefined when it is fine. */
export function validateTopicConfig(name: string, text: string): string | undefined {
  return sentenceOf(() => void parseValue(name, rowNamed('topic', new Map(Object.entries<Row<unknown>>(topicConfigs)), name), text))
}

/** Throws InvalidConfig when the table has no such row. */
export function rowNamed(kind: string, table: ReadonlyMap<string, Row<unknown>>, name: string): Row<unknown> {
  const row = table.get(name)
  if (row !== undefined) return row
  const closest = closestName(name, table.keys())
  throw new InvalidConfig(`there is no ${kind} config "${name}"${closest === undefined ? '' : `; did you mean "${closest}"?`}`)
}

/** What is wrong with the configs of a topic, each by itself and together with the broker's, as a sentence; undefined when nothing is. */
export function validateTopicConfigs(overrides: Readonly<Record<string, string>>, broker: BrokerConfig): string | undefined {
  for (const [name, text] of Object.entries(overrides)) {
    const wrong = validateTopicConfig(name, text)
    if (wrong !== undefined) return wrong
  }
  return sentenceOf(() => refuseConflict(resolveTopicConfig(overrides, broker)))
}

function sentenceOf(check: () => void): string | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    if (error instanceof InvalidConfig) return error.message
    throw error
  }
}

/** Throws InvalidConfig. */
export function refuseConflict(config: TopicConfig): void {
  const [shortest, longest] = [config['min.compaction.lag.ms'], config['max.compaction.lag.ms']]
  if (shortest > longest) throw new InvalidConfig(`min.compaction.lag.ms (${shortest}) must not exceed max.compaction.lag.ms (${longest})`)
}

function topicRow(name: string): Row<unknown> | undefined {
  return Object.hasOwn(topicConfigs, name) ? topicConfigs[name as TopicConfigName] : undefined
}

/** What a topic has that does not say otherwise, and the broker config that says so, if one was set. */
export function defaultOfTopic(
  name: TopicConfigName,
  given: ReadonlyMap<string, string>,
): Parsed<unknown> & { readonly from: string | undefined } {
  const row: Row<unknown> = topicConfigs[name]
  for (const [from, factor] of brokerNames(row)) {
    const text = given.get(from)
    if (text === undefined) continue
    const scaled = factor === 1 ? text : String(Math.max(Number(text) * factor, -1)) // any negative number of hours is -1 ms: no limit
    return { ...parseValue(from, row, scaled), from }
  }
  return { ...parseValue(name, row, row.default!), from: undefined }
}

/** The broker configs that are the default of a topic config, the strongest first, each with what its value is multiplied by. */
export function brokerNames(row: Row<unknown>): readonly (readonly [name: string, factor: number])[] {
  return [...(row.broker === undefined ? [] : [[row.broker, 1] as const]), ...Object.entries(row.brokerInstead ?? {})]
}

function mapTopicConfigs(valueOf: (name: TopicConfigName) => unknown): TopicConfig {
  return Object.fromEntries((Object.keys(topicConfigs) as TopicConfigName[]).map((name) => [name, valueOf(name)])) as unknown as TopicConfig
}
