// What Kafka 4.3.1 answered to each of these batches; where we differ, the title says so.

import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { checkBatch, type CheckedBatch } from '../../../src/log/batches/check-batch.ts'
import { BatchView } from '../../../src/wire/records/batch.ts'
import { CODECS, compress } from '../../../src/wire/records/codecs.ts'
import { encodeBatch } from '../../../src/wire/records/record.ts'
import { BATCH_TIMESTAMP, buildBatch, buildRecords } from '../../support/batch-builder.ts'
import { accepted, bothWays, errorOf, hex, NOW_MS, recordsOf, RULES, THREE } from '../../support/checked-batches.ts'

describe('a batch as it should be', () => {
  it('passes with its bytes untouched, checked at once', () => {
    const bytes = buildBatch({ records: THREE, producerId: 7, producerEpoch: 0, baseSequence: 0 })
    const copy = Buffer.from(bytes)
    const batch = checkBatch(bytes, RULES) as CheckedBatch
    expect(batch.bytes).toEqual(copy)
    expect(batch.view).toMatchObject({ recordCount: 3, maxTimestamp: Number(BATCH_TIMESTAMP) + 5, producerId: 7 })
  })

  it.each(CODECS)('passes with every codec (%s), small and large', async (codec) => {
    for (const size of [10, 100_000]) {
      const records = [1, 2, 3].map((n) => ({ timestamp: NOW_MS - n, key: null, value: randomBytes(size) }))
      const bytes = await encodeBatch({ records, codec })
      expect((await accepted(bytes)).bytes.equals(bytes)).toBe(true)
    }
  })

  it('leaves the event loop when it is large and compressed', async () => {
    const records = [{ timestamp: NOW_MS, key: null, value: Buffer.alloc(1 << 20) }]
    const checking = checkBatch(await encodeBatch({ records, codec: 'zstd' }), RULES)
    expect(checking).toBeInstanceOf(Promise)
    await checking
  })

  it('passes with headers, nulls, and records of every attribute', async () => {
    const headers = [
      { key: '', value: null },
      { key: 'trace', value: Buffer.from('id') },
    ]
    const batch = await encodeBatch({ records: [{ timestamp: NOW_MS, key: null, value: null, headers }] })
    batch[62] = 0xff // the attributes of the first record
    new BatchView(batch).seal(0, NOW_MS)
    expect(await recordsOf(await accepted(batch))).toEqual([{ offset: 0, timestamp: NOW_MS, key: null, value: null, headers }])
  })
})

describe('exactly one whole batch of format 2', () => {
  const one = buildBatch({ records: THREE })

  it('none is INVALID_RECORD', async () => {
    expect(await errorOf(null)).toBe('INVALID_RECORD')
    expect(await errorOf(Buffer.alloc(0))).toBe('INVALID_RECORD')
  })

  it('one that is cut at any byte is INVALID_RECORD', async () => {
    for (let size = 0; size < one.length; size++) expect(await errorOf(one.subarray(0, size)), `cut to ${size}`).toBe('INVALID_RECORD')
  })

  it('one whose length is less than its header is CORRUPT_MESSAGE', async () => {
    const withLength = (length: number): Buffer => {
      const bytes = Buffer.from(one)
      bytes.writeInt32BE(length, 8)
      return bytes
    }
    for (const length of [-(2 ** 31), -1, 0, 13, 14, 48])
      expect(await errorOf(withLength(length)), `length ${length}`).toBe('CORRUPT_MESSAGE')
    for (const length of [14, 30, 48]) expect(await errorOf(withLength(length).subarray(0, 12 + length))).toBe('CORRUPT_MESSAGE')
  })

  it('one whose length leads past its bytes is INVALID_RECORD', async () => {
    for (const lengthError of [1, 1000, 2 ** 31 - one.length]) {
      expect(await errorOf(buildBatch({ records: THREE, lengthError })), `${lengthError} too long`).toBe('INVALID_RECORD')
    }
  })

  it('two are INVALID_RECORD', async () => {
    expect(await errorOf(Buffer.concat([one, one]))).toBe('INVALID_RECORD')
    expect(await errorOf(Buffer.concat([one, buildBatch({ baseOffset: 3 })]))).toBe('INVALID_RECORD')
  })

  it('the beginning of a second one is dropped; a second length that cannot be is CORRUPT_MESSAGE', async () => {
    for (const rest of [one.subarray(0, 1), one.subarray(0, 12), one.subarray(0, -1), Buffer.alloc(11)]) {
      expect((await accepted(Buffer.concat([one, rest]))).bytes).toEqual(one)
    }
    for (const rest of [Buffer.alloc(12), Buffer.alloc(40, 0xab)]) expect(await errorOf(Buffer.concat([one, rest]))).toBe('CORRUPT_MESSAGE')
  })

  it.each([
    [0, 'INVALID_RECORD'],
    [1, 'INVALID_RECORD'],
    [3, 'CORRUPT_MESSAGE'],
    [-1, 'CORRUPT_MESSAGE'],
    [127, 'CORRUPT_MESSAGE'],
  ])('format %i is %s, its checksum right or wrong', async (magic, error) => {
    for (const crcError of [0, 1]) expect(await errorOf(buildBatch({ magic, crcError }))).toBe(error)
  })
})

describe('the header', () => {
  it('with a wrong checksum is CORRUPT_MESSAGE, whatever else is wrong', async () => {
    for (const batch of [{}, { recordCount: 7 }, { attributes: 0x20 }, { attributes: 5 }, { payload: hex('ff') }]) {
      expect(await errorOf(buildBatch({ ...batch, crcError: 1 }))).toBe('CORRUPT_MESSAGE')
    }
  })

  it('with any bit behind the checksum changed is CORRUPT_MESSAGE', async () => {
    const bytes = buildBatch({ records: THREE })
    for (let position = 23; position < bytes.length; position++) {
      const changed = Buffer.from(bytes)
      changed[position]! ^= 1
      expect(await errorOf(changed), `byte ${position}`).toBe('CORRUPT_MESSAGE')
    }
  })

  it('larger than max.message.bytes is MESSAGE_TOO_LARGE, as it is sent, checksum right or wrong', async () => {
    const bytes = buildBatch({ records: [{ value: 'x'.repeat(200) }] })
    expect(await errorOf(bytes, { maxMessageBytes: bytes.length })).toBe('NONE')
    expect(await errorOf(bytes, { maxMessageBytes: bytes.length - 1 })).toBe('MESSAGE_TOO_LARGE')
    expect(await errorOf(buildBatch({ attributes: 0x20, crcError: 1 }), { maxMessageBytes: 10 })).toBe('MESSAGE_TOO_LARGE')
    const compressed = await encodeBatch({ records: [{ timestamp: NOW_MS, key: null, value: Buffer.alloc(5000) }], codec: 'gzip' })
    expect(await errorOf(compressed, { maxMessageBytes: 200 })).toBe('NONE')
  })

  it('with a base offset other than 0 is INVALID_RECORD', async () => {
    for (const baseOffset of [7, -1, 2 ** 52]) {
      for (const bytes of bothWays({ records: THREE, baseOffset }))
        expect(await errorOf(bytes, { maxMessageBytes: 20 })).toBe('INVALID_RECORD')
    }
  })

  it('with a leader epoch of its own passes', async () => {
    const bytes = buildBatch()
    bytes.writeInt32BE(99, 12)
    expect(await errorOf(bytes)).toBe('NONE')
  })

  it.each([
    { recordCount: 2 },
    { recordCount: 2, lastOffsetDelta: 1 },
    { recordCount: 4 },
    { recordCount: 4, lastOffsetDelta: 3 },
    { recordCount: 0, lastOffsetDelta: -1 },
    { recordCount: -1, lastOffsetDelta: -2 },
    { recordCount: 2 ** 31 - 1, lastOffsetDelta: 2 ** 31 - 2 },
    { lastOffsetDelta: 5 },
    { lastOffsetDelta: 0 },
    { lastOffsetDelta: -5 },
    { records: [], recordCount: 0, lastOffsetDelta: -1 },
    { records: [], recordCount: 0, lastOffsetDelta: 0 },
    { records: [], recordCount: 1, lastOffsetDelta: 0 },
  ])('with counts that do not fit three records is INVALID_RECORD: %o', async (wrong) => {
    for (const bytes of bothWays({ records: THREE, ...wrong })) expect(await errorOf(bytes)).toBe('INVALID_RECORD')
  })

  it('of a control batch is INVALID_RECORD', async () => {
    for (const bytes of bothWays({ records: THREE, attributes: 0x20 })) expect(await errorOf(bytes)).toBe('INVALID_RECORD')
  })

  it('of a transactional batch without a transactional id is TRANSACTIONAL_ID_AUTHORIZATION_FAILED, whatever else is wrong', async () => {
    const transactional = { records: THREE, attributes: 0x10, producerId: 1, producerEpoch: 0, baseSequence: 0 }
    for (const wrong of [{}, { crcError: 1 }, { attributes: 0x30 }, { recordCount: 9 }]) {
      expect(await errorOf(buildBatch({ ...transactional, ...wrong }))).toBe('TRANSACTIONAL_ID_AUTHORIZATION_FAILED')
    }
    expect(await errorOf(buildBatch(transactional), { transactionalId: 'id' })).toBe('NONE')
    expect(await errorOf(buildBatch({ records: THREE }), { transactionalId: 'id' })).toBe('NONE')
  })

  it('with a producer id but no sequence is INVALID_RECORD; without a producer id, sequences mean nothing', async () => {
    for (const baseSequence of [-1, -2]) {
      expect(await errorOf(buildBatch({ producerId: 5, producerEpoch: 0, baseSequence }))).toBe('INVALID_RECORD')
    }
    for (const producer of [
      { producerId: 5, producerEpoch: -1, baseSequence: 0 },
      { producerId: -1, producerEpoch: 0, baseSequence: 0 },
      { producerId: -2, producerEpoch: -1, baseSequence: -1 },
      { producerId: -1, producerEpoch: -1, baseSequence: -5 },
      { producerId: 5, producerEpoch: 0, baseSequence: 2 ** 31 - 1 },
    ]) {
      expect(await errorOf(buildBatch({ records: THREE, ...producer }))).toBe('NONE')
    }
  })

  it.each([5, 6, 7])('that names codec %i is UNSUPPORTED_COMPRESSION_TYPE (Kafka: UNKNOWN_SERVER_ERROR)', async (attributes) => {
    for (const wrong of [{}, { recordCount: 0 }, { attributes: attributes | 0x20 }]) {
      expect(await errorOf(buildBatch({ attributes, ...wrong }))).toBe('UNSUPPORTED_COMPRESSION_TYPE')
    }
    expect(await errorOf(buildBatch({ attributes, baseOffset: 7 }))).toBe('INVALID_RECORD')
  })

  it('that names zstd is UNSUPPORTED_COMPRESSION_TYPE before version 7 of Produce', async () => {
    const bytes = await encodeBatch({ records: [{ timestamp: NOW_MS, key: null, value: null }], codec: 'zstd' })
    expect(await errorOf(bytes, { allowsZstd: false })).toBe('UNSUPPORTED_COMPRESSION_TYPE')
    expect(await errorOf(bytes)).toBe('NONE')
  })

  it('with a delete horizon, or attributes that mean nothing, passes as it is', async () => {
    for (const attributes of [0x40, 0x80, -32768]) {
      expect((await accepted(buildBatch({ records: THREE, attributes }))).view.attributes).toBe(attributes)
    }
  })
})

describe('records that cannot be decompressed', () => {
  it.each(CODECS.filter((codec) => codec !== 'none'))('are INVALID_RECORD (Kafka: UNKNOWN_SERVER_ERROR): %s', async (codec) => {
    const packed = await compress(codec, buildRecords(THREE))
    const attributes = CODECS.indexOf(codec)
    expect(await errorOf(buildBatch({ records: THREE, attributes, payload: packed }))).toBe('NONE')
    for (let size = 0; size < packed.length; size++) {
      expect(await errorOf(buildBatch({ records: THREE, attributes, payload: packed.subarray(0, size) }))).toBe('INVALID_RECORD')
    }
    expect(await errorOf(buildBatch({ records: THREE, attributes, payload: randomBytes(40) }))).toBe('INVALID_RECORD')
  })

  it('on the thread pool are refused as on the loop', async () => {
    const packed = Buffer.from(await compress('snappy', randomBytes(200_000)))
    packed.fill(0xff, 50_000)
    expect(await errorOf(buildBatch({ attributes: 2, payload: packed }))).toBe('INVALID_RECORD')
  })

  it('into the bytes that the broker allows are MESSAGE_TOO_LARGE', async () => {
    for (const codec of CODECS.filter((name) => name !== 'none')) {
      const bytes = await encodeBatch({ records: [{ timestamp: NOW_MS, key: null, value: Buffer.alloc(3 << 20) }], codec })
      expect(await errorOf(bytes, { maxDecompressedBytes: 1 << 20 })).toBe('MESSAGE_TOO_LARGE')
    }
  })

  it('in lz4 frames that Kafka’s consumers cannot read are INVALID_RECORD (Kafka: two frames INVALID_RECORD, linked blocks UNKNOWN_SERVER_ERROR)', async () => {
    const records = buildRecords(THREE)
    const twoFrames = Buffer.concat([await compress('lz4', records.subarray(0, 10)), await compress('lz4', records.subarray(10))])
    const linked = Buffer.from(await compress('lz4', records))
    linked[4]! &= ~0x20
    for (const payload of [twoFrames, linked])
      expect(await errorOf(buildBatch({ records: THREE, attributes: 3, payload }))).toBe('INVALID_RECORD')
  })
})
