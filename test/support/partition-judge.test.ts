import { describe, expect, it } from 'vitest'
import { type CompactedRecord, judgeCompacted } from './compacted-judge.ts'
import { type Breach, type Ledger, lostBelow, PartitionJudge, type SentRecord } from './partition-judge.ts'

const record = (name: string): SentRecord => ({ producer: name[0]!, number: Number(name.slice(1)) })

function ledgerOf(promised: Readonly<Record<number, string>> = {}, sentAgain: readonly number[] = []): Ledger {
  return {
    promised: new Map(Object.entries(promised).map(([offset, name]) => [Number(offset), record(name)])),
    senders: new Map([
      ['a', { sentCount: 3, isIdempotent: true, sentAgain: new Map() }],
      ['b', { sentCount: 3, isIdempotent: false, sentAgain: new Map(sentAgain.map((number) => [number, 1])) }],
    ]),
  }
}

function judged(ledger: Ledger, names: readonly string[], { highWatermark = names.length, from = 0 } = {}): Breach[] {
  const judge = new PartitionJudge(ledger, from)
  const found = names.map((name, index) => ({ offset: from + index, leaderEpoch: 1, record: name === '?' ? undefined : record(name) }))
  return [...found.flatMap((one) => judge.take(one)), ...judge.end(highWatermark)]
}

const kinds = (breaches: readonly Breach[]): string[] => breaches.map(({ kind }) => kind)

describe('the verdict on a partition after a kill', () => {
  it('accepts what was promised at its offset, and what was sent without an answer', () => {
    expect(judged(ledgerOf({ 0: 'a0', 2: 'a1' }), ['a0', 'b0', 'a1', 'a2', 'b1'])).toEqual([])
  })

  it('misses a promised record past the end, and one that another stands in for', () => {
    expect(judged(ledgerOf({ 2: 'b1' }), ['a0', 'b0'])).toEqual([
      { kind: 'lost', message: 'record 1 of b was promised at offset 2, but the log ends at 2' },
    ])
    expect(kinds(judged(ledgerOf({ 1: 'a1' }), ['a0', 'b0']))).toEqual(['lost'])
  })

  it('holds the log to what it showed before', () => {
    const ledger = ledgerOf()
    expect(judged(ledger, ['a0', 'b0'])).toEqual([])
    expect(kinds(judged(ledger, ['a0']))).toEqual(['lost'])
  })

  it('sees a record that was never sent, and bytes that nobody sends', () => {
    expect(kinds(judged(ledgerOf(), ['b0', 'b1', 'b2', 'b3']))).toEqual(['invented'])
    expect(kinds(judged(ledgerOf(), ['c0']))).toEqual(['invented'])
    expect(kinds(judged(ledgerOf(), ['?']))).toEqual(['invented'])
  })

  it('sees a record twice, unless its producer had to send it again and does not promise to be idempotent', () => {
    expect(kinds(judged(ledgerOf(), ['a0', 'a0']))).toEqual(['repeated'])
    expect(kinds(judged(ledgerOf(), ['b0', 'b0']))).toEqual(['repeated'])
    expect(judged(ledgerOf({}, [0, 1]), ['b0', 'b1', 'b0', 'b1'])).toEqual([])
    expect(kinds(judged(ledgerOf({}, [0]), ['b0', 'b0', 'b0']))).toEqual(['repeated'])
  })

  it('sees records in the wrong order, and one of an idempotent producer without those before it', () => {
    expect(kinds(judged(ledgerOf(), ['b0', 'b2', 'b1']))).toEqual(['repeated'])
    expect(kinds(judged(ledgerOf(), ['a0', 'a2']))).toEqual(['misplaced'])
    expect(judged(ledgerOf(), ['b0', 'b2'])).toEqual([])
  })

  it('sees offsets that do not follow each other, a high watermark elsewhere, and a leader epoch that falls', () => {
    const judge = new PartitionJudge(ledgerOf())
    expect(kinds(judge.take({ offset: 1, leaderEpoch: 4, record: record('a0') }))).toEqual(['misplaced'])
    expect(kinds(judge.take({ offset: 2, leaderEpoch: 3, record: record('a1') }))).toEqual(['misplaced'])
    expect(kinds(judge.end(4))).toEqual(['misplaced'])
  })

  it('goes on where the log begins now, but misses what nobody asked to delete', () => {
    const ledger = ledgerOf({ 0: 'a0', 1: 'a1', 2: 'a2' })
    expect(lostBelow(ledger, 1, 1)).toEqual([])
    expect(judged(ledger, ['a1', 'a2'], { from: 1, highWatermark: 3 })).toEqual([])
    expect(kinds(lostBelow(ledger, 3, 2))).toEqual(['lost'])
  })
})

describe('the verdict on a compacted partition after a kill', () => {
  const keys = { of: ({ producer }: SentRecord) => `key of ${producer}`, isTombstone: ({ number }: SentRecord) => number === 2 }
  const found = (records: Readonly<Record<number, string>>): CompactedRecord[] =>
    Object.entries(records).map(([offset, name]) => ({
      offset: Number(offset),
      key: `key of ${name[0]}`,
      record: name.endsWith('2') ? undefined : record(name),
    }))
  const verdict = (promised: Readonly<Record<number, string>>, records: Readonly<Record<number, string>>): string[] =>
    kinds(judgeCompacted(ledgerOf(promised), keys, found(records), 10))

  it('accepts the last promised record of a key, or a later one', () => {
    expect(verdict({ 0: 'a0', 1: 'a1', 2: 'b0' }, { 1: 'a1', 2: 'b0' })).toEqual([])
    expect(verdict({ 0: 'a0' }, { 3: 'a1' })).toEqual([])
  })

  it('misses a key, or sees an older record in its place', () => {
    const ledger = ledgerOf({ 0: 'a0', 1: 'a1' })
    ledger.senders.set('a', { sentCount: 2, isIdempotent: true, sentAgain: new Map() })
    expect(kinds(judgeCompacted(ledger, keys, [], 10))).toEqual(['lost'])
    expect(kinds(judgeCompacted(ledger, keys, found({ 0: 'a0' }), 10))).toEqual(['lost'])
  })

  it('accepts a key that is gone with its tombstone, one that was promised or one whose fate nobody knows', () => {
    expect(verdict({ 0: 'a0', 1: 'a2' }, {})).toEqual([])
    expect(verdict({ 0: 'a0' }, {})).toEqual([])
    expect(verdict({ 0: 'a2', 1: 'a1' }, {})).toEqual(['lost'])
  })

  it('sees records out of order, at offsets of others, or that were never sent', () => {
    expect(kinds(judgeCompacted(ledgerOf(), keys, [...found({ 3: 'a0' }), ...found({ 2: 'a1' })], 10))).toEqual(['misplaced'])
    expect(verdict({ 1: 'a0' }, { 1: 'a1' })).toEqual(['lost'])
    expect(verdict({}, { 1: 'c0' })).toEqual(['invented'])
    expect(kinds(judgeCompacted(ledgerOf(), keys, [{ offset: 0, key: 'x', record: null }], 10))).toEqual(['invented'])
  })
})
