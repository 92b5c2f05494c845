// LZ4 frames as Kafka's clients read them, so that what they cannot read is not let in: one frame, its blocks independent of each other, whatever
// follows it ignored. (Frames of linked blocks, and several frames, are valid LZ4; Java reads neither.)
//
//   magic                 04 22 4d 18
//   flags                 1 byte: bits 6-7 version (1), 5 blocks are independent, 4 block checksums, 3 content size, 2 content checksum
//   block descriptor      1 byte: bits 4-6 largest output of a block: 4 64 KiB, 5 256 KiB, 6 1 MiB, 7 4 MiB
//   content size          8 bytes when flagged
//   header checksum       1 byte: the second lowest of the xxHash32 of the descriptor, from the flags on
//   blocks                each size uint32 (top bit: not compressed), data, 4 bytes of checksum when flagged; a size of 0 ends them
//   content checksum      4 bytes when flagged
//
// The block sizes are added up first: they say how much the frame can hold at most.
//
// The package's decoder of frames takes 110 to 215 µs for 64 KiB of text, its decoder of blocks 45. So what Kafka's clients write (blocks of 64 KiB,
// neither checksums nor a content size) is decoded block by block, and everything else by the former.
//
// Source: LZ4 Frame Format Description 1.6.2, xxHash specification 0.1.1.

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
const BARE_HEADER_SIZE = 7
const NOT_COMPRESSED = 0x8000_0000
const OUTPUT_PER_INPUT_MAX = 255
const PLAIN_BLOCK_OUTPUT_MAX = 64 * 1024
const PLAIN_BLOCKS_MAX = 64 // a frame of millions of blocks of a byte each would make as many buffers

interface Frame {
  readonly size: number
  readonly outputMax: number
  readonly blockOutputMax: number
  readonly blocks: number
  /** Neither checksums nor a content size. */
  readonly isBare: boolean
}

const binding = lazyPackage('lz4-napi') as () => typeof import('lz4-napi') | undefined

export const lz4: Compression = {
  isAvailable: () => binding() !== undefined,
  isInstalled: () => isInstalled('lz4-napi'),

  decompress(bytes, maxBytes) {
    const found = frameOf(bytes)
    const { size, outputMax, blockOutputMax } = found
    // The last block is seldom full.
    if (outputMax > Math.ceil(maxBytes / blockOutputMax) * blockOutputMax) throw new OutputTooLarge(maxBytes)
    const frame = bytes.subarray(0, size)
    if (!staysOnLoopWhenFast(size, outputMax)) return decompressLater(frame, maxBytes)
    try {
      return bounded(isPlain(found) ? decompressBlocks(bytes, found) : binding()!.decompressFrameSync(frame), maxBytes)
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

function isPlain({ blocks, blockOutputMax, isBare }: Frame): boolean {
  return isBare && blockOutputMax === PLAIN_BLOCK_OUTPUT_MAX && blocks <= PLAIN_BLOCKS_MAX
}

function decompressBlocks(bytes: Buffer, { blocks }: Frame): Buffer {
  if (bytes[6] !== ((xxHash32OfTwo(bytes[4]!, bytes[5]!) >>> 8) & 0xff)) throw new Error('the header is not what its checksum says')
  const parts: Buffer[] = []
  for (let position = BARE_HEADER_SIZE; parts.length < blocks;) {
    const word = bytes.readUInt32LE(position)
    const isCompressed = word < NOT_COMPRESSED
    const end = position + 4 + (isCompressed ? word : word - NOT_COMPRESSED)
    const block = bytes.subarray(position + 4, end)
    parts.push(isCompressed ? decompressBlock(block) : block)
    position = end
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
}

let prefixed: Buffer | undefined // used again for each: what the package gives is a buffer of its own

/** The package wants the size of the output before the block, and takes the most that it can be. */
function decompressBlock(block: Buffer): Buffer {
  prefixed ??= Buffer.allocUnsafeSlow(4 + PLAIN_BLOCK_OUTPUT_MAX)
  prefixed.writeUInt32LE(Math.min(block.length * OUTPUT_PER_INPUT_MAX, PLAIN_BLOCK_OUTPUT_MAX))
  block.copy(prefixed, 4)
  return binding()!.uncompressSync(prefixed.subarray(0, 4 + block.length))
}

function bounded(output: Buffer, maxBytes: number): Buffer {
  if (output.length > maxBytes) throw new OutputTooLarge(maxBytes)
  return output
}

function asDecodingError(error: unknown): Error {
  return error instanceof OutputTooLarge ? error : new Malformed(`not lz4: ${(error as Error).message}`)
}

function frameOf(bytes: Buffer): Frame {
  if (bytes.length < BARE_HEADER_SIZE || bytes.readUInt32LE(0) !== MAGIC) throw new Malformed('not lz4: no frame')
  const flags = bytes[4]!
  if ((flags & VERSION_AND_RESERVED_MASK) !== VERSION_1) throw new Malformed('not lz4: an unknown kind of frame')
  if ((flags & INDEPENDENT_BLOCKS) === 0) throw new Malformed('an lz4 frame of linked blocks, which Kafka clients cannot read')
  const blockOutputMax = blockOutputMaxOf(bytes[5]!)
  const checksumSize = (flags & BLOCK_CHECKSUMS) === 0 ? 0 : 4
  let position = (flags & CONTENT_SIZE) === 0 ? BARE_HEADER_SIZE : BARE_HEADER_SIZE + 8
  let outputMax = 0
  let blocks = 0
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
    blocks++
  }
  position += (flags & CONTENT_CHECKSUM) === 0 ? 0 : 4
  if (position > bytes.length) throw new Malformed('not lz4: the frame has no end')
  return {
    size: position,
    outputMax,
    blockOutputMax,
    blocks,
    isBare: (flags & (BLOCK_CHECKSUMS | CONTENT_SIZE | CONTENT_CHECKSUM)) === 0,
  }
}

function blockOutputMaxOf(descriptor: number): number {
  const code = descriptor >>> 4
  if (code < 4 || code > 7) throw new Malformed('not lz4: an unknown block size')
  return 1 << (8 + 2 * code)
}

const PRIME_1 = 0x9e3779b1
const PRIME_2 = 0x85ebca77
const PRIME_3 = 0xc2b2ae3d
const PRIME_5 = 0x165667b1

/** With seed 0. */
function xxHash32OfTwo(...bytes: readonly [number, number]): number {
  let hash = (PRIME_5 + bytes.length) | 0
  for (const byte of bytes) {
    hash = (hash + Math.imul(byte, PRIME_5)) | 0
    hash = Math.imul((hash << 11) | (hash >>> 21), PRIME_1)
  }
  hash = Math.imul(hash ^ (hash >>> 15), PRIME_2)
  hash = Math.imul(hash ^ (hash >>> 13), PRIME_3)
  return hash ^ (hash >>> 16)
}
