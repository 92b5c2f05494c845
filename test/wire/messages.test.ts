// Every schema against Kafka's own definition of the message, data/messages.json: names, order, types, versions, nulls, tags and defaults. Our own fields stand here as well.

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { apisByKey } from '../../src/wire/messages/all.ts'
import { parseVersions } from '../../src/wire/schema.ts'
import type { Api, Field, Fields, FieldType, VersionRange, Versions } from '../../src/wire/schema.ts'

interface KafkaField {
  name: string
  type: string
  versions: VersionRange
  nullableVersions?: VersionRange
  taggedVersions?: VersionRange
  tag?: number
  default?: string | number | boolean | null
  fields?: KafkaField[]
}
interface KafkaMessage {
  validVersions: VersionRange
  flexibleVersions: VersionRange
  latestVersionUnstable?: boolean
  fields: KafkaField[]
  commonStructs?: { name: string; fields: KafkaField[] }[]
}
interface KafkaApi {
  apiKey: number
  name: string
  request: KafkaMessage
  response: KafkaMessage
}

/** One line per field, in order: what there is to agree on. Versions are those that are left within the struct around it. */
interface Line {
  path: string
  type: string
  versions: Versions
  nullableVersions: Versions | undefined
  tag: number | undefined
  default: unknown
}

const kafkaApis = JSON.parse(readFileSync(new URL('data/messages.json', import.meta.url), 'utf8')) as KafkaApi[]

function within(range: VersionRange | Versions, outer: Versions): Versions | undefined {
  const { first, last } = typeof range === 'string' ? parseVersions(range) : range
  const both = { first: Math.max(first, outer.first), last: Math.min(last, outer.last) }
  return both.first <= both.last ? both : undefined
}

function linesOfKafka(fields: KafkaField[], message: KafkaMessage, outer: Versions, path = ''): Line[] {
  return fields.flatMap((field) => {
    const versions = within(field.versions, outer)
    if (versions === undefined) return []
    const name = `${path}${field.name[0]!.toLowerCase()}${field.name.slice(1)}`
    const isArray = field.type.startsWith('[]')
    const base = field.type.replace('[]', '')
    const members = field.fields ?? message.commonStructs?.find((struct) => struct.name === base)?.fields
    const type = members === undefined ? base : 'struct'
    expect(field.taggedVersions ?? field.versions, `${name} is tagged in every version or in none`).toBe(field.versions)
    return [
      {
        path: name,
        type: isArray ? `[]${type}` : type,
        versions,
        nullableVersions: within(field.nullableVersions ?? 'none', versions),
        tag: field.tag,
        default: kafkaDefault(field, isArray ? 'array' : type),
      },
      ...(members === undefined ? [] : linesOfKafka(members, message, versions, `${name}.`)),
    ]
  })
}

const ZEROS: Record<string, unknown> = { bool: false, string: '', bytes: '', uuid: 'zero', records: null, array: '[]', struct: '{}' }
const zeroOf = (type: string): unknown => (type in ZEROS ? ZEROS[type] : 0)

function kafkaDefault({ default: text }: KafkaField, type: string): unknown {
  if (text === undefined || text === null) return zeroOf(type)
  if (text === 'null') return null
  if (type === 'bool') return String(text) === 'true'
  return type === 'string' ? text : Number(text)
}

function linesOfOurs(fields: Fields, outer: Versions, path = ''): Line[] {
  return Object.entries(fields).flatMap(([name, { type, options }]: [string, Field]) => {
    const versions = within(options.versions, outer)
    if (versions === undefined) throw new Error(`${path}${name} is in no version`)
    const element: FieldType = type.kind === 'array' ? type.element : type
    return [
      {
        path: `${path}${name}`,
        type: type.kind === 'array' ? `[]${element.kind}` : type.kind,
        versions,
        nullableVersions: within(options.nullableVersions, versions),
        tag: options.tag,
        default: options.defaultValue === undefined ? zeroOf(type.kind) : options.defaultValue,
      },
      ...(element.kind === 'struct' ? linesOfOurs(element.fields, versions, `${path}${name}.`) : []),
    ]
  })
}

/** What we add to Kafka's messages, by the API and the path of the field: decision 9. Nothing else may go beyond Kafka's definition. */
const OWN_LINES: Readonly<Record<string, readonly Line[]>> = {
  'DescribeGroups request': [ownLine('includeHistory', 'bool', { first: 5, last: 6 }, false, 10_000)],
  'DescribeGroups response': historyLines({ first: 5, last: 6 }),
  'ConsumerGroupDescribe request': [ownLine('includeHistory', 'bool', { first: 0, last: 1 }, false, 10_000)],
  'ConsumerGroupDescribe response': historyLines({ first: 0, last: 1 }),
}

function historyLines(versions: Versions): Line[] {
  const path = 'groups.history'
  return [
    ownLine(path, '[]struct', versions, '[]', 10_000),
    ownLine(`${path}.timeMs`, 'int64', versions, 0),
    ownLine(`${path}.kind`, 'string', versions, ''),
    { ...ownLine(`${path}.memberId`, 'string', versions, ''), nullableVersions: versions },
    { ...ownLine(`${path}.clientId`, 'string', versions, ''), nullableVersions: versions },
    ownLine(`${path}.generation`, 'int32', versions, 0),
    ownLine(`${path}.reason`, 'string', versions, ''),
  ]
}

function ownLine(path: string, type: string, versions: Versions, defaultValue: unknown, tag?: number): Line {
  return { path, type, versions, nullableVersions: undefined, tag, default: defaultValue }
}

describe.each([...apisByKey.values()].map((api) => ({ name: api.name, api })))('the schema of $name', ({ api }: { api: Api }) => {
  const kafkaApi = kafkaApis.find((candidate) => candidate.apiKey === api.key)!
  const served = { first: api.minVersion, last: api.maxVersion }

  it("has Kafka's name, and every version but an unstable one", () => {
    const { first, last } = parseVersions(kafkaApi.request.validVersions)
    expect(api.name).toBe(kafkaApi.name)
    expect(served).toEqual({ first, last: kafkaApi.request.latestVersionUnstable === true ? last - 1 : last })
  })

  it.each(['request', 'response'] as const)("has every field of Kafka's %s, in order, and no other but our own", (kind) => {
    const { type } = api[kind]
    if (type.kind !== 'struct') throw new Error('a message is a struct')
    const message = kafkaApi[kind]
    const own = OWN_LINES[`${api.name} ${kind}`] ?? []
    expect(linesOfOurs(type.fields, served)).toEqual([...linesOfKafka(message.fields, message, served), ...own])
    expect(api.firstFlexibleVersion).toBe(message.flexibleVersions === 'none' ? Infinity : parseVersions(message.flexibleVersions).first)
  })

  it.each(['request', 'response'] as const)('lets a draft of the %s leave out what Kafka states a default for', (kind) => {
    const explicit = (fields: KafkaField[], outer: Versions): string[] =>
      fields.flatMap((field) => {
        const versions = within(field.versions, outer)
        if (versions === undefined) return []
        const own = field.default !== undefined && field.default !== null ? [field.name.toLowerCase()] : []
        return [...own, ...explicit(field.fields ?? [], versions)]
      })
    const ours = (type: FieldType): string[] => {
      if (type.kind === 'array') return ours(type.element)
      if (type.kind !== 'struct') return []
      return Object.entries(type.fields).flatMap(([name, field]) => [
        ...(field.options.defaultValue === undefined ? [] : [name.toLowerCase()]),
        ...ours(field.type),
      ])
    }
    const stated = explicit(kafkaApi[kind].fields, served)
    expect(ours(api[kind].type).filter((name) => name !== 'throttletimems')).toEqual(stated.filter((name) => name !== 'throttletimems'))
  })
})
