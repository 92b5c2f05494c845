// The language in which messages are written down: one value per field, its property name that of Kafka's JSON in camelCase, in the order of the wire.
// A schema is data for compile.ts and a type for everybody else. One schema stands for all versions of a message: what a version lacks is left out
// by the encoder and filled with its default by the decoder.

export type VersionRange = `${number}` | `${number}+` | `${number}-${number}` | 'none'

export interface Versions {
  readonly first: number
  readonly last: number // Infinity for '3+'; below first for 'none'
}

export type FixedSizeType = { readonly kind: 'bool' | 'int8' | 'int16' | 'uint16' | 'int32' | 'int64' | 'float64' | 'uuid' }
export type FieldType =
  | FixedSizeType
  | { readonly kind: 'string' | 'bytes' | 'records' }
  | { readonly kind: 'array'; readonly element: FieldType }
  | { readonly kind: 'struct'; readonly fields: Fields }

export interface FieldOptions {
  readonly versions: Versions
  readonly nullableVersions: Versions
  /** undefined: Kafka's own for the type, which is zero, empty, or a struct of defaults. */
  readonly defaultValue: unknown
  /** The field's number among the tagged fields; undefined for an ordinary one. */
  readonly tag: number | undefined
}

/** Of a field that does not say. */
export const EVERY_VERSION: Versions = { first: 0, last: Infinity }
const NO_VERSION: Versions = { first: 0, last: -1 }

/**
 * `Read` is what a decoder yields, `Written` what an encoder takes, `IsOptional` whether a struct to be written may leave it out: all three are for
 * the compiler alone, and have no value.
 */
export class Field<Read = unknown, Written = unknown, IsOptional extends boolean = boolean> {
  declare readonly read: Read
  declare readonly written: Written
  declare readonly isOptional: IsOptional
  readonly type: FieldType
  readonly options: FieldOptions

  constructor(type: FieldType, options: FieldOptions) {
    this.type = type
    this.options = options
  }

  /** The versions that have the field; all, when it is not said. A field inside a struct need not repeat the versions of the struct. */
  versions(range: VersionRange): Field<Read, Written, true> {
    return new Field(this.type, { ...this.options, versions: parseVersions(range) })
  }

  nullable(range: VersionRange = '0+'): Field<Read | null, Written | null, IsOptional> {
    return new Field(this.type, { ...this.options, nullableVersions: parseVersions(range) })
  }

  default(value: Read): Field<Read, Written, true> {
    return new Field(this.type, { ...this.options, defaultValue: value })
  }

  /** Sent among the tagged fields of a flexible version, and only when it is not at its default. */
  tag(tag: number): Field<Read, Written, true> {
    return new Field(this.type, { ...this.options, tag })
  }
}

export type Fields = Readonly<Record<string, Field>>

/** What a decoder yields: every field, whatever the version. */
export type Infer<S extends Field> = S['read']
/** What an encoder takes: a field that has a default, is tagged, or is not in every version may be left out. */
export type Draft<S extends Field> = S['written']

type RequiredNames<F extends Fields> = { [Name in keyof F]: F[Name]['isOptional'] extends true ? never : Name }[keyof F]
type Flat<T> = { [Name in keyof T]: T[Name] }
type ReadStruct<F extends Fields> = { -readonly [Name in keyof F]: F[Name]['read'] }
type WrittenStruct<F extends Fields> = Flat<
  { readonly [Name in RequiredNames<F>]: F[Name]['written'] } & {
    readonly [Name in Exclude<keyof F, RequiredNames<F>>]?: F[Name]['written']
  }
>

function field<Read, Written = Read>(type: FieldType): Field<Read, Written, false> {
  return new Field(type, { versions: EVERY_VERSION, nullableVersions: NO_VERSION, defaultValue: undefined, tag: undefined })
}

export const bool = field<boolean>({ kind: 'bool' })
export const int8 = field<number>({ kind: 'int8' })
export const int16 = field<number>({ kind: 'int16' })
export const uint16 = field<number>({ kind: 'uint16' })
export const int32 = field<number>({ kind: 'int32' })
/** A number: what lies beyond ±(2^53 - 1) is read as that. */
export const int64 = field<number>({ kind: 'int64' })
export const float64 = field<number>({ kind: 'float64' })
export const string = field<string>({ kind: 'string' })
/** Kafka's text form: base64url, 22 characters. */
export const uuid = field<string>({ kind: 'uuid' })
/** Read as a view of the frame. */
export const bytes = field<Buffer>({ kind: 'bytes' })
/** Record batches: read as a view of the frame, written as the chunks they come in; copied in neither direction. */
export const records = field<Buffer, Buffer | readonly Buffer[]>({ kind: 'records' })

export function array<Read, Written>(element: Field<Read, Written, false>): Field<Read[], readonly Written[], false> {
  return field({ kind: 'array', element: element.type })
}

export function struct<const F extends Fields>(fields: F): Field<ReadStruct<F>, WrittenStruct<F>, false> {
  return field({ kind: 'struct', fields })
}

/** A request and its response, in every version that is spoken. */
export interface Api<Request extends Field = Field, Response extends Field = Field> {
  readonly key: number
  readonly name: string
  readonly minVersion: number
  readonly maxVersion: number
  /** From this version on headers and structs end with tagged fields, and lengths are varints; Infinity when no version does. */
  readonly firstFlexibleVersion: number
  readonly request: Request
  readonly response: Response
}

export function defineApi<Request extends Field, Response extends Field>(api: {
  key: number
  name: string
  versions: VersionRange
  flexible: VersionRange
  request: Request
  response: Response
}): Api<Request, Response> {
  const { key, name, request, response } = api
  return { key, name, ...versionsOf(api), request, response }
}

/** A message that is stored rather than sent: the body of a key or a value in one of the broker's own logs. */
export interface RecordSchema<S extends Field = Field> {
  readonly name: string
  readonly minVersion: number
  readonly maxVersion: number
  readonly firstFlexibleVersion: number
  readonly fields: S
}

export function defineRecord<S extends Field>(record: {
  name: string
  versions: VersionRange
  flexible: VersionRange
  fields: S
}): RecordSchema<S> {
  return { name: record.name, ...versionsOf(record), fields: record.fields }
}

export const includes = (versions: Versions, version: number): boolean => version >= versions.first && version <= versions.last

function versionsOf({ versions, flexible }: { versions: VersionRange; flexible: VersionRange }) {
  const { first, last } = parseVersions(versions)
  return { minVersion: first, maxVersion: last, firstFlexibleVersion: flexible === 'none' ? Infinity : parseVersions(flexible).first }
}

export function parseVersions(range: VersionRange): Versions {
  if (range === 'none') return NO_VERSION
  const [first, last] = range.split(/[-+]/)
  if (range.endsWith('+')) return { first: Number(first), last: Infinity }
  return { first: Number(first), last: Number(last ?? first) }
}
