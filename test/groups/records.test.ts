// The records of `__consumer_offsets` against Kafka's own definitions and bytes (data/).

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { decodeGroupRecord, encodeGroupRecord, type GroupRecordKind } from '../../src/groups/records/group-record.ts'
import { GROUP_RECORDS } from '../../src/groups/records/record-schemas.ts'
import type { FieldType } from '../../src/wire/schema.ts'
import { defaultOf } from '../support/wire-interpreter.ts'

interface Golden {
  readonly name: string
  readonly version: number
  readonly value: unknown
  readonly hex: string
}

const golden = readFileSync(new URL('data/golden-records.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Golden)

const kafka = JSON.parse(readFileSync(new URL('data/record-schemas.json', import.meta.url), 'utf8')) as {
  apiKey?: number
  name: string
  validVersions: string
}[]

const goldenOf = (name: string): Golden[] => golden.filter((one) => one.name === name)
const tagged = (tag: number, hex: string): Buffer => Buffer.concat([Buffer.from([tag >> 8, tag & 0xff]), Buffer.from(hex, 'hex')])

/** The golden value as ours is: Buffers for base64 text, and defaults for what is left out. */
function complete(type: FieldType, value: unknown): unknown {
  if (value === null) return null
  if (type.kind === 'bytes') return Buffer.from(value as string, 'base64')
  if (type.kind === 'array') return (value as unknown[]).map((element) => complete(type.element, element))
  if (type.kind !== 'struct') return value
  const given = value as Record<string, unknown>
  return Object.fromEntries(
    Object.entries(type.fields).map(([name, field]) => [name, name in given ? complete(field.type, given[name]) : defaultOf(field)]),
  )
}

const kinds = Object.keys(GROUP_RECORDS) as GroupRecordKind[]

describe.each(kinds)('the record %s', (kind) => {
  const { type, key, value } = GROUP_RECORDS[kind]
  const keys = goldenOf(key.name)

  it("has Kafka's type and versions", () => {
    const theirs = (name: string) => kafka.find((one) => one.name === name)!
    expect(theirs(key.name).apiKey).toBe(type)
    const versions = theirs(value.name).validVersions.split('-').map(Number)
    expect([value.minVersion, value.maxVersion]).toEqual([versions[0], versions.at(-1)])
  })

  it("is read from Kafka's bytes, and written as the same", () => {
    const values = goldenOf(value.name)
    expect(keys.length).toBeGreaterThanOrEqual(3)
    expect(values.length).toBeGreaterThanOrEqual(3)
    for (const [index, one] of values.entries()) {
      const bytes = { key: tagged(type, keys[index % keys.length]!.hex), value: tagged(one.version, one.hex) }
      const record = decodeGroupRecord(bytes.key, bytes.value)!
      expect(record).toEqual({
        kind,
        key: complete(key.fields.type, keys[index % keys.length]!.value),
        value: complete(value.fields.type, one.value),
      })
      expect(encodeGroupRecord({ ...record, version: one.version })).toEqual(bytes)
    }
  })

  it('is a deletion without a value', () => {
    const bytes = tagged(type, keys[0]!.hex)
    expect(decodeGroupRecord(bytes, null)).toMatchObject({ kind, value: null })
  })
})

describe('a member of the consumer protocol', () => {
  it('is the bytes that Kafka writes for one that is no classic one: a null behind a tag, without which Kafka takes it for a classic one', () => {
    const [key, value] = ['000500016700016d', '000000000261026f0203743401000003e80001000100'].map((hex) => Buffer.from(hex, 'hex')) as [
      Buffer,
      Buffer,
    ]
    const expected = { clientId: 'a', clientHost: 'o', subscribedTopicNames: ['t4'], subscribedTopicRegex: '', classicMemberMetadata: null }
    const record = decodeGroupRecord(key, value)!
    expect(record).toMatchObject({ kind: 'consumerGroupMemberMetadata', value: expected })
    expect(encodeGroupRecord(record)).toEqual({ key, value })
  })
})

describe('a record of a type that is not known', () => {
  it('is passed over', () => {
    expect(decodeGroupRecord(Buffer.from([0, 99, 1, 2, 3]), Buffer.from([0, 0]))).toBeUndefined()
  })
})

describe('a record of a version that is not known', () => {
  it('is refused', () => {
    const [{ hex }] = goldenOf('OffsetCommitKey') as [Golden]
    expect(() => decodeGroupRecord(tagged(1, hex), Buffer.from([0, 9]))).toThrow(/version 9; this version of Ottla knows up to 4/)
  })
})
