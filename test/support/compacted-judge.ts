// What a compacted partition may hold after its broker was killed: of each key its last promised record, or a newer one that was sent; nothing else than
// what was sent, at the offset where it was promised. A record without a value (a tombstone) may be gone, and then all of its key. Pure.

import { type Breach, type Ledger, lostPast, type SentRecord } from './partition-judge.ts'

export interface CompactedRecord {
  readonly offset: number
  readonly key: string
  /** undefined for a tombstone, which does not say who sent it; null when its bytes are not what any producer sends. */
  readonly record: SentRecord | undefined | null
}

export interface Keys {
  /** The one that a record has. */
  of(record: SentRecord): string
  isTombstone(record: SentRecord): boolean
}

export function judgeCompacted(ledger: Ledger, keys: Keys, found: readonly CompactedRecord[], highWatermark: number): Breach[] {
  return [...foreign(ledger, keys, found), ...lostPast(ledger, highWatermark), ...lostKeys(ledger, keys, found)]
}

function foreign({ promised, senders }: Ledger, keys: Keys, found: readonly CompactedRecord[]): Breach[] {
  const breaches: Breach[] = []
  let before = -1
  for (const { offset, key, record } of found) {
    if (offset <= before) breaches.push({ kind: 'misplaced', message: `offset ${offset} follows offset ${before}` })
    before = offset
    const expected = promised.get(offset)
    if (expected !== undefined && !isSame(expected, key, record, keys))
      breaches.push({ kind: 'lost', message: `record ${expected.number} of ${expected.producer} was promised at offset ${offset}` })
    if (record === undefined) continue
    const wasSent = record !== null && record.number < (senders.get(record.producer)?.sentCount ?? 0) && keys.of(record) === key
    if (!wasSent) breaches.push({ kind: 'invented', message: `what is at offset ${offset} was never sent` })
  }
  return breaches
}

function isSame(expected: SentRecord, key: string, record: CompactedRecord['record'], keys: Keys): boolean {
  if (keys.of(expected) !== key) return false
  if (record === undefined || record === null) return record === undefined && keys.isTombstone(expected)
  return record.producer === expected.producer && record.number === expected.number
}

function lostKeys(ledger: Ledger, keys: Keys, found: readonly CompactedRecord[]): Breach[] {
  const lastFound = new Map(found.map(({ key, offset }) => [key, offset]))
  const lastPromised = new Map<string, { offset: number; record: SentRecord }>()
  for (const [offset, record] of ledger.promised) {
    const key = keys.of(record)
    if (offset > (lastPromised.get(key)?.offset ?? -1)) lastPromised.set(key, { offset, record })
  }
  return [...lastPromised].flatMap(([key, { offset, record }]): Breach[] => {
    const there = lastFound.get(key)
    if (there !== undefined && there >= offset) return []
    if (keys.isTombstone(record) || tombstoneMayFollow(ledger, keys, key)) return []
    const message = `record ${record.number} of ${record.producer} was promised at offset ${offset} as the last of key ${key}, and is gone`
    return [{ kind: 'lost', message }]
  })
}

/** Whether one was sent that nobody knows the fate of. */
function tombstoneMayFollow({ promised, senders }: Ledger, keys: Keys, key: string): boolean {
  const known = new Set([...promised.values()].map(({ producer, number }) => `${producer} ${number}`))
  for (const [producer, { sentCount }] of senders) {
    for (let number = 0; number < sentCount; number++) {
      const record = { producer, number }
      if (keys.of(record) === key && keys.isTombstone(record) && !known.has(`${producer} ${number}`)) return true
    }
  }
  return false
}
