// LZ4 frames as Kafka's clients read them, so that what they cannot read is not let in: one frame, its blocks independent of each other, whatever
// follows it ignored. (Frames of linked blocks, and several frames, are valid LZ4; Java reads neither.)
//
//   magic                 04 22 4d 18
//   flags                 1 byte: bits 6-7 version (1), 5 blocks are independent, 4 block checksums, 3 content size, 2 content checksum
//   block descriptor      1 byte: bits 4-6 largest output of a block: 4 64 KiB, 5 256 KiB, 6 1 MiB, 7 4 MiB
//   content size          8 bytes when flagged
//   header checksum       1 byte
//   blocks                each size uint32 (top bit: not compressed), data, 4 bytes of checksum when flagged; a size of 0 ends them
//   content checksum      4 bytes when flagged
//
// The block sizes are added up first: they say how much the frame can hold at most.

import { Malformed } from '../reader.ts'
import { type Compression, FAST_ON_LOOP_COMPRESS_MAX, OutputTooLarge, staysOnLoopWhenFast } from './compression.ts'
import { isInstalled, lazyPackage } from './load-package.ts'

const MAGIC = 0x184d2204
const VERSION_AND_RESERVED_MASK = 0b1100_0011
const VERSION_1 = 0b0100_0000
const INDEPENDENT_BLOCKS = 0b0010_0000
const BLOCK_CHECKSUMS = 0b0001_0000
const CONTENT_SIZE = 0b0000_1000
const CONTENT_CHECKSUM = 0b0000_0100
const NOT_COMPRESSED = 0x8000_0000
const OUTPUT_PER_INPUT_MAX = 255

interface Frame {
  readonly size: number
  readonly outputMax: number
  readonly blockOutputMax: number
}

const binding = lazyPackage('lz4-napi') as () => typeof import('lz4-napi') | undefined

export const lz4: Compression = {
  isAvailable: () => binding() !== undefined,
  isInstalled: () => isInstalled('lz4-napi'),

  decompress(bytes, maxBytes) {
    const { size, outputMax, blockOutputMax } = frameOf(bytes)
    // The last block is seldom full.
    if (outputMax > Math.ceil(maxBytes / blockOutputMax) * blockOutputMax) throw new OutputTooLarge(maxBytes)
    const frame = bytes.subarray(0, size)
    if (!staysOnLoopWhenFast(size, outputMax)) return decompressLater(frame, maxBytes)
    try {
      return bounded(binding()!.decompressFrameSync(frame), maxBytes)
    } catch (error) {
      throw asDecodingError(error)
    }
  },

  compress(bytes) {
    return bytes.length <= FAST_ON_LOOP_COMPRESS_MAX ? binding()!.compressFrameSync(bytes) : binding()!.compressFrame(bytes)
  },
}

async function decompressLater(frame: Buffer, maxBytes: number): Promise<Buffer> {
  try {
    return bounded(await binding()!.decompressFrame(frame), maxBytes)
  } catch (error) {
    throw asDecodingError(error)
  }
}

function bounded(output: Buffer, maxBytes: number): Buffer {
  if (output.length > maxBytes) throw new OutputTooLarge(maxBytes)
  return output
}

function asDecodingError(error: unknown): Error {
  return error instanceof OutputTooLarge ? error : new Malformed(`not lz4: ${(error as Error).message}`)
}

function frameOf(bytes: Buffer): Frame {
  if (bytes.length < 7 || bytes.readUInt32LE(0) !== MAGIC) throw new Malformed('not lz4: no frame')
  const flags = bytes[4]!
  if ((flags & VERSION_AND_RESERVED_MASK) !== VERSION_1) throw new Malformed('not lz4: an unknown kind of frame')
  if ((flags & INDEPENDENT_BLOCKS) === 0) throw new Malformed('an lz4 frame of linked blocks, which Kafka clients cannot read')
  const blockOutputMax = blockOutputMaxOf(bytes[5]!)
  const checksumSize = (flags & BLOCK_CHECKSUMS) === 0 ? 0 : 4
  let position = (flags & CONTENT_SIZE) === 0 ? 7 : 15
  let outputMax = 0
  for (;;) {
    if (position + 4 > bytes.length) throw new Malformed('not lz4: the frame has no end')
    const word = bytes.readUInt32LE(position)
    position += 4
    const isCompressed = word < NOT_COMPRESSED
    const size = isCompressed ? word : word - NOT_COMPRESSED
    if (size === 0) break // with the top bit set as well, for Java and for the package
    if (size > blockOutputMax) throw new Malformed(`not lz4: a block of ${size} bytes`)
    outputMax += isCompressed ? Math.min(size * OUTPUT_PER_INPUT_MAX, blockOutputMax) : size
    position += size + checksumSize
  }
  position += (flags & CONTENT_CHECKSUM) === 0 ? 0 : 4
  if (position > bytes.length) throw new Malformed('not lz4: the frame has no end')
  return { size: position, outputMax, blockOutputMax }
}

function blockOutputMaxOf(descriptor: number): number {
  const code = descriptor >>> 4
  if (code < 4 || code > 7) throw new Malformed('not lz4: an unknown block size')
  return 1 << (8 + 2 * code)
}
