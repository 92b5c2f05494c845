// The bytes of a campaign's records: all of them follow from who sends a record, its number and how its topic is keyed, so that a wrong byte shows.

import type { SentRecord } from '../../support/partition-judge.ts'

const KEY_COUNT = 40
const TOMBSTONE_EVERY = 11
const LARGE_EVERY = 211
const LARGE_BYTES = 60_000

/** `key`: the topic is compacted. */
export type Keyed = 'by producer' | 'by key'

export interface RecordBytes {
  readonly key: string
  readonly value: string | null
}

const mixed = ({ producer, number }: SentRecord): number => {
  let hash = Math.imul(number + 1, 0x9e3779b1)
  for (let index = 0; index < producer.length; index++) hash = Math.imul(hash ^ producer.charCodeAt(index), 0x01000193)
  return (hash ^ (hash >>> 15)) >>> 0
}

export const keys = {
  of: (record: SentRecord): string => `k${mixed(record) % KEY_COUNT}`,
  isTombstone: (record: SentRecord): boolean => (mixed(record) >>> 8) % TOMBSTONE_EVERY === 0,
}

export function bytesOf(record: SentRecord, keyed: Keyed): RecordBytes {
  if (keyed === 'by key' && keys.isTombstone(record)) return { key: keys.of(record), value: null }
  const { producer, number } = record
  const hash = mixed(record)
  const size = hash % LARGE_EVERY === 0 ? LARGE_BYTES : (hash >>> 4) % 300
  const value = `${producer} ${number} ${hash.toString(36).repeat(1 + size / 6)}`
  return { key: keyed === 'by key' ? keys.of(record) : producer, value }
}

/** Which record it is: undefined for a tombstone, null when nobody sends such bytes. */
export function recordIn({ key, value }: { key: string | null; value: string | null }, keyed: Keyed): SentRecord | undefined | null {
  if (value === null) return keyed === 'by key' ? undefined : null
  const [producer, number] = value.split(' ', 2) as [string, string | undefined]
  const record = { producer, number: Number.parseInt(number ?? '', 10) }
  const expected = bytesOf(record, keyed)
  return expected.value === value && expected.key === key ? record : null
}
