// What the sources of decoders and encoders have in common: which fields a version has, their defaults as source text, and names that are safe to
// put into it. Source is made from our own schemas only; still, nothing gets in but checked identifiers and JSON of plain values.

import { assert } from '../lib/assert.ts'
import { FIXED_SIZES } from './fixed-size.ts'
import { EVERY_VERSION, includes } from './schema.ts'
import type { Field, FieldOptions, Fields, FieldType, FixedSizeType } from './schema.ts'
import { ZERO_UUID } from './uuid.ts'

/** What is being compiled: the wire format that a version has. */
export interface Format {
  readonly version: number
  readonly isFlexible: boolean
}

export interface NamedField {
  readonly name: string
  /** The name of the local variable that holds it; prefixed, since a field may be called like a word of the language. */
  readonly variable: string
  readonly type: FieldType
  readonly options: FieldOptions
  readonly isPresent: boolean
  readonly isNullable: boolean
  /** Whether a draft may leave it out. */
  readonly isOptional: boolean
}

export const quoted = (text: string): string => JSON.stringify(text)

export function fieldsOf(fields: Fields, { version }: Format): NamedField[] {
  return Object.entries(fields).map(([name, { type, options }]) => {
    assert(/^[a-z][A-Za-z0-9]*$/.test(name), () => `${name} is not a field name`)
    const { versions, nullableVersions, defaultValue, tag } = options
    const isOptional = defaultValue !== undefined || tag !== undefined || versions !== EVERY_VERSION
    const isPresent = includes(versions, version)
    const isNullable = includes(nullableVersions, version)
    assert(!(isNullable && hasFixedSize(type)), () => `${name} cannot be null: Kafka has no null ${type.kind}`)
    return { name, variable: `$${name}`, type, options, isPresent, isNullable, isOptional }
  })
}

export const untagged = (fields: readonly NamedField[]): NamedField[] =>
  fields.filter((field) => field.isPresent && field.options.tag === undefined)

/** In the order in which they are written. */
export function tagged(fields: readonly NamedField[]): (NamedField & { tag: number })[] {
  return fields
    .flatMap((field) => (field.isPresent && field.options.tag !== undefined ? [{ ...field, tag: field.options.tag }] : []))
    .sort((a, b) => a.tag - b.tag)
}

export const hasFixedSize = (type: FieldType): type is FixedSizeType => type.kind in FIXED_SIZES

const ZEROS: Readonly<Record<Exclude<FieldType['kind'], 'array' | 'struct'>, string>> = {
  bool: 'false',
  int8: '0',
  int16: '0',
  uint16: '0',
  int32: '0',
  int64: '0',
  float64: '0',
  string: '""',
  uuid: quoted(ZERO_UUID),
  bytes: 'NO_BYTES',
  records: 'null',
}

/** An expression for the field's default. */
export function defaultSource({ type, options }: Pick<Field, 'type' | 'options'>): string {
  const { defaultValue } = options
  if (defaultValue !== undefined) {
    const isPlain = defaultValue === null || typeof defaultValue === 'string' || typeof defaultValue === 'boolean'
    assert(isPlain || Number.isFinite(defaultValue), () => `${JSON.stringify(defaultValue)} cannot be a default`)
    return JSON.stringify(defaultValue)
  }
  if (type.kind === 'array') return '[]'
  if (type.kind !== 'struct') return ZEROS[type.kind]
  const members = Object.entries(type.fields).map(([name, field]) => `${name}: ${defaultSource(field)}`)
  return `{ ${members.join(', ')} }`
}
