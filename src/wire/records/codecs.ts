// The five codecs of record batches, by the attribute bits that name them. Decompressing is bounded: the bytes come from clients.
// Small work is done at once, large work on the thread pool; so both answer a buffer or a promise of one.

import { Refusal } from '../error-codes.ts'
import type { Compression } from './compression.ts'
import { gzip } from './gzip.ts'
import { lz4 } from './lz4.ts'
import { snappy } from './snappy.ts'
import { zstd } from './zstd.ts'

export type Codec = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** By the lowest three attribute bits of a batch. */
export const CODECS: readonly Codec[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

const none: Compression = {
  isAvailable: () => true,
  isInstalled: () => true,
  decompress: (bytes) => bytes,
  compress: (bytes) => bytes,
}

const COMPRESSIONS: Readonly<Record<Codec, Compression>> = { none, gzip, snappy, lz4, zstd }

/** Codecs without a binary for this platform. */
export function missingCodecs(): Codec[] {
  return CODECS.filter((codec) => !COMPRESSIONS[codec].isInstalled())
}

/** Throws or rejects: Malformed, OutputTooLarge, or the Refusal UNSUPPORTED_COMPRESSION_TYPE when the codec is missing. Without a codec, `bytes` itself. */
export function decompress(codec: Codec, bytes: Buffer, maxBytes: number): Buffer | Promise<Buffer> {
  return available(codec).decompress(bytes, maxBytes)
}

/** Throws or rejects: UNSUPPORTED_COMPRESSION_TYPE when the codec is missing. */
export function compress(codec: Codec, bytes: Buffer, level?: number): Buffer | Promise<Buffer> {
  return available(codec).compress(bytes, level)
}

function available(codec: Codec): Compression {
  const compression = COMPRESSIONS[codec]
  if (!compression.isAvailable()) throw new Refusal('UNSUPPORTED_COMPRESSION_TYPE', `${codec} has no binary for this platform`)
  return compression
}
