import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Malformed } from '../../../src/wire/reader.ts'
import { BatchView } from '../../../src/wire/records/batch.ts'
import { CODECS, decompress } from '../../../src/wire/records/codecs.ts'
import { encodeBatch, encodeBatchInSteps, readRecords, type BatchToEncode, type FetchedRecord } from '../../../src/wire/records/record.ts'
import { varintSize, writeVarint } from '../../../src/wire/records/varint.ts'
import { buildBatch } from '../../support/batch-builder.ts'

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
const record = fc.record({
  timestamp: fc.integer({ min: -(2 ** 51), max: 2 ** 51 }),
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.array(fc.record({ key: fc.string({ unit: 'grapheme' }), value: fc.option(bytes) }), { maxLength: 4 }),
})

async function recordsOf(batch: Buffer): Promise<FetchedRecord[]> {
  const view = new BatchView(batch)
  return [...readRecords(await decompress(view.codec, view.packedRecords, 1 << 26), view)]
}

function endOfReading(records: Buffer, view: BatchView): string {
  try {
    for (const { key, value } of readRecords(records, view))
      expect((key?.length ?? 0) + (value?.length ?? 0)).toBeLessThanOrEqual(records.length)
    return 'records'
  } catch (error) {
    return (error as Error).name
  }
}

describe('a batch that we encode', () => {
  it.each(CODECS)('reads back as what was put in (%s)', async (codec) => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 20 }), async (records) => {
        const batch = await encodeBatch({ records, codec })
        expect(new BatchView(batch).isCrcValid).toBe(true)
        expect(await recordsOf(batch)).toEqual(records.map((record, offset) => ({ offset, ...record })))
      }),
    )
  })

  it('is the same when it is encoded in steps, a few for each thousand records', () => {
    const records = Array.from({ length: 3000 }, (_, index) => ({ timestamp: index, key: null, value: Buffer.from(`${index}`) }))
    const steps = encodeBatchInSteps({ records })
    let count = 0
    let last = steps.next()
    for (; !last.done; last = steps.next()) count++
    expect(last.value).toEqual(encodeBatch({ records }))
    expect(count).toBeGreaterThanOrEqual(6)
  })

  it('has the bytes that Kafka’s format prescribes', () => {
    const records = [
      { key: 'key', value: null },
      { key: null, value: 'x'.repeat(200), timestampDelta: -3 },
      { key: '', value: '', timestampDelta: 100_000 },
    ]
    const encoded = encodeBatch({
      records: records.map(({ key, value, timestampDelta = 0 }) => ({
        timestamp: 1_700_000_000_000 + timestampDelta,
        key: key === null ? null : Buffer.from(key),
        value: value === null ? null : Buffer.from(value),
      })),
      producerId: 2 ** 40,
      producerEpoch: 3,
      baseSequence: 4,
    })
    expect(encoded).toEqual(buildBatch({ records, producerId: 2 ** 40, producerEpoch: 3, baseSequence: 4 }))
  })

  it('says what it was told to in its header', async () => {
    const told: BatchToEncode = {
      records: [{ timestamp: 5, key: null, value: null }],
      baseOffset: 1234,
      partitionLeaderEpoch: 7,
      codec: 'zstd',
      timestampType: 'LogAppendTime',
      isTransactional: true,
      isControl: true,
    }
    const view = new BatchView(await encodeBatch(told))
    expect(view).toMatchObject({
      baseOffset: 1234,
      partitionLeaderEpoch: 7,
      codec: 'zstd',
      timestampType: 'LogAppendTime',
      isTransactional: true,
      isControl: true,
      maxTimestamp: 5,
    })
  })

  it('is compressed on the thread pool when it is large', async () => {
    const records = Array.from({ length: 600 }, (_, index) => ({
      timestamp: index,
      key: null,
      value: Buffer.alloc(1000, `value ${index} `),
    }))
    for (const codec of CODECS) {
      const encoded = encodeBatch({ records, codec })
      expect(encoded instanceof Promise).toBe(codec !== 'none')
      expect(await recordsOf(await encoded)).toHaveLength(600)
    }
  })
})

describe('reading records', () => {
  it('gives every record the append time of its batch when that is what it has', async () => {
    const view = new BatchView(buildBatch({ records: [{ timestampDelta: 1 }, { timestampDelta: 2 }], attributes: 0x08, maxTimestamp: 99n }))
    expect([...readRecords(view.packedRecords, view)].map(({ timestamp }) => timestamp)).toEqual([99, 99])
  })

  it('adds offset deltas, gaps of compaction included, to the base offset', () => {
    const view = new BatchView(buildBatch({ records: [{ offsetDelta: 0 }, { offsetDelta: 7 }], lastOffsetDelta: 9, baseOffset: 100 }))
    expect([...readRecords(view.packedRecords, view)].map(({ offset }) => offset)).toEqual([100, 107])
  })

  it('is Malformed when there are more or fewer records than the header counts', () => {
    for (const recordCount of [1, 3]) {
      const view = new BatchView(buildBatch({ records: [{}, {}], recordCount }))
      expect(() => [...readRecords(view.packedRecords, view)]).toThrow(Malformed)
    }
  })

  it('gives no record whose fields agree with its length but not with what is there', () => {
    const claimsTooMuch = Buffer.from('ce010000000180027600', 'hex') // 103 bytes, of which a value of 96 would be the most
    const view = new BatchView(buildBatch({ records: [{}], payload: claimsTooMuch }))
    const read: unknown[] = []
    expect(() => {
      for (const record of readRecords(view.packedRecords, view)) read.push(record)
    }).toThrow(Malformed)
    expect(read).toEqual([])
  })

  it('is Malformed, never anything else, when the records are cut at any byte', () => {
    const headers = [{ key: 'header', value: Buffer.from('value') }]
    const whole = encodeBatch({ records: [{ timestamp: 2 ** 45, key: Buffer.from('k'), value: Buffer.alloc(70), headers }] }) as Buffer
    const view = new BatchView(whole)
    for (let size = 0; size < view.packedRecords.length; size++) {
      expect(() => [...readRecords(view.packedRecords.subarray(0, size), view)], `cut to ${size}`).toThrow(Malformed)
    }
  })

  it('is Malformed or some records, never anything else, when any bytes are changed', () => {
    const headers = [{ key: 'header', value: Buffer.from('value') }]
    const records = [1, 2, 3].map((n) => ({ timestamp: 1000 * n, key: Buffer.from('key'), value: Buffer.alloc(9 * n), headers }))
    const view = new BatchView(encodeBatch({ records }) as Buffer)
    const change = fc.tuple(fc.nat(view.packedRecords.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const changed = Buffer.from(view.packedRecords)
        for (const [position, byte] of changes) changed[position] = byte
        expect(['records', 'Malformed']).toContain(endOfReading(changed, view))
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a varint', () => {
  it.each([
    [0, '00'],
    [-1, '01'],
    [1, '02'],
    [63, '7e'],
    [-64, '7f'],
    [64, '8001'],
    [-65, '8101'],
    [8191, 'fe7f'],
    [8192, '808001'],
    [2 ** 31 - 1, 'feffffff0f'],
    [-(2 ** 31), 'ffffffff0f'],
    [2 ** 31, '8080808010'],
    [2 ** 53 - 1, 'feffffffffffff1f'],
    [-(2 ** 53) + 1, 'fdffffffffffff1f'],
  ])('of %i is %s', (value, hex) => {
    const buffer = Buffer.alloc(10)
    const end = writeVarint(buffer, value, 0)
    expect(buffer.toString('hex', 0, end)).toBe(hex)
    expect(varintSize(value)).toBe(end)
  })
})
