// Record batches to start from: each codec, one record and many, keys, headers, idempotent and transactional ones; and bombs, which are small and say, or
// are, large.

import { gzipSync } from 'node:zlib'
import { compress, CODECS, missingCodecs, type Codec } from '../../src/wire/records/codecs.ts'
import { crc32c } from '../../src/wire/records/crc32c.ts'
import { encodeBatch, type BatchToEncode } from '../../src/wire/records/record.ts'

const TIMESTAMP = Date.UTC(2026, 0, 31)
const BOMB_BYTES = 4 << 20
const CRC_COVERS_FROM = 21

const codecs = CODECS.filter((codec) => !missingCodecs().includes(codec))

const records = (count: number, size: number) =>
  Array.from({ length: count }, (_, index) => ({
    timestamp: TIMESTAMP + index,
    key: index % 3 === 0 ? null : Buffer.from(`key ${index}`),
    value: index % 5 === 4 ? null : Buffer.alloc(size, `value ${index} `),
    headers:
      index % 4 === 1
        ? [
            { key: 'header', value: Buffer.from('h') },
            { key: '', value: null },
          ]
        : [],
  }))

export interface Packed {
  readonly codec: Codec
  readonly bytes: Buffer
}

/** What stands in batches, compressed. */
export const packedSamples: readonly Packed[] = await Promise.all(
  codecs
    .filter((codec) => codec !== 'none')
    .flatMap((codec) =>
      [Buffer.alloc(0), Buffer.from('short'), Buffer.alloc(3000, 'not so short '), Buffer.alloc(BOMB_BYTES)].map(async (bytes) => ({
        codec,
        bytes: await compress(codec, bytes),
      })),
    ),
)

const encoded = async (batch: BatchToEncode): Promise<Buffer> => encodeBatch(batch)
const asProduced = { producerId: 7, producerEpoch: 0, baseSequence: 0 }

export const batchSamples: readonly Buffer[] = await Promise.all(
  codecs.flatMap((codec): Promise<Buffer>[] => [
    encoded({ records: records(1, 10), codec }),
    encoded({ records: records(12, 30), codec }),
    encoded({ records: records(60, 200), codec }),
    encoded({ records: records(3, 5), codec, ...asProduced }),
    encoded({ records: records(3, 5), codec, ...asProduced, isTransactional: true }),
    bombOf(codec),
  ]),
)

/** A whole batch around a payload that is no records, of a size that shows only when it is decompressed. */
async function bombOf(codec: Codec): Promise<Buffer> {
  const like = await encodeBatch({ records: records(1, 10), codec })
  const payload = codec === 'none' ? gzipSync(Buffer.alloc(1000)) : await compress(codec, Buffer.alloc(BOMB_BYTES))
  return withRightSums(Buffer.concat([like.subarray(0, 61), payload]))
}

/** Length and checksum made to fit what is there, so that a damage behind them is found by something else. */
export function withRightSums(batch: Buffer): Buffer {
  if (batch.length < CRC_COVERS_FROM) return batch
  batch.writeInt32BE(batch.length - 12, 8)
  batch.writeUInt32BE(crc32c(batch.subarray(CRC_COVERS_FROM)), 17)
  return batch
}
