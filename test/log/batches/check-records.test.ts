// What Kafka 4.3.1 answered to batches with such records; where we differ, the title says so.

import { describe, expect, it } from 'vitest'
import { RefusedRecords } from '../../../src/wire/records/refused-records.ts'
import { BATCH_TIMESTAMP, buildBatch, buildRecords, type BuiltRecord } from '../../support/batch-builder.ts'
import { accepted, bothWays, errorOf, hex, HOUR_MS, recordsOf, refusalOf, THREE } from '../../support/checked-batches.ts'

describe('each record', () => {
  // length, attributes, timestamp delta, offset delta, key length, value length, value 'v', header count
  it.each([
    ['longer than what is left', '10 00 00 00 01 02 76 00'],
    ['of 1 GB', '80a8d6b907 00 00 00 01 02 76 00'],
    ['of negative length', '01 00 00 00 01 02 76 00'],
    ['of no length', '00 00 00 00 01 02 76 00'],
    ['with bytes behind its fields', '10 00 00 00 01 02 76 00 00'],
    ['shorter than its fields', '0c 00 00 00 01 02 76 00'],
    ['whose key leads past it', '0e 00 00 00 80a8d6b907 02 76 00'],
    ['whose value leads past it', '0e 00 00 00 01 04 76 00'],
    ['with a negative number of headers', '0e 00 00 00 01 02 76 01'],
    ['with a header too many', '0e 00 00 00 01 02 76 02'],
    ['with 2 billion headers', '16 00 00 00 01 02 76 80d0acf30e'],
    ['with a header without a key', '12 00 00 00 01 02 76 02 01 00'],
    ['with a header without a key, at its end', '10 00 00 00 01 02 76 02 01'],
    ['with a header key that leads past it', '12 00 00 00 01 02 76 02 7e 00'],
    ['with a header value that leads past it', '12 00 00 00 01 02 76 02 00 7e'],
    ['with a length of six bytes', '8e8080808000 00 00 00 01 02 76 00'],
    ['with a length that does not end', 'ffffffffffffffffffffffff'],
    ['with a timestamp of eleven bytes', '22 00 8080808080808080808000 00 01 02 76 00'],
    ['with bytes behind the last one', '0e 00 00 00 01 02 76 00 010203'],
  ])('%s is INVALID_RECORD (Kafka does not look that closely into compressed ones)', async (_, record) => {
    for (const bytes of bothWays({ records: [{}] }, hex(record))) expect(await errorOf(bytes)).toBe('INVALID_RECORD')
  })

  it.each([
    ['a length of five bytes', '8e80808000 00 00 00 01 02 76 00'],
    ['a timestamp of ten bytes', '20 00 80808080808080808000 00 01 02 76 00'],
    ['a key of length -2, which is null', '0e 00 00 00 03 02 76 00'],
    ['a value of length -2, which is null', '0c 00 00 00 01 03 00'],
    ['an empty header key and a null value', '12 00 00 00 01 02 76 02 00 01'],
    ['a header key that is no UTF-8', '16 00 00 00 01 02 76 02 04fffe 01'],
  ])('with %s passes', async (_, record) => {
    for (const bytes of bothWays({ records: [{}] }, hex(record))) {
      expect(await recordsOf(await accepted(bytes))).toHaveLength(1)
    }
  })

  it.each([[[0, 0, 2]], [[0, 5, 2]], [[0, 0, 0]], [[-1, 0, 2]], [[1, 2, 3]], [[0, 2 ** 31 - 1, 2]]])(
    'with offset deltas %j is INVALID_RECORD (Kafka stores them, or answers UNKNOWN_SERVER_ERROR when compressed)',
    async (offsetDeltas) => {
      const records = THREE.map((record, index) => ({ ...record, offsetDelta: offsetDeltas[index]! }))
      for (const bytes of bothWays({ records })) expect(await errorOf(bytes)).toBe('INVALID_RECORD')
    },
  )

  it('says which record is malformed', async () => {
    const records = buildRecords([{}, {}, { lengthError: 1 }, {}])
    expect((await refusalOf(buildBatch({ records: [{}, {}, {}, {}], payload: records })))?.message).toMatch(/^record 2 of 4 is malformed: /)
  })
})

describe('a compacted topic', () => {
  it('refuses records without a key, says which, and takes empty keys', async () => {
    for (const bytes of bothWays({ records: [{ key: 'a' }, { key: null }, { key: '' }, { key: null, value: 'v' }] })) {
      const refusal = await refusalOf(bytes, { isCompacted: true })
      expect(refusal?.error).toBe('INVALID_RECORD')
      expect((refusal as RefusedRecords).recordErrors).toEqual(
        [1, 3].map((batchIndex) => ({ batchIndex, batchIndexErrorMessage: expect.stringContaining('key') })),
      )
    }
    for (const bytes of bothWays({ records: [{ key: 'a' }, { key: '' }] })) expect(await errorOf(bytes, { isCompacted: true })).toBe('NONE')
  })

  it('has a malformed record before a missing key', async () => {
    const refusal = await refusalOf(buildBatch({ records: [{ key: null }, { lengthError: 5 }] }), { isCompacted: true })
    expect(refusal).not.toBeInstanceOf(RefusedRecords)
  })

  it('names the first hundred offenders of a million', async () => {
    const refusal = await refusalOf(buildBatch({ records: Array.from({ length: 1000 }, () => ({})) }), { isCompacted: true })
    expect((refusal as RefusedRecords).recordErrors).toHaveLength(100)
    expect(refusal?.message).toMatch(/^1000 of 1000 records are refused/)
  })
})

describe('timestamps', () => {
  const at = (...offsetsMs: number[]): BuiltRecord[] => offsetsMs.map((offsetMs) => ({ key: 'k', timestampDelta: 1000 + offsetMs })) // from NOW_MS

  it('up to message.timestamp.after.max.ms ahead of now pass, later ones are INVALID_TIMESTAMP', async () => {
    for (const bytes of bothWays({ records: at(HOUR_MS) })) expect(await errorOf(bytes)).toBe('NONE')
    for (const bytes of bothWays({ records: at(HOUR_MS + 1) })) expect(await errorOf(bytes)).toBe('INVALID_TIMESTAMP')
    for (const bytes of bothWays({ records: at(HOUR_MS + 1) })) {
      expect(await errorOf(bytes, { timestampAfterMaxMs: Number.MAX_SAFE_INTEGER })).toBe('NONE')
    }
  })

  it('older than message.timestamp.before.max.ms are INVALID_TIMESTAMP, each of them named', async () => {
    const rules = { timestampBeforeMaxMs: 1000 }
    for (const bytes of bothWays({ records: at(-1000, 0) })) expect(await errorOf(bytes, rules)).toBe('NONE')
    for (const bytes of bothWays({ records: at(-1001, 0, -2000, -3000) })) {
      const refusal = await refusalOf(bytes, rules)
      expect(refusal?.error).toBe('INVALID_TIMESTAMP')
      expect((refusal as RefusedRecords).recordErrors.map(({ batchIndex }) => batchIndex)).toEqual([0, 2, 3])
    }
    for (const bytes of bothWays({ records: at(0, -1001) })) expect(await errorOf(bytes, rules)).toBe('INVALID_TIMESTAMP')
    for (const bytes of bothWays({ records: at(-1_000_000_000_000) })) expect(await errorOf(bytes)).toBe('NONE')
  })

  it('of -1, which is none, are never too old', async () => {
    for (const baseTimestamp of [0n, -1n]) {
      const records = [{ timestampDelta: Number(-1n - baseTimestamp) }]
      for (const bytes of bothWays({ records, baseTimestamp, maxTimestamp: -1n })) {
        expect((await accepted(bytes, { timestampBeforeMaxMs: 1000 })).view.maxTimestamp).toBe(-1)
      }
    }
  })

  it('below 0 pass', async () => {
    for (const bytes of bothWays({ records: [{ timestampDelta: -5 }], baseTimestamp: 0n, maxTimestamp: -5n }))
      expect(await errorOf(bytes)).toBe('NONE')
  })

  it('in microseconds and nanoseconds are INVALID_TIMESTAMP, whatever the topic allows', async () => {
    for (const factor of [1_000n, 1_000_000n]) {
      for (const bytes of bothWays({ records: THREE, baseTimestamp: BATCH_TIMESTAMP * factor })) {
        expect(await errorOf(bytes)).toBe('INVALID_TIMESTAMP')
      }
    }
    const nanoseconds = buildBatch({ records: THREE, baseTimestamp: BATCH_TIMESTAMP * 1_000_000n })
    expect(await errorOf(nanoseconds, { timestampAfterMaxMs: Number.MAX_SAFE_INTEGER })).toBe('INVALID_TIMESTAMP')
  })

  it.each([-(2n ** 63n), -(2n ** 53n), 2n ** 53n, 2n ** 63n - 1n])('from base %s are INVALID_TIMESTAMP', async (baseTimestamp) => {
    const limits = { timestampAfterMaxMs: Number.MAX_SAFE_INTEGER }
    expect(await errorOf(buildBatch({ records: [{}], baseTimestamp, maxTimestamp: baseTimestamp }), limits)).toBe('INVALID_TIMESTAMP')
  })

  it.each(['feffffffffffffffff01', 'ffffffffffffffffff01'])('at delta %s from their base are INVALID_TIMESTAMP', async (delta) => {
    const records = hex(`20 00 ${delta} 00 01 02 76 00`)
    expect(await errorOf(buildBatch({ records: [{}], payload: records }))).toBe('INVALID_TIMESTAMP')
  })

  it('that only a base and a delta beyond 2^53 make ordinary are INVALID_TIMESTAMP (Kafka takes them)', async () => {
    const records = hex('20 00 fdffffffffffffffff01 00 01 02 76 00')
    expect(await errorOf(buildBatch({ records: [{}], payload: records, baseTimestamp: 2n ** 63n - 1n, maxTimestamp: 0n }))).toBe(
      'INVALID_TIMESTAMP',
    )
  })

  it('out of range come before missing keys', async () => {
    const rules = { isCompacted: true, timestampBeforeMaxMs: 1000 }
    for (const records of [
      [{ key: null }, ...at(-9999)],
      [...at(-9999), { key: null }],
    ]) {
      const refusal = await refusalOf(buildBatch({ records }), rules)
      expect(refusal?.error).toBe('INVALID_TIMESTAMP')
      expect((refusal as RefusedRecords).recordErrors).toHaveLength(2)
    }
  })
})
