// Snappy in both framings in use: raw (librdkafka and Go clients write one block, which states its output size first), and that of Java's
// snappy-java, which is also what we write:
//
//   bytes 0-7    magic                  82 53 4e 41 50 50 59 00
//   bytes 8-15   version, compatible    two int32, 1 and 1; ignored as Java does
//   then chunks: compressed size int32, a raw block. The magic in place of a size begins another such stream.
//
// A block is decompressed only when the output size that it states is within what its bytes can hold and what is allowed.

import { Malformed } from '../reader.ts'
import { type Compression, FAST_ON_LOOP_COMPRESS_MAX, OutputTooLarge, staysOnLoopWhenFast } from './compression.ts'
import { isInstalled, lazyPackage } from './load-package.ts'

const STREAM_HEADER = Buffer.from('82534e41505059000000000100000001', 'hex')
const MAGIC = STREAM_HEADER.subarray(0, 8)
const MAGIC_AS_SIZE = MAGIC.readInt32BE(0)
const OUTPUT_PER_INPUT_MAX = 32 // a copy of 64 bytes takes 3

interface Block {
  readonly bytes: Buffer
  readonly outputSize: number
}

const binding = lazyPackage('snappy') as () => typeof import('snappy') | undefined

export const snappy: Compression = {
  isAvailable: () => binding() !== undefined,
  isInstalled: () => isInstalled('snappy'),

  decompress(bytes, maxBytes) {
    const blocks = blocksOf(bytes)
    let outputSize = 0
    for (const block of blocks) outputSize += block.outputSize
    if (outputSize > maxBytes) throw new OutputTooLarge(maxBytes)
    if (!staysOnLoopWhenFast(bytes.length, outputSize)) return decompressLater(blocks, outputSize)
    if (blocks.length === 1) return decompressBlock(blocks[0]!)
    const output = Buffer.allocUnsafe(outputSize)
    let size = 0
    for (const block of blocks) size += decompressBlock(block).copy(output, size)
    return output
  },

  compress(bytes) {
    return bytes.length <= FAST_ON_LOOP_COMPRESS_MAX
      ? framed(binding()!.compressSync(bytes))
      : binding()!
          .compress(bytes)
          .then((block) => framed(block))
  },
}

/** One block after the other: a thread of the pool at a time is enough for one batch. */
async function decompressLater(blocks: readonly Block[], outputSize: number): Promise<Buffer> {
  const output = Buffer.allocUnsafe(outputSize)
  let size = 0
  for (const block of blocks) {
    const decompressed = await binding()!.uncompress(block.bytes).catch(throwMalformed)
    size += (decompressed as Buffer).copy(output, size)
  }
  return output
}

function decompressBlock({ bytes }: Block): Buffer {
  try {
    return binding()!.uncompressSync(bytes) as Buffer
  } catch (error) {
    return throwMalformed(error)
  }
}

function throwMalformed(error: unknown): never {
  throw new Malformed(`not snappy: ${(error as Error).message}`)
}

function framed(block: Buffer): Buffer {
  const size = Buffer.allocUnsafe(4)
  size.writeInt32BE(block.length)
  return Buffer.concat([STREAM_HEADER, size, block])
}

function blocksOf(bytes: Buffer): Block[] {
  if (!startsStream(bytes, 0)) return [blockOf(bytes)]
  const blocks: Block[] = []
  let position = STREAM_HEADER.length
  while (position + 4 <= bytes.length) {
    const size = bytes.readInt32BE(position)
    if (size === MAGIC_AS_SIZE && startsStream(bytes, position)) {
      position += STREAM_HEADER.length
      continue
    }
    const start = position + 4
    if (size < 0 || size > bytes.length - start)
      throw new Malformed(`not snappy: a chunk of ${size} bytes where ${bytes.length - start} are left`)
    blocks.push(blockOf(bytes.subarray(start, start + size)))
    position = start + size
  }
  return blocks
}

function startsStream(bytes: Buffer, position: number): boolean {
  return bytes.length - position >= STREAM_HEADER.length && bytes.compare(MAGIC, 0, MAGIC.length, position, position + MAGIC.length) === 0
}

/** The output size stands first, as an unsigned varint. */
function blockOf(bytes: Buffer): Block {
  let outputSize = 0
  for (let at = 0, weight = 1; at < 5; at++, weight *= 0x80) {
    const byte = bytes[at]
    if (byte === undefined) break
    outputSize += (byte & 0x7f) * weight
    if (byte >= 0x80) continue
    if (outputSize > bytes.length * OUTPUT_PER_INPUT_MAX) break
    return { bytes, outputSize }
  }
  throw new Malformed('not snappy: a block without a possible output size')
}
