// Writes the protocol's types into a buffer that grows; large byte strings are not copied but become chunks of their own, in their place.
// A value that its type cannot hold is a bug of ours, and found here: nothing wrong leaves the process silently.

import { assert } from '../lib/assert.ts'
import { UUID_SIZE } from './fixed-size.ts'
import { ZERO_UUID } from './uuid.ts'

const INITIAL_SIZE = 512
const COPIED_SIZE_MAX = 1024 // copying this much costs less than one more chunk for the socket
const CHUNK_SIZE = 256 * 1024 // one that is as long is closed rather than copied to make room: what is 10 MB long is not copied again and again
const SHORT_STRING = 32 // up to here a loop over ASCII is faster than the calls into the runtime
const STRING_SIZE_MAX = 0x7fff
const TWO_TO_32 = 2 ** 32

export class Writer {
  #buffer = Buffer.allocUnsafe(INITIAL_SIZE)
  #start = 0 // where the open chunk begins in #buffer
  #position = 0
  #closedSize = 0
  #openSections = 0
  readonly #closedChunks: Buffer[] = []

  get size(): number {
    return this.#closedSize + this.#position - this.#start
  }

  /** What was written; the last call. The first chunk holds at least everything up to the first large byte string. */
  chunks(): Buffer[] {
    this.#closeChunk()
    return this.#closedChunks
  }

  bool(value: boolean): void {
    assert(typeof value === 'boolean', () => `${String(value)} is not a bool`)
    const at = this.#reserve(1)
    this.#buffer[at] = value ? 1 : 0
  }

  int8(value: number): void {
    assert((value << 24) >> 24 === value, () => `${value} is not an int8`)
    const at = this.#reserve(1)
    this.#buffer[at] = value
  }

  int16(value: number): void {
    assert((value << 16) >> 16 === value, () => `${value} is not an int16`)
    const at = this.#reserve(2)
    this.#write16(value, at)
  }

  uint16(value: number): void {
    assert((value & 0xffff) === value, () => `${value} is not a uint16`)
    const at = this.#reserve(2)
    this.#write16(value, at)
  }

  int32(value: number): void {
    assert((value | 0) === value, () => `${value} is not an int32`)
    const at = this.#reserve(4)
    this.#write32(value, at)
  }

  int64(value: number): void {
    assert(Number.isSafeInteger(value), () => `${value} is not an integer of at most 53 bits`)
    const at = this.#reserve(8)
    this.#write32(Math.floor(value / TWO_TO_32), at)
    this.#write32(value, at + 4)
  }

  float64(value: number): void {
    assert(typeof value === 'number', () => `${String(value)} is not a float64`)
    const at = this.#reserve(8)
    this.#buffer.writeDoubleBE(value, at)
  }

  unsignedVarint(value: number): void {
    assert(value >>> 0 === value, () => `${value} is not an unsigned varint`)
    const at = this.#reserve(varintSize(value))
    writeVarint(this.#buffer, value, at)
  }

  uuid(value: string): void {
    const at = this.#reserve(UUID_SIZE)
    if (value === ZERO_UUID) {
      this.#buffer.fill(0, at, at + UUID_SIZE)
      return
    }
    assert(value.length === ZERO_UUID.length, () => `"${value}" is not a uuid`)
    const written = this.#buffer.write(value, at, UUID_SIZE, 'base64url')
    assert(written === UUID_SIZE, () => `"${value}" is not a uuid`)
  }

  /** An int16 size, and UTF-8. */
  string(value: string): void {
    if (this.#shortAscii(value, 2)) return
    const size = utf8Size(value)
    this.int16(size)
    this.#utf8(value, size)
  }

  /** A varint of the size plus one, and UTF-8. */
  compactString(value: string): void {
    if (this.#shortAscii(value, 1)) return
    const size = utf8Size(value)
    this.unsignedVarint(size + 1)
    this.#utf8(value, size)
  }

  /** The bytes alone, without their size. The caller leaves a large one alone until the chunks are sent. */
  bytes(value: Buffer): void {
    if (value.length <= COPIED_SIZE_MAX || this.#openSections > 0) {
      const at = this.#reserve(value.length)
      this.#buffer.set(value, at)
      return
    }
    this.#closeChunk()
    this.#closedChunks.push(value)
    this.#closedSize += value.length
  }

  /** Begins a part that is preceded by its own size; the answer is for closeSection. */
  openSection(): number {
    this.#openSections++
    this.#reserve(1) // of the size, in most cases all of it
    return this.#position - this.#start
  }

  closeSection(section: number): void {
    this.#openSections--
    const size = this.#position - this.#start - section
    const sizeSize = varintSize(size)
    this.#reserve(sizeSize - 1)
    const sectionStart = this.#start + section
    if (sizeSize > 1) this.#buffer.copyWithin(sectionStart + sizeSize - 1, sectionStart, sectionStart + size)
    writeVarint(this.#buffer, size, sectionStart - 1)
  }

  #shortAscii(value: string, prefixSize: 1 | 2): boolean {
    const { length } = value
    if (length > SHORT_STRING) return false
    const at = this.#reserve(prefixSize + length)
    const buffer = this.#buffer
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index)
      if (code > 0x7f) {
        this.#position = at
        return false
      }
      buffer[at + prefixSize + index] = code
    }
    if (prefixSize === 2) this.#write16(length, at)
    else buffer[at] = length + 1
    return true
  }

  #utf8(value: string, size: number): void {
    const at = this.#reserve(size)
    this.#buffer.write(value, at, size, 'utf8')
  }

  #write16(value: number, at: number): void {
    this.#buffer[at] = value >>> 8
    this.#buffer[at + 1] = value
  }

  #write32(value: number, at: number): void {
    this.#buffer[at] = value >>> 24
    this.#buffer[at + 1] = value >>> 16
    this.#buffer[at + 2] = value >>> 8
    this.#buffer[at + 3] = value
  }

  /** Makes room for `size` bytes, which counts as written, and answers where it begins in #buffer; #buffer may be another one afterwards. */
  #reserve(size: number): number {
    const at = this.#position
    if (size <= this.#buffer.length - at) {
      this.#position = at + size
      return at
    }
    const isLong = at - this.#start >= CHUNK_SIZE && this.#openSections === 0
    if (isLong) this.#closeChunk()
    const openSize = at - this.#start
    const larger = Buffer.allocUnsafe(Math.max(isLong ? CHUNK_SIZE : INITIAL_SIZE, 2 * (openSize + size)))
    larger.set(this.#buffer.subarray(this.#start, at))
    this.#buffer = larger
    this.#start = 0
    this.#position = openSize + size
    return openSize
  }

  #closeChunk(): void {
    if (this.#position === this.#start) return
    this.#closedChunks.push(this.#buffer.subarray(this.#start, this.#position))
    this.#closedSize += this.#position - this.#start
    this.#start = this.#position
  }
}

function utf8Size(value: string): number {
  const size = Buffer.byteLength(value)
  assert(size <= STRING_SIZE_MAX, () => `a string of ${size} bytes is too long for the protocol`)
  return size
}

function varintSize(value: number): number {
  if (value <= 0x7f) return 1
  if (value <= 0x3fff) return 2
  if (value <= 0x1f_ffff) return 3
  return value <= 0xfff_ffff ? 4 : 5
}

function writeVarint(buffer: Buffer, value: number, start: number): void {
  let at = start
  let rest = value
  for (; rest > 0x7f; rest >>>= 7) buffer[at++] = rest | 0x80
  buffer[at] = rest
}
