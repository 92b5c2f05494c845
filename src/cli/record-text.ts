// Records as text, in three formats, both ways:
//   value       the value, a line each; records without a value are empty lines
//   key:value   key, separator, value, a line each
//   json        an object with key, value, headers, timestamp and, when read, topic, partition and offset, a line each
// In json a key or value that is UTF-8 is text and any other is {"base64": "…"}: what `consume` prints, `produce` takes and writes to the same bytes.

import { isUtf8 } from 'node:buffer'
import type { RecordToSend } from '../client/partition-queue.ts'
import type { FetchedRecord, RecordHeader } from '../wire/records/record.ts'
import { Failure } from './failure.ts'

export const FORMATS = ['value', 'key:value', 'json'] as const
export type Format = (typeof FORMATS)[number]

export type RecordPrinter = (partition: number, record: FetchedRecord) => Buffer

/** Formats the records of a topic as lines. */
export function recordFormatter(format: Format, separator: string, topic: string): RecordPrinter {
  const parting = Buffer.from(separator)
  switch (format) {
    case 'value':
      return (_, { value }) => lineOf(value ?? EMPTY)
    case 'key:value':
      return (_, { key, value }) => lineOf(key ?? EMPTY, parting, value ?? EMPTY)
    case 'json':
      return (partition, { offset, timestamp, key, value, headers }) => {
        const time = timestamp < 0 ? null : new Date(timestamp).toISOString()
        const texts = headers.map((header) => ({ key: header.key, value: toJson(header.value) }))
        return lineOf(
          Buffer.from(
            JSON.stringify({ topic, partition, offset, timestamp: time, key: toJson(key), value: toJson(value), headers: texts }),
          ),
        )
      }
  }
}

const EMPTY: Buffer = Buffer.alloc(0)
const NEWLINE = Buffer.from('\n')

function lineOf(...parts: readonly Buffer[]): Buffer {
  return Buffer.concat([...parts, NEWLINE])
}

export function toJson(bytes: Buffer | null): string | null | { base64: string } {
  if (bytes === null) return null
  return isUtf8(bytes) ? bytes.toString() : { base64: bytes.toString('base64') }
}

/** Reads a line, without its end, as a record. Throws a Failure that says what is wrong with it, not where it is. */
export function recordParser(format: Format, separator: string): (line: Buffer) => RecordToSend {
  switch (format) {
    case 'value':
      return (value) => ({ key: null, value })
    case 'key:value':
      return (line) => {
        const at = line.indexOf(separator)
        if (at === -1) throw new Failure('failed', `there is no "${separator}" between key and value`)
        return { key: line.subarray(0, at), value: line.subarray(at + Buffer.byteLength(separator)) }
      }
    case 'json':
      return parseJsonRecord
  }
}

function parseJsonRecord(line: Buffer): RecordToSend {
  const { key = null, value = null, headers = [], timestamp, partition } = parseObject(line)
  return {
    key: fromJson(key),
    value: fromJson(value),
    headers: parseHeaders(headers),
    ...(timestamp === undefined || timestamp === null ? {} : { timestamp: parseTimestamp(timestamp) }),
    ...(partition === undefined ? {} : { partition: parsePartition(partition) }),
  }
}

function parseObject(line: Buffer): Record<string, unknown> {
  let parsed: unknown
  try {
    parsed = JSON.parse(line.toString())
  } catch {
    throw new Failure('failed', 'it is not JSON')
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new Failure('failed', 'it is not an object as {"key": …, "value": …}. To write it as it is: --format value')
  }
  const unknown = Object.keys(parsed).find((name) => !RECORD_FIELDS.has(name))
  if (unknown !== undefined) throw new Failure('failed', `a record has no "${unknown}". To write the object as it is: --format value`)
  return parsed as Record<string, unknown>
}

/** topic and offset are there when `consume` has printed it; they are where it came from, and do not matter. */
const RECORD_FIELDS = new Set(['key', 'value', 'headers', 'timestamp', 'partition', 'topic', 'offset'])

function fromJson(value: unknown): Buffer | null {
  if (value === null) return null
  if (typeof value === 'string') return Buffer.from(value)
  const entries = typeof value === 'object' ? Object.entries(value) : []
  if (entries.length === 1 && entries[0]![0] === 'base64') return parseBase64(entries[0]![1])
  return Buffer.from(JSON.stringify(value))
}

function parseBase64(text: unknown): Buffer {
  if (typeof text !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new Failure('failed', '"base64" is not base64 text')
  return Buffer.from(text, 'base64')
}

function parseHeaders(headers: unknown): RecordHeader[] {
  if (Array.isArray(headers)) {
    return headers.map((header: unknown) => {
      const { key, value = null } = (typeof header === 'object' && header !== null ? header : {}) as { key?: unknown; value?: unknown }
      if (typeof key !== 'string') throw new Failure('failed', 'a header must be {"key": "…", "value": "…"}')
      return { key, value: fromJson(value) }
    })
  }
  if (typeof headers !== 'object' || headers === null)
    throw new Failure('failed', 'headers must be a list of {"key": "…", "value": "…"}, or an object')
  return Object.entries(headers).map(([key, value]) => ({ key, value: fromJson(value) }))
}

function parseTimestamp(timestamp: unknown): number {
  const ms = typeof timestamp === 'number' ? timestamp : typeof timestamp === 'string' ? Date.parse(timestamp) : NaN
  if (!Number.isSafeInteger(ms)) throw new Failure('failed', 'timestamp must be ms since 1970, or text as 2026-01-31T12:00:00Z')
  return ms
}

function parsePartition(partition: unknown): number {
  if (!Number.isSafeInteger(partition) || (partition as number) < 0) throw new Failure('failed', 'partition must be a whole number')
  return partition as number
}
