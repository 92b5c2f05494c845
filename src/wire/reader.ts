// Reads the protocol's types from a range of bytes, front to back. The bytes may come from anybody: what they cannot hold is Malformed, found
// before anything is allocated for it. Buffers that are handed out are views.

import { boolAt, float64At, int16At, int32At, int64At, int8At, uint16At, UUID_SIZE, uuidAt } from './fixed-size.ts'

/** The bytes are not what they should be: whoever sent or stored them is at fault, never we. */
export class Malformed extends Error {
  override readonly name = 'Malformed'
}

export class Reader {
  readonly buffer: Buffer
  readonly end: number
  position: number
  /** How many array elements have been announced so far. */
  elementCount = 0

  constructor(buffer: Buffer, start = 0, end = buffer.length) {
    this.buffer = buffer
    this.position = start
    this.end = end
  }

  get remaining(): number {
    return this.end - this.position
  }

  /** Moves on by `size` bytes, and answers where they begin in the buffer. */
  skip(size: number): number {
    const start = this.position
    if (size < 0 || size > this.end - start) throw new Malformed(`${size} bytes expected, ${this.end - start} left`)
    this.position = start + size
    return start
  }

  bool(): boolean {
    return boolAt(this.buffer, this.skip(1))
  }

  int8(): number {
    return int8At(this.buffer, this.skip(1))
  }

  int16(): number {
    return int16At(this.buffer, this.skip(2))
  }

  uint16(): number {
    return uint16At(this.buffer, this.skip(2))
  }

  int32(): number {
    return int32At(this.buffer, this.skip(4))
  }

  /** Saturates: beyond ±(2^53 - 1) it is that. */
  int64(): number {
    return int64At(this.buffer, this.skip(8))
  }

  float64(): number {
    return float64At(this.buffer, this.skip(8))
  }

  uuid(): string {
    return uuidAt(this.buffer, this.skip(UUID_SIZE))
  }

  /** At most five bytes, the fifth with no more than the four bits that are left of 32. */
  unsignedVarint(): number {
    const first = this.buffer[this.skip(1)]!
    if (first < 0x80) return first
    let value = first & 0x7f
    for (let shift = 7; ; shift += 7) {
      const byte = this.buffer[this.skip(1)]!
      if (shift === 28) {
        if (byte > 0x0f) throw new Malformed('a varint is longer than 32 bits')
        return (value | (byte << 28)) >>> 0
      }
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }

  /** UTF-8; what is not becomes U+FFFD, as in Kafka. */
  string(size: number): string {
    const start = this.skip(size)
    return this.buffer.toString('utf8', start, start + size)
  }

  bytes(size: number): Buffer {
    const start = this.skip(size)
    return this.buffer.subarray(start, start + size)
  }
}
