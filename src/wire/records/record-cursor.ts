// Walks the records of an unpacked batch without allocating: the fields are those of the record it stands on. Every length is checked against the
// bytes that are there, and every record against its own length; what does not fit is Malformed.
//
//   length            varint            of what follows
//   attributes        1 byte            unused
//   timestamp delta   varlong           to the batch's base timestamp
//   offset delta      varint            to its base offset
//   key length, key                     varint, bytes; below 0: null
//   value length, value                 varint, bytes; below 0: null
//   header count      varint
//   each header                         key length and key (UTF-8, never null), value length and value (below 0: null)

import { Malformed } from '../reader.ts'

const VARLONG_SIZE_MAX = 10

export interface HeaderBytes {
  readonly key: Buffer
  readonly value: Buffer | null
}

export class RecordCursor {
  readonly bytes: Buffer
  #position: number

  timestampDelta = 0
  offsetDelta = 0
  keyStart = 0
  /** Below 0: the key is null. */
  keySize = 0
  valueStart = 0
  /** Below 0: the value is null. */
  valueSize = 0
  headerCount = 0
  headersStart = 0

  constructor(bytes: Buffer, start = 0) {
    this.bytes = bytes
    this.#position = start
  }

  /** Where the next record begins. */
  get position(): number {
    return this.#position
  }

  get isAtEnd(): boolean {
    return this.#position === this.bytes.length
  }

  /** Moves on to the next record, which must be there. */
  next(): void {
    const size = this.#varint()
    const end = this.#position + size
    if (size < 0 || end > this.bytes.length)
      throw new Malformed(`a record of ${size} bytes where ${this.bytes.length - this.#position} are left`)
    this.#position++
    this.timestampDelta = this.#varlong()
    this.offsetDelta = this.#varint()
    this.keySize = this.#varint()
    this.keyStart = this.#position
    if (this.keySize > 0) this.#position += this.keySize
    this.valueSize = this.#varint()
    this.valueStart = this.#position
    if (this.valueSize > 0) this.#position += this.valueSize
    this.headerCount = this.#varint()
    this.headersStart = this.#position
    if (this.headerCount !== 0) this.#skipHeaders(end)
    if (this.#position !== end) throw new Malformed(`a record of ${size} bytes has fields for ${this.#position - end + size}`)
  }

  get key(): Buffer | null {
    return this.#view(this.keyStart, this.keySize)
  }

  get value(): Buffer | null {
    return this.#view(this.valueStart, this.valueSize)
  }

  /** Of the record it stands on. */
  readHeaders(): HeaderBytes[] {
    this.#position = this.headersStart
    return Array.from({ length: this.headerCount }, () => {
      const keySize = this.#varint()
      const key = this.bytes.subarray(this.#position, (this.#position += keySize))
      const valueSize = this.#varint()
      const value = this.#view(this.#position, valueSize)
      if (valueSize > 0) this.#position += valueSize
      return { key, value }
    })
  }

  #view(start: number, size: number): Buffer | null {
    return size < 0 ? null : this.bytes.subarray(start, start + size)
  }

  #skipHeaders(end: number): void {
    if (this.headerCount < 0 || this.headerCount > end - this.#position) throw new Malformed(`a record with ${this.headerCount} headers`)
    for (let remaining = this.headerCount; remaining > 0; remaining--) {
      const keySize = this.#varint()
      if (keySize < 0) throw new Malformed('a header without a key')
      this.#position += keySize
      const valueSize = this.#varint()
      if (valueSize > 0) this.#position += valueSize
    }
  }

  // Reading past the end yields undefined, which ends a varint; `next` finds the record's end overrun. A length that leads past the end must not come
  // back in front of it: lengths below 0 move nothing.

  #varint(): number {
    const first = this.bytes[this.#position++]!
    if (first < 0x80) return (first >>> 1) ^ -(first & 1)
    let value = first & 0x7f
    for (let shift = 7; shift <= 28; shift += 7) {
      const byte = this.bytes[this.#position++]!
      value |= (byte & 0x7f) << shift
      if (!(byte >= 0x80)) return (value >>> 1) ^ -(value & 1)
    }
    throw new Malformed('a varint is longer than 32 bits')
  }

  /** Saturates at ±(2^53 - 1). */
  #varlong(): number {
    const first = this.bytes[this.#position++]!
    if (first < 0x80) return (first >>> 1) ^ -(first & 1)
    let magnitude = (first & 0x7f) >>> 1
    let weight = 0x40
    for (let size = 2; size <= VARLONG_SIZE_MAX; size++) {
      const byte = this.bytes[this.#position++]!
      magnitude += (byte & 0x7f) * weight
      if (!(byte >= 0x80)) return signed(magnitude, (first & 1) === 1)
      weight *= 0x80
    }
    throw new Malformed('a varint is longer than 64 bits')
  }
}

function signed(magnitude: number, isNegative: boolean): number {
  if (magnitude > Number.MAX_SAFE_INTEGER) return isNegative ? Number.MIN_SAFE_INTEGER : Number.MAX_SAFE_INTEGER
  return isNegative ? -magnitude - 1 : magnitude
}
