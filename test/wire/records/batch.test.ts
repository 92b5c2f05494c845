import { describe, expect, it } from 'vitest'
import { BatchView } from '../../../src/wire/records/batch.ts'
import { Malformed } from '../../../src/wire/reader.ts'
import { buildBatch } from '../../support/batch-builder.ts'

const distinct = buildBatch({
  records: [{ key: 'a' }, { key: 'b' }, { key: 'c' }],
  baseOffset: 0x0102030405,
  attributes: 0x3b,
  baseTimestamp: 1_700_000_000_000n,
  maxTimestamp: 1_700_000_000_009n,
  producerId: 0x0b0c0d0e0f10,
  producerEpoch: 0x1112,
  baseSequence: 0x13141516,
})

describe('a batch view', () => {
  it('reads every field of the header where it stands', () => {
    const view = new BatchView(distinct)
    expect({
      baseOffset: view.baseOffset,
      sizeInBytes: view.sizeInBytes,
      batchLength: view.batchLength,
      partitionLeaderEpoch: view.partitionLeaderEpoch,
      magic: view.magic,
      codec: view.codec,
      timestampType: view.timestampType,
      isTransactional: view.isTransactional,
      isControl: view.isControl,
      lastOffset: view.lastOffset,
      baseTimestamp: view.baseTimestamp,
      maxTimestamp: view.maxTimestamp,
      producerId: view.producerId,
      producerEpoch: view.producerEpoch,
      baseSequence: view.baseSequence,
      lastSequence: view.lastSequence,
      recordCount: view.recordCount,
      packedRecordsSize: view.packedRecords.length,
    }).toEqual({
      baseOffset: 0x0102030405,
      sizeInBytes: distinct.length,
      batchLength: distinct.length - 12,
      partitionLeaderEpoch: -1,
      magic: 2,
      codec: 'lz4',
      timestampType: 'LogAppendTime',
      isTransactional: true,
      isControl: true,
      lastOffset: 0x0102030407,
      baseTimestamp: 1_700_000_000_000,
      maxTimestamp: 1_700_000_000_009,
      producerId: 0x0b0c0d0e0f10,
      producerEpoch: 0x1112,
      baseSequence: 0x13141516,
      lastSequence: 0x13141518,
      recordCount: 3,
      packedRecordsSize: distinct.length - 61,
    })
  })

  it('reads a batch in the middle of a buffer', () => {
    const view = new BatchView(Buffer.concat([Buffer.alloc(100, 0xff), distinct, Buffer.alloc(10, 0xff)]), 100)
    expect([view.baseOffset, view.sizeInBytes, view.isCrcValid]).toEqual([0x0102030405, distinct.length, true])
    expect(view.packedRecords.equals(distinct.subarray(61))).toBe(true)
  })

  it('takes a new base offset and leader epoch without touching the checksum', () => {
    const view = new BatchView(Buffer.from(distinct))
    view.baseOffset = 2 ** 53 - 1
    view.partitionLeaderEpoch = 77
    expect([view.baseOffset, view.partitionLeaderEpoch, view.isCrcValid]).toEqual([2 ** 53 - 1, 77, true])
    expect(view.buffer.readBigInt64BE(0)).toBe(2n ** 53n - 1n)
  })

  it('notices one changed bit anywhere from the attributes on', () => {
    for (let position = 17; position < distinct.length; position++) {
      const bytes = Buffer.from(distinct)
      bytes[position]! ^= 0x10
      expect(new BatchView(bytes).isCrcValid, `byte ${position}`).toBe(false)
    }
  })

  it('computes the checksum anew when it is sealed', () => {
    const view = new BatchView(Buffer.from(distinct))
    view.seal(view.attributes & ~0x08, -5)
    expect([view.timestampType, view.maxTimestamp, view.isCrcValid, view.sizeInBytes]).toEqual(['CreateTime', -5, true, distinct.length])
  })

  it.each([
    [2n ** 53n - 1n, 2 ** 53 - 1],
    [2n ** 53n, 2 ** 53 - 1],
    [2n ** 63n - 1n, 2 ** 53 - 1],
    [-(2n ** 53n) + 1n, -(2 ** 53) + 1],
    [-(2n ** 63n), -(2 ** 53) + 1],
    [-1n, -1],
    [2n ** 32n - 1n, 2 ** 32 - 1],
    [-(2n ** 32n), -(2 ** 32)],
  ])('reads the timestamp %s as %s', (written, read) => {
    expect(new BatchView(buildBatch({ baseTimestamp: written, maxTimestamp: written })).maxTimestamp).toBe(read)
  })

  it('wraps the last sequence from 2^31 - 1 to 0, and has none without a base sequence', () => {
    const records = [{}, {}, {}]
    expect(new BatchView(buildBatch({ records, baseSequence: 2 ** 31 - 2 })).lastSequence).toBe(0)
    expect(new BatchView(buildBatch({ records, baseSequence: 2 ** 31 - 3 })).lastSequence).toBe(2 ** 31 - 1)
    expect(new BatchView(buildBatch({ records })).lastSequence).toBe(-1)
  })

  it.each([5, 6, 7])('knows no codec %i', (attributes) => {
    const view = new BatchView(buildBatch({ attributes }))
    expect(view.knownCodec).toBeUndefined()
    expect(() => view.codec).toThrow(Malformed)
  })
})
