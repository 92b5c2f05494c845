// gzip (RFC 1952), by node:zlib: several members count as one.

import { constants, gunzip, gunzipSync, gzip as compressLater, gzipSync } from 'node:zlib'
import type { ZlibOptions } from 'node:zlib'
import { promisify } from 'node:util'
import { Malformed } from '../reader.ts'
import { type Compression, ON_LOOP_COMPRESS_MAX, ON_LOOP_OUTPUT_MAX, OutputTooLarge, staysOnLoop } from './compression.ts'

const MEMBER_SIZE_MIN = 18
const CHUNK_SIZE_MIN = 4 * 1024
const CHUNK_SIZE_MAX = 1024 * 1024

const gunzipLater = promisify<Buffer, ZlibOptions, Buffer>(gunzip)
const gzipLater = promisify<Buffer, ZlibOptions, Buffer>(compressLater)

export const gzip: Compression = {
  isAvailable: () => true,
  isInstalled: () => true,

  decompress(bytes, maxBytes) {
    const statedSize = bytes.length < MEMBER_SIZE_MIN ? 0 : bytes.readUInt32LE(bytes.length - 4)
    // Of the last member, and not to be trusted: it decides where the work is done and in what pieces, the limit holds whatever it says.
    const chunkSize = Math.min(Math.max(statedSize, CHUNK_SIZE_MIN), CHUNK_SIZE_MAX)
    if (staysOnLoop(bytes.length, statedSize)) {
      const onLoopMax = Math.min(maxBytes, ON_LOOP_OUTPUT_MAX)
      try {
        return gunzipSync(bytes, { maxOutputLength: onLoopMax, chunkSize })
      } catch (error) {
        if (!isOverLimit(error) || onLoopMax === maxBytes) throw asDecodingError(error, maxBytes)
      }
    }
    return gunzipLater(bytes, { maxOutputLength: maxBytes, chunkSize }).catch((error) => {
      throw asDecodingError(error, maxBytes)
    })
  },

  compress(bytes, level = constants.Z_DEFAULT_COMPRESSION) {
    return bytes.length <= ON_LOOP_COMPRESS_MAX ? gzipSync(bytes, { level }) : gzipLater(bytes, { level })
  },
}

function isOverLimit(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
}

function asDecodingError(error: unknown, maxBytes: number): Error {
  return isOverLimit(error) ? new OutputTooLarge(maxBytes) : new Malformed(`not gzip: ${(error as Error).message}`)
}
