// The addresses of `listeners` and `advertised.listeners`: NAME://host:port, or host:port for short. Plain text only: there is no TLS or SASL.

import { InvalidConfig } from './row-kinds.ts'

export interface Endpoint {
  /** PLAINTEXT unless it is named. */
  readonly name: string
  /** As given, an IPv6 address without its brackets. Empty: every interface. localhost: both loopback addresses. */
  readonly host: string
  readonly port: number
}

const ENDPOINT = /^(?:(?<name>[A-Za-z][\w.-]*):\/\/)?(?:\[(?<ipv6>[0-9a-fA-F:.%\w]+)\]|(?<host>[^:/[\]\s]*)):(?<port>\d{1,5})$/

/** undefined when one of them is no address, or there is none. */
export function parseEndpoints(text: string): readonly Endpoint[] | undefined {
  const endpoints = text.split(',').map((part) => parseEndpoint(part.trim()))
  return endpoints.every((endpoint) => endpoint !== undefined) ? endpoints : undefined
}

function parseEndpoint(text: string): Endpoint | undefined {
  const parts = ENDPOINT.exec(text)?.groups
  if (parts === undefined || Number(parts.port) > 65535) return undefined
  return { name: (parts.name ?? 'PLAINTEXT').toUpperCase(), host: parts.ipv6 ?? parts.host ?? '', port: Number(parts.port) }
}

/** `127.0.0.1:200,::1:5`: an address and a number each; undefined when one of them is not. */
export function parseAddressLimits(text: string): ReadonlyMap<string, number> | undefined {
  const limits = new Map<string, number>()
  for (const part of text === '' ? [] : text.split(',')) {
    const [, address, limit] = /^\s*((?:\d{1,3}\.){3}\d{1,3}|\[?[0-9a-fA-F:.]*:[0-9a-fA-F:.]*\]?):(\d{1,9})\s*$/.exec(part) ?? []
    if (address === undefined) return undefined
    limits.set(address.replaceAll(/[[\]]/g, ''), Number(limit))
  }
  return limits
}

/** Of a listener: it is no address that a client could use. */
export const isEveryInterface = (host: string): boolean => host === '' || host === '0.0.0.0' || host === '::'

/** A host as it stands before a port. */
export const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host)

export function formatEndpoint({ name, host, port }: Endpoint): string {
  return `${name}://${bracketed(host)}:${port}`
}

interface ListenerSettings {
  readonly listeners: readonly Endpoint[]
  readonly advertised: readonly Endpoint[] | null
  /** `listener.security.protocol.map`: NAME:PROTOCOL,… */
  readonly protocolMap: string
  /** Names that belong to a Kafka controller: dropped, since there is none. */
  readonly controllerNames: readonly string[]
}

/** The endpoints that a broker opens and advertises. Throws InvalidConfig. */
export function settleListeners({ listeners, advertised, protocolMap, controllerNames }: ListenerSettings): {
  listeners: readonly Endpoint[]
  advertised: readonly Endpoint[] | null
} {
  const isOurs = (endpoint: Endpoint): boolean => !controllerNames.some((name) => name.toUpperCase() === endpoint.name)
  const opened = listeners.filter(isOurs)
  if (opened.length === 0) throw new InvalidConfig('listeners must name an address for clients, beside those of controller.listener.names')
  const protocols = new Map(protocolMap.split(',').map((pair) => pair.trim().toUpperCase().split(':') as [string, string]))
  for (const [index, { name }] of opened.entries()) {
    const protocol = protocols.get(name)
    if (protocol === undefined)
      throw new InvalidConfig(`listeners has the name ${name}, which listener.security.protocol.map does not list`)
    if (protocol !== 'PLAINTEXT') throw new InvalidConfig(`listener ${name} asks for ${protocol}; only PLAINTEXT is spoken`)
    if (opened.findIndex((other) => other.name === name) !== index)
      throw new InvalidConfig(`listeners has the name ${name} twice; give each its own`)
  }
  return { listeners: opened, advertised: advertised === null ? null : settleAdvertised(advertised.filter(isOurs), opened) }
}

function settleAdvertised(advertised: readonly Endpoint[], opened: readonly Endpoint[]): readonly Endpoint[] {
  for (const endpoint of advertised) {
    if (!opened.some((listener) => listener.name === endpoint.name)) {
      throw new InvalidConfig(`advertised.listeners has the name ${endpoint.name}, which listeners does not have`)
    }
    if (isEveryInterface(endpoint.host) || endpoint.port === 0) {
      throw new InvalidConfig(`advertised.listeners must say where clients find the broker: ${formatEndpoint(endpoint)} is no such address`)
    }
  }
  return advertised
}
