// Kafka's own bytes: each line of data/golden.jsonl holds what Kafka 4.3's serializer wrote for the value beside it.

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { requestCodec, responseCodec } from '../../src/wire/compile.ts'
import { apisByKey } from '../../src/wire/messages/all.ts'
import { Reader } from '../../src/wire/reader.ts'
import type { Api, FieldType } from '../../src/wire/schema.ts'
import { Writer } from '../../src/wire/writer.ts'
import { defaultOf } from '../support/wire-interpreter.ts'

interface GoldenMessage {
  apiKey: number
  kind: 'request' | 'response'
  version: number
  value: unknown
  hex: string
}

const golden = readFileSync(new URL('data/golden.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as GoldenMessage)

const cases = [...apisByKey.values()].flatMap((api) =>
  Array.from({ length: api.maxVersion - api.minVersion + 1 }, (_, index) => api.minVersion + index).flatMap((version) =>
    (['request', 'response'] as const).map((kind) => ({ title: `${api.name} ${kind} v${version}`, api, kind, version })),
  ),
)

const codecOf = (api: Api, kind: 'request' | 'response', version: number) =>
  kind === 'request' ? requestCodec(api, version) : responseCodec(api, version)

/** The golden value with Buffers for base64 text. */
function withBuffers(type: FieldType, value: unknown): unknown {
  if (value === null) return null
  if (type.kind === 'bytes' || type.kind === 'records') return Buffer.from(value as string, 'base64')
  if (type.kind === 'array') return (value as unknown[]).map((element) => withBuffers(type.element, element))
  if (type.kind !== 'struct') return value
  return Object.fromEntries(Object.entries(value as object).map(([name, member]) => [name, withBuffers(type.fields[name]!.type, member)]))
}

/** The value with its default for every field that it does not have. */
function complete(type: FieldType, value: unknown): unknown {
  if (value === null) return null
  if (type.kind === 'array') return (value as unknown[]).map((element) => complete(type.element, element))
  if (type.kind !== 'struct') return value
  const given = value as Record<string, unknown>
  return Object.fromEntries(
    Object.entries(type.fields).map(([name, field]) => [name, name in given ? complete(field.type, given[name]) : defaultOf(field)]),
  )
}

describe.each(cases)('$title', ({ api, kind, version }) => {
  const messages = golden.filter((message) => message.apiKey === api.key && message.kind === kind && message.version === version)
  const { type } = api[kind]

  it('has messages by Kafka to be compared with', () => {
    expect(messages.length).toBeGreaterThanOrEqual(3)
  })

  it('is decoded to what Kafka had encoded, to the last byte', () => {
    for (const { value, hex } of messages) {
      const reader = new Reader(Buffer.from(hex, 'hex'))
      expect(codecOf(api, kind, version).decode(reader)).toEqual(complete(type, withBuffers(type, value)))
      expect(reader.remaining).toBe(0)
    }
  })

  it('is encoded to the same bytes, from the fields that are not at their default and from all of them', () => {
    for (const { value, hex } of messages) {
      const draft = withBuffers(type, value)
      for (const given of [draft, complete(type, draft)]) {
        const writer = new Writer()
        codecOf(api, kind, version).encode(writer, given)
        expect(Buffer.concat(writer.chunks()).toString('hex')).toBe(hex)
      }
    }
  })
})
