// Codecs: a decoder and an encoder for one message in one version, compiled from its schema on first use and kept. Compiled, because a walk over the
// schema for every message is three times slower; on first use, so that a start pays for none of them.

import { assert } from '../lib/assert.ts'
import { decoderLibrary, decoderSource } from './decoder-source.ts'
import { encoderLibrary, encoderSource, isLongSource } from './encoder-source.ts'
import type { Format } from './codec-source.ts'
import type { Reader } from './reader.ts'
import type { Api, Draft, Field, Infer, RecordSchema } from './schema.ts'
import type { Writer } from './writer.ts'

export interface Codec<Read, Written> {
  /** Throws Malformed. Bytes that follow the message are left in the reader. */
  decode(reader: Reader): Read
  encode(writer: Writer, value: Written): void
  /** Whether it takes long to encode; then encodeInSteps does so a part at a time. */
  isLong(value: Written): boolean
  encodeInSteps(writer: Writer, value: Written): Generator<void, void>
}

export function requestCodec<A extends Api>(api: A, version: number): Codec<Infer<A['request']>, Draft<A['request']>> {
  return codecOf(api.request, api, 'Request', version)
}

export function responseCodec<A extends Api>(api: A, version: number): Codec<Infer<A['response']>, Draft<A['response']>> {
  return codecOf(api.response, api, 'Response', version)
}

export function recordCodec<R extends RecordSchema>(record: R, version: number): Codec<Infer<R['fields']>, Draft<R['fields']>> {
  return codecOf(record.fields, record, '', version)
}

const codecs = new WeakMap<Field, Codec<unknown, unknown>[]>() // by version

type Owner = Pick<Api, 'name' | 'minVersion' | 'maxVersion' | 'firstFlexibleVersion'>

// It is called several times a request: what names the codec is put together only when there is none yet.
function codecOf<Read, Written>(schema: Field, owner: Owner, suffix: string, version: number): Codec<Read, Written> {
  const byVersion = codecs.get(schema) ?? []
  const known = byVersion[version]
  if (known !== undefined) return known as Codec<Read, Written>
  const { name, minVersion, maxVersion, firstFlexibleVersion } = owner
  assert(version >= minVersion && version <= maxVersion, () => `${name}${suffix} has no version ${version}`)
  const codec = lazyCodec(`${name}${suffix}_v${version}`, schema, { version, isFlexible: version >= firstFlexibleVersion })
  byVersion[version] = codec
  codecs.set(schema, byVersion)
  return codec as Codec<Read, Written>
}

function lazyCodec(path: string, schema: Field, format: Format): Codec<unknown, unknown> {
  assert(/^[A-Z][A-Za-z0-9_]*$/.test(path), () => `${path} is not a message name`)
  const codec: Codec<unknown, unknown> = {
    decode(reader) {
      codec.decode = compile(decoderSource(path, schema, format), path, decoderLibrary) as Codec<unknown, unknown>['decode']
      return codec.decode(reader)
    },
    encode(writer, value) {
      codec.encode = compile(encoderSource(path, schema, format), path, encoderLibrary) as Codec<unknown, unknown>['encode']
      codec.encode(writer, value)
    },
    isLong(value) {
      codec.isLong = compile(`const isLong = (value) => ${isLongSource(schema, format)}`, 'isLong', {}) as Codec<unknown, unknown>['isLong']
      return codec.isLong(value)
    },
    encodeInSteps(writer, value) {
      const source = encoderSource(path, schema, format, { isInSteps: true })
      codec.encodeInSteps = compile(source, path, encoderLibrary) as Codec<unknown, unknown>['encodeInSteps']
      return codec.encodeInSteps(writer, value)
    },
  }
  return codec
}

/** The function called `name` of `source`, which sees what is in `library` by name. */
function compile(source: string, name: string, library: object): unknown {
  // oxlint-disable-next-line typescript/no-implied-eval -- the source is made of our own schemas, names checked, and of nothing that came from outside
  return new Function(...Object.keys(library), `'use strict'\n${source}\nreturn ${name}`)(...Object.values(library))
}
