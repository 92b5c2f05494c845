// One record of `__consumer_offsets`, to bytes and back.

import { recordCodec } from '../../wire/compile.ts'
import { Malformed, Reader } from '../../wire/reader.ts'
import type { Draft, Infer, RecordSchema } from '../../wire/schema.ts'
import { Writer } from '../../wire/writer.ts'
import { GROUP_RECORDS } from './record-schemas.ts'

type Schemas = typeof GROUP_RECORDS
export type GroupRecordKind = keyof Schemas
/** As it is read: `value` is null where the record deletes what the key names. */
export type GroupRecord = {
  [Kind in GroupRecordKind]: {
    readonly kind: Kind
    readonly key: Infer<Schemas[Kind]['key']['fields']>
    readonly value: Infer<Schemas[Kind]['value']['fields']> | null
  }
}[GroupRecordKind]
/** As it is written: what has a default may be left out. */
export type GroupRecordDraft = {
  [Kind in GroupRecordKind]: {
    readonly kind: Kind
    readonly key: Draft<Schemas[Kind]['key']['fields']>
    readonly value: Draft<Schemas[Kind]['value']['fields']> | null
    /** Of the value, where it is not `writtenVersion`. */
    readonly version?: number
  }
}[GroupRecordKind]

const KEY_VERSION = 0
const kindsByType = new Map(Object.entries(GROUP_RECORDS).map(([kind, { type }]) => [type as number, kind as GroupRecordKind]))

export interface EncodedGroupRecord {
  readonly key: Buffer
  readonly value: Buffer | null
}

export function encodeGroupRecord(record: GroupRecordDraft): EncodedGroupRecord {
  return encodeGroupRecords([record])[0]!
}

/** All in one buffer, which each is a part of: a commit may have 10,000. */
export function encodeGroupRecords(records: readonly GroupRecordDraft[]): EncodedGroupRecord[] {
  const writer = new Writer()
  const ends = records.map((record): [keyEnd: number, valueEnd: number] => {
    const { kind, key, value } = record
    const schemas = GROUP_RECORDS[kind]
    const version = record.version ?? schemas.writtenVersion
    writeTagged(writer, schemas.type, schemas.key, KEY_VERSION, key)
    const keyEnd = writer.size
    if (value !== null) writeTagged(writer, version, schemas.value, version, value)
    return [keyEnd, writer.size]
  })
  const bytes = Buffer.concat(writer.chunks())
  let start = 0
  return ends.map(([keyEnd, valueEnd], index) => {
    const encoded = { key: bytes.subarray(start, keyEnd), value: records[index]!.value === null ? null : bytes.subarray(keyEnd, valueEnd) }
    start = valueEnd
    return encoded
  })
}

/** undefined for a type that is not known here: Kafka's brokers pass over those, too. Throws Malformed. */
export function decodeGroupRecord(key: Buffer, value: Buffer | null): GroupRecord | undefined {
  const keyReader = new Reader(key)
  const kind = kindsByType.get(keyReader.int16())
  if (kind === undefined) return undefined
  const schemas: { readonly key: RecordSchema; readonly value: RecordSchema } = GROUP_RECORDS[kind]
  const decodedKey = recordCodec(schemas.key, KEY_VERSION).decode(keyReader)
  if (value === null) return { kind, key: decodedKey, value: null } as GroupRecord
  const reader = new Reader(value)
  const version = reader.int16()
  if (version < schemas.value.minVersion || version > schemas.value.maxVersion)
    throw new Malformed(`${schemas.value.name} has version ${version}; this version of Ottla knows up to ${schemas.value.maxVersion}`)
  return { kind, key: decodedKey, value: recordCodec(schemas.value, version).decode(reader) } as GroupRecord
}

function writeTagged(writer: Writer, tag: number, schema: RecordSchema, version: number, body: unknown): void {
  writer.int16(tag)
  recordCodec(schema, version).encode(writer, body)
}
