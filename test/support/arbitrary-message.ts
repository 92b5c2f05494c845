// Random schemas of everything the DSL can say, with random values for them: messages that nobody would think of.

import * as fc from 'fast-check'
import {
  array,
  bool,
  bytes,
  float64,
  includes,
  int16,
  int32,
  int64,
  int8,
  records,
  string,
  struct,
  uint16,
  uuid,
} from '../../src/wire/schema.ts'
import type { Field, FieldType, VersionRange } from '../../src/wire/schema.ts'
import type { Format } from './wire-interpreter.ts'

export const LAST_VERSION = 3
export const FIRST_FLEXIBLE_VERSION = 2

/** Words that a generated source might trip over. */
const NAMES = [
  'default',
  'value',
  'reader',
  'writer',
  'size',
  'at',
  'list',
  'index',
  'buffer',
  'tag',
  'end',
  'arguments',
  'string',
  'present',
  'x9',
]

const integer = (bits: number, isSigned = true) =>
  isSigned ? fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 }) : fc.integer({ min: 0, max: 2 ** bits - 1 })
const safeInteger = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(0, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER))
const uuidText = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((octets) => Buffer.from(octets).toString('base64url'))
const buffer = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((octets) => Buffer.from(octets)),
  fc.integer({ min: 1000, max: 3000 }).map((size) => Buffer.alloc(size, size)),
)
const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.string({ maxLength: 60 }), fc.constant('x'.repeat(300)))

/** Values of the leaf types. */
const LEAVES = {
  bool: fc.boolean(),
  int8: integer(8),
  int16: integer(16),
  uint16: integer(16, false),
  int32: integer(32),
  int64: safeInteger,
  float64: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0), // no -0
  string: text,
  uuid: fc.oneof(uuidText, fc.constant('A'.repeat(22))),
  bytes: buffer,
  records: buffer,
}

const leafField = fc.constantFrom<Field>(bool, int8, int16, uint16, int32, int64, float64, string, uuid, bytes)
const versionRange = fc.constantFrom<VersionRange>('0+', '1+', '2+', '3', '0-1', '1-2')

/** A field as it stands in a struct: some nullable, some tagged, some with a default, some not in all versions. */
function modified(field: Field, tag: number): fc.Arbitrary<Field> {
  const { kind } = field.type
  const canBeNull = ['string', 'bytes', 'records', 'array', 'struct'].includes(kind)
  const hasPlainDefault = !['bytes', 'records', 'array', 'struct', 'uuid'].includes(kind)
  return fc
    .record({
      versions: fc.option(versionRange),
      isTagged: holdsRecords(field.type) ? fc.constant(false) : fc.boolean(),
      nullable: canBeNull ? fc.option(versionRange) : fc.constant(null),
      isNullByDefault: fc.boolean(),
      plainDefault: hasPlainDefault ? fc.option(LEAVES[kind as keyof typeof LEAVES] as fc.Arbitrary<unknown>) : fc.constant(null),
    })
    .map(({ versions, isTagged, nullable, isNullByDefault, plainDefault }) => {
      let result = field
      if (isTagged) result = result.versions(versions === '3' ? '3' : `${FIRST_FLEXIBLE_VERSION}+`).tag(tag)
      else if (versions !== null) result = result.versions(versions)
      if (nullable !== null) result = result.nullable(isNullByDefault ? '0+' : nullable)
      if (nullable !== null && isNullByDefault) result = result.default(null)
      else if (plainDefault !== null) result = result.default(plainDefault)
      return result
    })
}

function holdsRecords(type: FieldType): boolean {
  if (type.kind === 'array') return holdsRecords(type.element)
  return type.kind === 'struct' ? Object.values(type.fields).some((field) => holdsRecords(field.type)) : type.kind === 'records'
}

const asElement = (field: Field): Field<unknown, unknown, false> => field as Field<unknown, unknown, false>

/** An element takes at least a byte: otherwise a few bytes could announce any number of them. */
const notEmpty = (element: Field) => struct({ ...(element.type.kind === 'struct' ? element.type.fields : {}), id: bool })

/** A message: a struct, up to three levels deep. */
export const messageSchema: fc.Arbitrary<Field> = fc.letrec<{ struct: Field; field: Field }>((tie) => ({
  field: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'schema' },
    leafField,
    leafField.map((leaf): Field => array(asElement(leaf))),
    fc.constant<Field>(records),
    tie('struct'),
    tie('struct').map((member): Field => array(notEmpty(member))),
  ),
  struct: fc
    .uniqueArray(fc.constantFrom(...NAMES), { maxLength: 6 })
    .chain((names) =>
      fc.tuple(...names.map((name, tag) => tie('field').chain((field) => modified(field, tag).map((done) => [name, done] as const)))),
    )
    .map((fields): Field => struct(Object.fromEntries(fields))),
})).struct

/** A draft of a message of that type: every field that the version has, but for some of those that may be left out. */
export function draftOf(type: FieldType, format: Format, isNullable = false): fc.Arbitrary<unknown> {
  const value = presentValueOf(type, format)
  return isNullable ? fc.option(value) : value
}

function presentValueOf(type: FieldType, format: Format): fc.Arbitrary<unknown> {
  if (type.kind === 'array') return fc.array(draftOf(type.element, format), { maxLength: 4 })
  if (type.kind === 'records') return fc.oneof(buffer, fc.array(buffer, { maxLength: 3 }))
  if (type.kind !== 'struct') return LEAVES[type.kind]
  const fields = Object.entries(type.fields).filter(([, { options }]) => includes(options.versions, format.version))
  const required = fields.filter(([, { options }]) => options.defaultValue === undefined && options.tag === undefined)
  const drafts = fields.map(([name, { type, options }]) => [
    name,
    draftOf(type, format, includes(options.nullableVersions, format.version)),
  ])
  return fc.record(Object.fromEntries(drafts) as Record<string, fc.Arbitrary<unknown>>, {
    requiredKeys: required.map(([name]) => name),
    noNullPrototype: true,
  })
}
