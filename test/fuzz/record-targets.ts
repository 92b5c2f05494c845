// Batches, records and codecs, fed damaged ones and bombs: what is taken can be read back, what is not is refused, and nothing grows beyond its limit.

import { checkBatch, type CheckedBatch } from '../../src/log/batches/check-batch.ts'
import { Refusal } from '../../src/wire/error-codes.ts'
import { Malformed } from '../../src/wire/reader.ts'
import { BATCH_HEADER_SIZE, BatchView } from '../../src/wire/records/batch.ts'
import { CODECS, decompress, type Codec } from '../../src/wire/records/codecs.ts'
import { OutputTooLarge } from '../../src/wire/records/compression.ts'
import { readRecords } from '../../src/wire/records/record.ts'
import { RULES } from '../support/checked-batches.ts'
import { below, chance, pick, type Random } from '../support/random.ts'
import { unlessMalformed } from './decoder-targets.ts'
import { mutated, noise } from './mutated.ts'
import { batchSamples, packedSamples, withRightSums, type Packed } from './sample-batches.ts'
import { target, type Target } from './target.ts'

const DECOMPRESSED_BYTES_MAX = 1 << 20

export function damagedBatch(random: Random): Buffer {
  const sample = pick(random, batchSamples)
  if (chance(random, 0.1)) return withRightSums(Buffer.from(sample))
  const isPayloadDamaged = chance(random, 0.5)
  const damaged = isPayloadDamaged
    ? Buffer.concat([sample.subarray(0, BATCH_HEADER_SIZE), mutated(sample.subarray(BATCH_HEADER_SIZE), random)])
    : mutated(sample, random)
  return chance(random, 0.8) ? withRightSums(damaged) : damaged
}

interface Batch {
  readonly batch: Buffer
  readonly compressionType: 'producer' | 'uncompressed' | Codec
  readonly isCompacted: boolean
}

async function checked({ batch, compressionType, isCompacted }: Batch): Promise<CheckedBatch | undefined> {
  try {
    const rules = { ...RULES, nowMs: Date.UTC(2027, 0), maxDecompressedBytes: DECOMPRESSED_BYTES_MAX, transactionalId: 'id' }
    return await checkBatch(Buffer.from(batch), { ...rules, compressionType, isCompacted })
  } catch (error) {
    if (error instanceof Refusal) return undefined
    throw error
  }
}

const batches = target<Batch>({
  name: 'batch',
  weight: 3,
  make(random) {
    const compressionType = chance(random, 0.9) ? 'producer' : pick(random, ['uncompressed', ...CODECS] as const)
    return {
      batch: damagedBatch(random),
      compressionType: compressionType === 'none' ? 'producer' : compressionType,
      isCompacted: chance(random, 0.1),
    }
  },
  async try(input) {
    const taken = await checked(input)
    if (taken === undefined) return
    const { bytes, view } = taken
    if (bytes.length !== view.sizeInBytes || !view.isCrcValid) throw new Error('a batch was taken whose length or checksum is wrong')
    const unpacked = await decompress(view.codec, view.packedRecords, DECOMPRESSED_BYTES_MAX)
    const offsets = Array.from(readRecords(unpacked, view), ({ offset }) => offset)
    if (offsets.length !== view.recordCount || offsets.at(-1) !== view.lastOffset)
      throw new Error(
        `a batch was taken that says ${view.recordCount} records to ${view.lastOffset} and has ${offsets.length} to ${offsets.at(-1)}`,
      )
  },
})

const records = target<{ readonly batch: Buffer }>({
  name: 'records',
  weight: 3,
  make(random) {
    const sample = batchSamples[below(random, 3)]! // not compressed
    const header = sample.subarray(0, BATCH_HEADER_SIZE)
    const payload = sample.subarray(BATCH_HEADER_SIZE)
    return { batch: Buffer.concat([header, chance(random, 0.2) ? noise(random, below(random, 100)) : mutated(payload, random)]) }
  },
  try({ batch }) {
    unlessMalformed(() => {
      for (const record of readRecords(batch.subarray(BATCH_HEADER_SIZE), new BatchView(batch))) {
        const size = (record.key?.length ?? 0) + (record.value?.length ?? 0)
        if (size > batch.length) throw new Error(`a record of ${size} bytes in ${batch.length}`)
      }
    })
  },
})

interface PackedInput extends Packed {
  readonly maxBytes: number
}

const codecs = target<PackedInput>({
  name: 'codec',
  weight: 3,
  make(random) {
    const { codec, bytes } = pick(random, packedSamples)
    const maxBytes = pick(random, [100, 5000, 100_000, DECOMPRESSED_BYTES_MAX])
    if (chance(random, 0.05)) return { codec, bytes: noise(random, below(random, 200)), maxBytes }
    return { codec, bytes: chance(random, 0.1) ? bytes : mutated(bytes, random), maxBytes }
  },
  async try({ codec, bytes, maxBytes }) {
    let size = 0
    try {
      size = (await decompress(codec, bytes, maxBytes)).length
    } catch (error) {
      if (!(error instanceof Malformed) && !(error instanceof OutputTooLarge)) throw error
    }
    if (size > maxBytes) throw new Error(`${codec} made ${size} bytes, where ${maxBytes} were allowed`)
  },
})

export const recordTargets: readonly Target[] = [batches, records, codecs]
