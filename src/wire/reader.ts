// Reads the protocol's types from a range of bytes, front to back. The bytes may come from anybody: what they cannot hold is Malformed, found
// before anything is allocated for it. Buffers that are handed out are views.

export const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA'
export const UUID_SIZE = 16

const TWO_TO_32 = 2 ** 32

/** The bytes are not what they should be: whoever sent or stored them is at fault, never we. */
export class Malformed extends Error {
  override readonly name = 'Malformed'
}

export class Reader {
  readonly buffer: Buffer
  readonly end: number
  position: number

  constructor(buffer: Buffer, start = 0, end = buffer.length) {
    this.buffer = buffer
    this.position = start
    this.end = end
  }

  get remaining(): number {
    return this.end - this.position
  }

  /** Moves on by `size` bytes and answers where they begin. */
  #take(size: number): number {
    const start = this.position
    if (size < 0 || size > this.end - start) throw new Malformed(`${size} bytes expected, ${this.end - start} left`)
    this.position = start + size
    return start
  }

  skip(size: number): void {
    this.#take(size)
  }

  bool(): boolean {
    return this.buffer[this.#take(1)] !== 0
  }

  int8(): number {
    return (this.buffer[this.#take(1)]! << 24) >> 24
  }

  int16(): number {
    const at = this.#take(2)
    return (((this.buffer[at]! << 8) | this.buffer[at + 1]!) << 16) >> 16
  }

  uint16(): number {
    const at = this.#take(2)
    return (this.buffer[at]! << 8) | this.buffer[at + 1]!
  }

  int32(): number {
    return int32At(this.buffer, this.#take(4))
  }

  /** Saturates: beyond ±(2^53 - 1) it is that. */
  int64(): number {
    const at = this.#take(8)
    return saturated(int32At(this.buffer, at) * TWO_TO_32 + (int32At(this.buffer, at + 4) >>> 0))
  }

  float64(): number {
    return this.buffer.readDoubleBE(this.#take(8))
  }

  /** At most five bytes, the fifth with no more than the four bits that are left of 32. */
  unsignedVarint(): number {
    const first = this.buffer[this.#take(1)]!
    if (first < 0x80) return first
    let value = first & 0x7f
    for (let shift = 7; ; shift += 7) {
      const byte = this.buffer[this.#take(1)]!
      if (shift === 28) {
        if (byte > 0x0f) throw new Malformed('a varint is longer than 32 bits')
        return (value | (byte << 28)) >>> 0
      }
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }

  /** Zigzag, 32 bits. */
  varint(): number {
    const value = this.unsignedVarint()
    return (value >>> 1) ^ -(value & 1)
  }

  /** Zigzag, 64 bits in at most ten bytes; saturates like int64. */
  varlong(): number {
    const first = this.buffer[this.#take(1)]!
    let magnitude = (first & 0x7f) >>> 1
    let byte = first
    for (let shift = 6; byte > 0x7f; shift += 7) {
      byte = this.buffer[this.#take(1)]!
      if (shift > 62 || (shift === 62 && byte > 1)) throw new Malformed('a varint is longer than 64 bits')
      magnitude += (byte & 0x7f) * 2 ** shift
    }
    return saturated((first & 1) === 0 ? magnitude : -magnitude - 1)
  }

  uuid(): string {
    const start = this.#take(UUID_SIZE)
    const { buffer } = this
    let isZero = true
    for (let at = start; isZero && at < start + UUID_SIZE; at++) isZero = buffer[at] === 0
    return isZero ? ZERO_UUID : buffer.toString('base64url', start, start + UUID_SIZE)
  }

  /** UTF-8; what is not becomes U+FFFD, as in Kafka. */
  string(size: number): string {
    const start = this.#take(size)
    return this.buffer.toString('utf8', start, start + size)
  }

  bytes(size: number): Buffer {
    const start = this.#take(size)
    return this.buffer.subarray(start, start + size)
  }
}

function int32At(buffer: Buffer, at: number): number {
  return (buffer[at]! << 24) | (buffer[at + 1]! << 16) | (buffer[at + 2]! << 8) | buffer[at + 3]!
}

function saturated(value: number): number {
  if (value > Number.MAX_SAFE_INTEGER) return Number.MAX_SAFE_INTEGER
  return value < Number.MIN_SAFE_INTEGER ? Number.MIN_SAFE_INTEGER : value
}
