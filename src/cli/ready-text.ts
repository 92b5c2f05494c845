// What `ottla start` says when the broker is ready: where it is, where the data lies, what an acknowledgement promises, and what is missing.

import type { Broker } from '../broker.ts'
import type { BrokerConfig } from '../config/resolve.ts'
import { formatEndpoint } from '../config/endpoints.ts'
import type { LogLine } from '../lib/diagnostics.ts'
import { crc32cImplementation } from '../wire/records/crc32c.ts'
import { missingCodecs } from '../wire/records/codecs.ts'
import { formatBytes, formatCount } from './terminal.ts'
import { version } from './version.ts'

const PROMISES: Readonly<Record<BrokerConfig['topicDefaults']['durability'], string>> = {
  fsync: 'every acknowledged record is on disk',
  os: 'an acknowledged record survives the end of this process, but not a power loss',
}
const LOOPBACK_HOSTS = new Set(['localhost', '127.0.0.1', '::1'])

export function readyText(broker: Broker, config: BrokerConfig, readyMs: number): string {
  const { topics, partitions, bytes } = broker.summary
  const { durability } = config.topicDefaults
  const rows: [string, string, string][] = [
    ['data', config['log.dirs'], `${formatCount(topics, 'topic')}, ${formatCount(partitions, 'partition')}, ${formatBytes(bytes)}`],
    ['durability', durability, PROMISES[durability]],
    ...networkRows(config),
    ...missingRows(),
  ]
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)))
  return [
    `Ottla ${version} is ready on ${listeningOn(broker, config)} (${readyMs} ms)`,
    ...rows.map(([name, value, meaning]) => `  ${name.padEnd(widths[0]!)}  ${value.padEnd(widths[1]!)}   ${meaning}`),
    `  stop it with Ctrl-C; try: ottla topic ${topics === 0 ? 'create orders' : 'list'}${bootstrapFlag(broker, config)}`,
  ].join('\n')
}

export function readyLine(broker: Broker, config: BrokerConfig, readyMs: number): LogLine {
  const { topics, partitions, bytes } = broker.summary
  return {
    level: 'info',
    timeMs: Date.now(),
    message: `Ottla ${version} is ready on ${listeningOn(broker, config)}`,
    fields: {
      version,
      bootstrapServers: broker.bootstrapServers,
      data: config['log.dirs'],
      topics,
      partitions,
      bytes,
      durability: config.topicDefaults.durability,
      readyMs,
      ...Object.fromEntries(missingRows().map(([, value]) => [`missing ${value}`, true])),
    },
  }
}

/** As a person would write it: one localhost instead of both loopback addresses. */
function listeningOn({ bootstrapServers }: Broker, config: BrokerConfig): string {
  const ports = portsOf(bootstrapServers)
  const isLocalhost = config.listeners.length === 1 && config.listeners[0]!.host === 'localhost'
  if (isLocalhost) return `localhost:${ports[0]}`
  return bootstrapServers.replaceAll(/(^|,):/g, '$1*:')
}

function portsOf(bootstrapServers: string): string[] {
  return bootstrapServers.split(',').map((address) => address.slice(address.lastIndexOf(':') + 1))
}

function bootstrapFlag({ bootstrapServers }: Broker, { listeners }: BrokerConfig): string {
  const { host } = listeners[0]!
  const port = portsOf(bootstrapServers)[0]!
  const isDefault = port === '9092' && (host === '' || LOOPBACK_HOSTS.has(host) || host === '0.0.0.0' || host === '::')
  return isDefault
    ? ''
    : ` --bootstrap ${LOOPBACK_HOSTS.has(host) || host === '' || host === '0.0.0.0' || host === '::' ? 'localhost' : host}:${port}`
}

function networkRows({ listeners, 'advertised.listeners': advertised }: BrokerConfig): [string, string, string][] {
  if (advertised !== null) return [['advertised', advertised.map(formatEndpoint).join(','), 'where clients are told to connect']]
  if (listeners.every(({ host }) => LOOPBACK_HOSTS.has(host))) return []
  return [['network', 'open', 'no authentication; behind a port map or NAT clients need --advertise']]
}

function missingRows(): [string, string, string][] {
  const codecs = missingCodecs().map((codec): [string, string, string] => [
    'missing',
    codec,
    'no binary for this machine: its batches are refused',
  ])
  const crc32c: [string, string, string][] =
    crc32cImplementation === 'native' ? [] : [['missing', '@node-rs/crc32', 'no binary for this machine: checksums cost more time']]
  return [...codecs, ...crc32c]
}
