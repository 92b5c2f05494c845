// What checkBatch makes of a batch, for the tests of its parts: the rules of an ordinary topic, the error or the batch that comes out.

import { gzipSync } from 'node:zlib'
import { expect } from 'vitest'
import { checkBatch, type BatchRules, type CheckedBatch } from '../../src/log/batches/check-batch.ts'
import type { ErrorName, Refusal } from '../../src/wire/error-codes.ts'
import { decompress } from '../../src/wire/records/codecs.ts'
import { readRecords, type FetchedRecord } from '../../src/wire/records/record.ts'
import { BATCH_TIMESTAMP, buildBatch, buildRecords, type BuiltBatch, type BuiltRecord } from './batch-builder.ts'

export const NOW_MS = Number(BATCH_TIMESTAMP) + 1000
export const HOUR_MS = 3_600_000

export const RULES: BatchRules = {
  maxMessageBytes: 1_048_588,
  maxDecompressedBytes: 1 << 24,
  isCompacted: false,
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
  timestampAfterMaxMs: HOUR_MS,
  nowMs: NOW_MS,
  transactionalId: null,
  compressionType: 'producer',
}

export const THREE: readonly BuiltRecord[] = [
  { key: 'a', value: '1' },
  { key: 'b', value: '2', timestampDelta: 5 },
  { key: 'c', value: '3', timestampDelta: 3 },
]

export async function refusalOf(records: Buffer | null, rules: Partial<BatchRules> = {}): Promise<Refusal | undefined> {
  try {
    await checkBatch(records, { ...RULES, ...rules })
    return undefined
  } catch (error) {
    return error as Refusal
  }
}

export const errorOf = async (records: Buffer | null, rules?: Partial<BatchRules>): Promise<ErrorName> =>
  (await refusalOf(records, rules))?.error ?? 'NONE'

export async function accepted(records: Buffer, rules: Partial<BatchRules> = {}): Promise<CheckedBatch> {
  const batch = await checkBatch(records, { ...RULES, ...rules })
  expect(batch.view.isCrcValid).toBe(true)
  expect(batch.view.sizeInBytes).toBe(batch.bytes.length)
  return batch
}

export async function recordsOf({ view }: CheckedBatch): Promise<FetchedRecord[]> {
  return [...readRecords(await decompress(view.codec, view.packedRecords, 1 << 24), view)]
}

/** The same records as they are, and compressed. */
export function bothWays(batch: BuiltBatch, payload = buildRecords(batch.records ?? [])): Buffer[] {
  const gzipped = { ...batch, attributes: (batch.attributes ?? 0) | 1, payload: gzipSync(payload) }
  return [buildBatch({ ...batch, payload }), buildBatch(gzipped)]
}

export const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
