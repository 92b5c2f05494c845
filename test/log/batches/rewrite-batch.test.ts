import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { CODECS, type Codec } from '../../../src/wire/records/codecs.ts'
import { encodeBatch } from '../../../src/wire/records/record.ts'
import { BATCH_TIMESTAMP, buildBatch } from '../../support/batch-builder.ts'
import { accepted, bothWays, errorOf, NOW_MS, recordsOf, THREE } from '../../support/checked-batches.ts'

describe('a header that is not true', () => {
  it.each([0n, -1n, BATCH_TIMESTAMP, BATCH_TIMESTAMP * 1_000_000n])('has its greatest timestamp set right: %s', async (maxTimestamp) => {
    for (const bytes of bothWays({ records: THREE, maxTimestamp })) {
      const { view } = await accepted(bytes)
      expect(view.maxTimestamp).toBe(Number(BATCH_TIMESTAMP) + 5)
    }
  })

  it('has its timestamp type set right when the topic has CreateTime', async () => {
    const batches = [1n, BATCH_TIMESTAMP + 5n].flatMap((maxTimestamp) => bothWays({ records: THREE, attributes: 0x08, maxTimestamp }))
    for (const bytes of batches) {
      const batch = await accepted(bytes)
      expect(batch.view.timestampType).toBe('CreateTime')
      expect((await recordsOf(batch)).map(({ timestamp }) => timestamp - Number(BATCH_TIMESTAMP))).toEqual([0, 5, 3])
    }
  })
})

describe('a topic with LogAppendTime', () => {
  const rules = { timestampType: 'LogAppendTime', timestampBeforeMaxMs: 1000 } as const

  it('gives every record the time of its append, its own being of no matter', async () => {
    for (const baseTimestamp of [BATCH_TIMESTAMP, 0n, BATCH_TIMESTAMP * 1_000_000n]) {
      for (const bytes of bothWays({ records: THREE, baseTimestamp })) {
        const batch = await accepted(bytes, rules)
        expect(batch.view).toMatchObject({ timestampType: 'LogAppendTime', maxTimestamp: NOW_MS, recordCount: 3 })
        expect((await recordsOf(batch)).map(({ timestamp }) => timestamp)).toEqual([NOW_MS, NOW_MS, NOW_MS])
      }
    }
  })

  it('refuses a producer that says so itself, with INVALID_TIMESTAMP', async () => {
    for (const bytes of bothWays({ records: THREE, attributes: 0x08 })) expect(await errorOf(bytes, rules)).toBe('INVALID_TIMESTAMP')
  })

  it('checks all the rest', async () => {
    expect(await errorOf(buildBatch({ records: [{ lengthError: 1 }] }), rules)).toBe('INVALID_RECORD')
    expect(await errorOf(buildBatch({ records: [{}] }), { ...rules, isCompacted: true })).toBe('INVALID_RECORD')
  })
})

describe('a topic with a compression.type', () => {
  const types = CODECS.map((codec) => (codec === 'none' ? 'uncompressed' : codec))
  const records = [
    { timestamp: NOW_MS - 7, key: Buffer.from('key'), value: Buffer.from('value'), headers: [{ key: 'h', value: Buffer.from('x') }] },
    { timestamp: NOW_MS - 3, key: null, value: randomBytes(20_000), headers: [] }, // 20,000: on the thread pool
    { timestamp: NOW_MS - 5, key: null, value: null, headers: [] },
  ]

  it.each(types.flatMap((type) => CODECS.map((codec) => [codec, type] as const)))(
    'stores the records of a %s batch as %s',
    async (codec, compressionType) => {
      const bytes = await encodeBatch({ records, codec, producerId: 9, producerEpoch: 1, baseSequence: 44 })
      const batch = await accepted(bytes, { compressionType })
      const stored: Codec = compressionType === 'uncompressed' ? 'none' : compressionType
      expect(batch.view).toMatchObject({ codec: stored, producerId: 9, producerEpoch: 1, baseSequence: 44, maxTimestamp: NOW_MS - 3 })
      expect(await recordsOf(batch)).toEqual(records.map((record, offset) => ({ offset, ...record })))
      expect(batch.bytes.equals(bytes)).toBe(codec === stored)
    },
  )

  it('uses the level of the topic', async () => {
    const bytes = await encodeBatch({ records: records.map((record) => ({ ...record, value: Buffer.from(`${Math.PI}`.repeat(500)) })) })
    const sizeAt = async (compressionLevel: number): Promise<number> =>
      (await accepted(Buffer.from(bytes), { compressionType: 'gzip', compressionLevel })).bytes.length
    expect(await sizeAt(9)).toBeLessThan(await sizeAt(1))
  })

  it('has a true greatest timestamp and the append time in what it stores', async () => {
    for (const timestampType of ['CreateTime', 'LogAppendTime'] as const) {
      const batch = await accepted(buildBatch({ records: THREE, maxTimestamp: 0n }), { compressionType: 'gzip', timestampType })
      expect(batch.view).toMatchObject({
        codec: 'gzip',
        timestampType,
        maxTimestamp: timestampType === 'CreateTime' ? Number(BATCH_TIMESTAMP) + 5 : NOW_MS,
      })
    }
  })

  it('refuses what grows beyond max.message.bytes with MESSAGE_TOO_LARGE', async () => {
    const bytes = await encodeBatch({ records: [{ timestamp: NOW_MS, key: null, value: Buffer.alloc(10_000) }], codec: 'gzip' })
    expect(await errorOf(bytes, { compressionType: 'uncompressed', maxMessageBytes: 2000 })).toBe('MESSAGE_TOO_LARGE')
  })
})
