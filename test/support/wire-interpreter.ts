// The plainest reading of a schema: a walk over it for every message. Slow, and short enough to be believed; the compiled codecs must agree with it.

import type { Reader } from '../../src/wire/reader.ts'
import { includes } from '../../src/wire/schema.ts'
import type { Field, FieldType } from '../../src/wire/schema.ts'
import { Writer } from '../../src/wire/writer.ts'

export interface Format {
  version: number
  isFlexible: boolean
}
type Struct = Record<string, unknown>

export function decode(type: FieldType, reader: Reader, format: Format, isNullable = false): unknown {
  const size = (kind: 'int16' | 'int32') => (format.isFlexible ? reader.unsignedVarint() - 1 : reader[kind]())
  if (type.kind === 'array') {
    const count = size('int32')
    return count < 0 ? null : Array.from({ length: count }, () => decode(type.element, reader, format))
  }
  if (type.kind === 'string' || type.kind === 'bytes' || type.kind === 'records') {
    const length = size(type.kind === 'string' ? 'int16' : 'int32')
    if (length < 0) return null
    return type.kind === 'string' ? reader.string(length) : reader.bytes(length)
  }
  if (type.kind !== 'struct') return reader[type.kind]()
  if (isNullable && reader.int8() < 0) return null
  const fields = Object.entries(type.fields)
  const value: Struct = Object.fromEntries(fields.map(([name, field]) => [name, defaultOf(field)]))
  const read = (field: Field) => decode(field.type, reader, format, includes(field.options.nullableVersions, format.version))
  const readTagged = (field: Field) => (isNullTaggedStruct(field, reader, format) ? null : read(field))
  for (const [name, field] of fields) if (isOrdinary(field, format)) value[name] = read(field)
  for (let left = format.isFlexible ? reader.unsignedVarint() : 0; left > 0; left--) {
    const tag = reader.unsignedVarint()
    const end = reader.unsignedVarint() + reader.position
    for (const [name, field] of fields) if (isTagged(field, format) && field.options.tag === tag) value[name] = readTagged(field)
    reader.position = end
  }
  return value
}

export function encode(type: FieldType, writer: Writer, given: unknown, format: Format, isNullable = false): void {
  const size = (kind: 'int16' | 'int32', length: number) => (format.isFlexible ? writer.unsignedVarint(length + 1) : writer[kind](length))
  if (type.kind === 'struct') {
    if (isNullable) writer.int8(given === null ? -1 : 1)
    if (given !== null) encodeFields(Object.entries(type.fields), writer, given as Struct, format)
  } else if (given === null) {
    size(type.kind === 'string' ? 'int16' : 'int32', -1)
  } else if (type.kind === 'array') {
    size('int32', (given as unknown[]).length)
    for (const element of given as unknown[]) encode(type.element, writer, element, format)
  } else if (type.kind === 'string' || type.kind === 'bytes' || type.kind === 'records') {
    const bytes = Array.isArray(given) ? Buffer.concat(given) : Buffer.from(given as string)
    size(type.kind === 'string' ? 'int16' : 'int32', bytes.length)
    writer.bytes(bytes)
  } else {
    ;(writer[type.kind] as (value: unknown) => void).call(writer, given)
  }
}

function encodeFields(fields: [string, Field][], writer: Writer, given: Struct, format: Format): void {
  const encoded = (field: Field, value: unknown): Buffer => {
    const part = new Writer()
    encode(field.type, part, value, format, includes(field.options.nullableVersions, format.version))
    return Buffer.concat(part.chunks())
  }
  const encodedTagged = (field: Field, value: unknown): Buffer =>
    value === null && field.type.kind === 'struct' ? Buffer.of(0) : encoded(field, value)
  const value = (name: string, field: Field) => (given[name] === undefined ? defaultOf(field) : given[name])
  for (const [name, field] of fields) if (isOrdinary(field, format)) writer.bytes(encoded(field, value(name, field)))
  if (!format.isFlexible) return
  const sent = fields
    .filter(([, field]) => isTagged(field, format))
    .map(([name, field]) => ({ field, tag: field.options.tag!, bytes: encodedTagged(field, value(name, field)) }))
    .filter(({ field, bytes }) => !bytes.equals(encodedTagged(field, defaultOf(field))))
    .sort((a, b) => a.tag - b.tag)
  writer.unsignedVarint(sent.length)
  for (const { tag, bytes } of sent) {
    writer.unsignedVarint(tag)
    writer.unsignedVarint(bytes.length)
    writer.bytes(bytes)
  }
}

/** A nullable struct that is null is a 0 behind a tag, and a -1 everywhere else. */
function isNullTaggedStruct({ type, options }: Field, reader: Reader, { version }: Format): boolean {
  if (type.kind !== 'struct' || !includes(options.nullableVersions, version)) return false
  const isNull = reader.int8() === 0
  if (!isNull) reader.position--
  return isNull
}

/** What a decoder yields for a field that it does not find. */
export function defaultOf({ type, options }: Pick<Field, 'type' | 'options'>): unknown {
  if (options.defaultValue !== undefined) return options.defaultValue
  if (type.kind === 'struct') return Object.fromEntries(Object.entries(type.fields).map(([name, field]) => [name, defaultOf(field)]))
  const zeros: Struct = { bool: false, string: '', uuid: 'A'.repeat(22), bytes: Buffer.alloc(0), records: null, array: [] }
  return type.kind in zeros ? zeros[type.kind] : 0
}

const isPresent = (field: Field, format: Format): boolean => includes(field.options.versions, format.version)
const isOrdinary = (field: Field, format: Format): boolean => isPresent(field, format) && field.options.tag === undefined
const isTagged = (field: Field, format: Format): boolean => isPresent(field, format) && field.options.tag !== undefined
