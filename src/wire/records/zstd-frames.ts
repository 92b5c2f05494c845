// Takes Zstandard data (RFC 8878) apart into its frames, down to their blocks, without decompressing any.
//
//   magic                 28 b5 2f fd (a skippable frame: 5x 2a 4d 18, a uint32 size, as many bytes)
//   descriptor            1 byte: bits 6-7 size of the content size, 5 single segment, 2 checksum, 0-1 size of the dictionary id
//   window descriptor     1 byte unless single segment: bits 3-7 exponent, 0-2 eighths
//   dictionary id         0, 1, 2 or 4 bytes
//   content size          0, 1, 2 (less 256), 4 or 8 bytes
//   blocks                each 3 bytes: bit 0 last, 1-2 type (0 raw, 1 one byte repeated, 2 compressed), 3-23 size; and their data
//   checksum              4 bytes when flagged

import { Malformed } from '../reader.ts'

export const ZSTD_BLOCK_OUTPUT_MAX = 128 * 1024

const MAGIC = 0xfd2fb528
const SKIPPABLE_MAGIC = 0x184d2a50
const SKIPPABLE_MASK = 0xfffffff0
const CONTENT_SIZE_SIZES = [0, 2, 4, 8]
const DICTIONARY_ID_SIZES = [0, 1, 2, 4]

export interface ZstdFrame {
  readonly bytes: Buffer
  /** What its blocks can hold at most, by their headers. */
  readonly outputMax: number
  /** What it says it holds; many encoders leave it out. */
  readonly contentSize: number | undefined
}

/** At least one; skippable ones are left out. Throws Malformed, also when the last one is cut short. */
export function zstdFrames(bytes: Buffer): ZstdFrame[] {
  const frames: ZstdFrame[] = []
  let position = 0
  while (position < bytes.length) {
    if (bytes.length - position < 8) throw new Malformed('not zstd: no frame')
    const magic = bytes.readUInt32LE(position)
    if ((magic & SKIPPABLE_MASK) >>> 0 === SKIPPABLE_MAGIC) {
      position += 8 + bytes.readUInt32LE(position + 4)
    } else {
      const frame = frameAt(bytes, position)
      frames.push(frame)
      position += frame.bytes.length
    }
  }
  if (position > bytes.length || frames.length === 0) throw new Malformed('not zstd: the frame has no end')
  return frames
}

function frameAt(bytes: Buffer, start: number): ZstdFrame {
  if (bytes.readUInt32LE(start) !== MAGIC) throw new Malformed('not zstd: no frame')
  const descriptor = bytes[start + 4]!
  const isSingleSegment = (descriptor & 0b0010_0000) !== 0
  let position = start + (isSingleSegment ? 5 : 6) + DICTIONARY_ID_SIZES[descriptor & 0b11]!
  const contentSizeSize = CONTENT_SIZE_SIZES[descriptor >>> 6]! || (isSingleSegment ? 1 : 0)
  const contentSize = contentSizeSize === 0 ? undefined : contentSizeAt(bytes, position, contentSizeSize)
  const windowSize = isSingleSegment ? contentSize! : windowSizeOf(bytes[start + 5]!)
  const blockOutputMax = Math.min(windowSize, ZSTD_BLOCK_OUTPUT_MAX)
  position += contentSizeSize
  let outputMax = 0
  for (let isLast = false; !isLast;) {
    if (position + 3 > bytes.length) throw new Malformed('not zstd: the frame has no end')
    const header = bytes.readUIntLE(position, 3)
    isLast = (header & 1) === 1
    const type = (header >>> 1) & 0b11
    const size = header >>> 3
    if (size > ZSTD_BLOCK_OUTPUT_MAX || type === 3) throw new Malformed('not zstd: an unknown kind of block')
    outputMax += type === 2 ? blockOutputMax : size
    position += 3 + (type === 1 ? 1 : size)
  }
  if ((descriptor & 0b100) !== 0) position += 4
  if (position > bytes.length) throw new Malformed('not zstd: the frame has no end')
  return { bytes: bytes.subarray(start, position), outputMax, contentSize }
}

function contentSizeAt(bytes: Buffer, position: number, size: number): number {
  if (position + size > bytes.length) throw new Malformed('not zstd: the frame has no end')
  if (size === 8) return bytes.readUInt32LE(position) + bytes.readUInt32LE(position + 4) * 2 ** 32
  return bytes.readUIntLE(position, size) + (size === 2 ? 256 : 0)
}

function windowSizeOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >>> 3))
  return base + (base / 8) * (descriptor & 0b111)
}
