// The sparse offset index of one segment: a batch about every `index.interval.bytes` of log, by its last offset.
// Offsets and positions only grow; a look-up answers the last entry at or below an offset, and the reader scans on from there.
// A file that does not grow is trusted up to there, and by recovery only where the log agrees with it.
//
//   bytes 0-3   relative offset   of the batch's last record − the segment's base offset
//   bytes 4-7   position          of the batch's first byte in the .log file

import { assert } from '../../lib/assert.ts'

const ENTRY_SIZE = 8

export interface OffsetIndexEntry {
  readonly offset: number
  readonly position: number
}

const NO_ENTRIES = Buffer.alloc(0)

export class OffsetIndex {
  readonly baseOffset: number
  readonly #entryCountMax: number
  #entries = NO_ENTRIES // grows: most of 10,000 partitions never need more than a few entries
  #count = 0

  constructor(baseOffset: number, indexBytesMax: number) {
    this.baseOffset = baseOffset
    this.#entryCountMax = Math.floor(indexBytesMax / ENTRY_SIZE)
  }

  /** The longest part of a file's bytes that is a valid index. */
  static parse(bytes: Buffer, baseOffset: number, indexBytesMax: number): OffsetIndex {
    const index = new OffsetIndex(baseOffset, Math.max(indexBytesMax, bytes.length))
    for (let start = 0; start + ENTRY_SIZE <= bytes.length; start += ENTRY_SIZE) {
      const offset = baseOffset + bytes.readUInt32BE(start)
      const position = bytes.readUInt32BE(start + 4)
      const last = index.lastEntry
      if (last !== undefined ? offset <= last.offset || position <= last.position : position === 0) break
      index.append(offset, position)
    }
    return index
  }

  get count(): number {
    return this.#count
  }

  get isFull(): boolean {
    return this.#count >= this.#entryCountMax
  }

  get lastEntry(): OffsetIndexEntry | undefined {
    return this.#count === 0 ? undefined : this.#entryAt(this.#count - 1)
  }

  append(lastOffset: number, position: number): void {
    assert(!this.isFull, () => `index of segment ${this.baseOffset} is full`)
    const last = this.lastEntry
    assert(
      last === undefined || (lastOffset > last.offset && position > last.position),
      () => `index at offset ${lastOffset} does not grow`,
    )
    if (this.#count * ENTRY_SIZE === this.#entries.length) {
      this.#entries = Buffer.concat([this.#entries], Math.max(16 * ENTRY_SIZE, 2 * this.#entries.length))
    }
    this.#entries.writeUInt32BE(lastOffset - this.baseOffset, this.#count * ENTRY_SIZE)
    this.#entries.writeUInt32BE(position, this.#count * ENTRY_SIZE + 4)
    this.#count++
  }

  *entries(): Generator<OffsetIndexEntry> {
    for (let index = 0; index < this.#count; index++) yield this.#entryAt(index)
  }

  /** The last entry at or below `offset`. */
  entryAtOrBelow(offset: number): OffsetIndexEntry | undefined {
    const count = this.#countAtOrBelow(offset)
    return count === 0 ? undefined : this.#entryAt(count - 1)
  }

  /** The first entry above `offset`. */
  entryAbove(offset: number): OffsetIndexEntry | undefined {
    const count = this.#countAtOrBelow(offset)
    return count === this.#count ? undefined : this.#entryAt(count)
  }

  #countAtOrBelow(offset: number): number {
    let low = 0
    let high = this.#count // entries before low are at or below offset, those from high on are above
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#offsetAt(middle) <= offset) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The last entry at or below `position`. */
  entryAtOrBelowPosition(position: number): OffsetIndexEntry | undefined {
    let index = this.#count - 1
    while (index >= 0 && this.#entryAt(index).position > position) index--
    return index < 0 ? undefined : this.#entryAt(index)
  }

  /** Keeps the first `count` entries. */
  truncate(count: number): void {
    assert(count <= this.#count, () => `index of segment ${this.baseOffset} has no ${count} entries`)
    this.#count = count
  }

  /** Keeps the entries at or below `offset`. */
  truncateAbove(offset: number): void {
    while (this.#count > 0 && this.#offsetAt(this.#count - 1) > offset) this.#count--
  }

  /** What belongs on disk: valid until the next append. */
  bytes(): Buffer {
    return this.#entries.subarray(0, this.#count * ENTRY_SIZE)
  }

  #offsetAt(index: number): number {
    return this.baseOffset + this.#entries.readUInt32BE(index * ENTRY_SIZE)
  }

  #entryAt(index: number): OffsetIndexEntry {
    return { offset: this.#offsetAt(index), position: this.#entries.readUInt32BE(index * ENTRY_SIZE + 4) }
  }
}
