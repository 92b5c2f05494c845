// What `ottla start` says when the broker is ready: where it is, where the data lies, what an acknowledgement promises, and what is missing.

import type { Broker } from '../broker.ts'
import { bracketed, formatEndpoint } from '../config/endpoints.ts'
import type { BrokerConfig } from '../config/resolve.ts'
import type { LogLine } from '../lib/diagnostics.ts'
import { missingCodecs } from '../wire/records/codecs.ts'
import { crc32cImplementation } from '../wire/records/crc32c.ts'
import { formatHoldings } from './terminal.ts'
import { version } from './version.ts'

export interface Ready {
  readonly broker: Pick<Broker, 'bootstrapServers' | 'summary'>
  readonly config: BrokerConfig
  /** Since the process began. */
  readonly readyMs: number
  readonly missing: readonly Missing[]
}

/** A part with a binary of its own that this machine does not have. */
interface Missing {
  readonly name: string
  readonly consequence: string
}

export function missingParts(): Missing[] {
  const codecs = missingCodecs().map((name) => ({ name, consequence: 'no binary for this machine: such batches are refused' }))
  const slowChecksums = { name: '@node-rs/crc32', consequence: 'no binary for this machine: checksums cost more time' }
  return crc32cImplementation === 'native' ? codecs : [...codecs, slowChecksums]
}

type TopicDefaults = BrokerConfig['topicDefaults']

const PROMISES: Readonly<Record<TopicDefaults['durability'], (config: TopicDefaults) => string>> = {
  fsync: () => 'every acknowledged record is on disk',
  interval: (config) =>
    `an acknowledged record survives the end of this process, and a power loss after ${config['durability.interval.ms']} ms`,
  os: () => 'an acknowledged record survives the end of this process, but not a power loss',
}

export function readyText({ broker, config, readyMs, missing }: Ready): string {
  const { durability } = config.topicDefaults
  const rows: [name: string, value: string, meaning: string][] = [
    ['data', config['log.dirs'], formatHoldings(broker.summary)],
    ['durability', durability, PROMISES[durability](config.topicDefaults)],
    ...networkRows(config),
    ...missing.map(({ name, consequence }): [string, string, string] => ['missing', name, consequence]),
  ]
  const [nameWidth, valueWidth] = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length))) as [number, number]
  const [bootstrap] = broker.bootstrapServers.split(',')
  const flag = bootstrap === 'localhost:9092' || bootstrap === '127.0.0.1:9092' ? '' : ` --bootstrap ${bootstrap}`
  return [
    `Ottla ${version} is ready on ${listeningOn(broker, config)} (${readyMs} ms)`,
    ...rows.map(([name, value, meaning]) => `  ${name.padEnd(nameWidth)}  ${value.padEnd(valueWidth)}   ${meaning}`),
    `  stop it with Ctrl-C; try: ottla topic ${broker.summary.topics === 0 ? 'create orders' : 'list'}${flag}`,
  ].join('\n')
}

/** The same for programs. */
export function readyLine({ broker, config, readyMs, missing }: Ready, timeMs: number): LogLine {
  const { topics, partitions, bytes, uncountedPartitions } = broker.summary
  const fields = {
    version,
    bootstrapServers: broker.bootstrapServers,
    data: config['log.dirs'],
    topics,
    partitions,
    bytes,
    ...(uncountedPartitions === 0 ? {} : { uncountedPartitions }),
    durability: config.topicDefaults.durability,
    readyMs,
    ...(missing.length === 0 ? {} : { missing: missing.map(({ name }) => name).join(', ') }),
  }
  return { level: 'info', timeMs, message: `Ottla ${version} is ready on ${listeningOn(broker, config)}`, fields }
}

const LOOPBACK_HOSTS = new Set(['localhost', '127.0.0.1', '::1'])

/** As it was asked for, with the ports that were chosen, and * for every interface. */
function listeningOn({ bootstrapServers }: Ready['broker'], { listeners }: BrokerConfig): string {
  const ports = bootstrapServers.split(',').map((server) => server.slice(server.lastIndexOf(':') + 1))
  return listeners.map(({ host }, index) => `${host === '' ? '*' : bracketed(host)}:${ports[index]}`).join(',')
}

function networkRows({ listeners, 'advertised.listeners': advertised }: BrokerConfig): [string, string, string][] {
  if (advertised !== null) return [['advertised', advertised.map(formatEndpoint).join(','), 'where clients are told to connect']]
  if (listeners.every(({ host }) => LOOPBACK_HOSTS.has(host))) return []
  return [['network', 'open', 'no authentication; behind a port map or NAT clients need --advertise']]
}
