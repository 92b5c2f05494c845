// The sparse time index of one segment: entry (timestamp, offset) says that no record up to `offset` is later than `timestamp`.
// Timestamps grow, offsets do not fall. The last entry of a closed segment holds the segment's greatest timestamp.
//
//   bytes 0-7    timestamp         the greatest in the segment so far
//   bytes 8-11   relative offset   last offset of the batch that brought it − the segment's base offset

import { assert } from '../../lib/assert.ts'

const ENTRY_SIZE = 12

export interface TimeIndexEntry {
  readonly timestamp: number
  readonly offset: number
}

const NO_ENTRIES = Buffer.alloc(0)

export class TimeIndex {
  readonly baseOffset: number
  readonly #entryCountMax: number
  #entries = NO_ENTRIES
  #count = 0

  constructor(baseOffset: number, indexBytesMax: number) {
    this.baseOffset = baseOffset
    this.#entryCountMax = Math.max(1, Math.floor(indexBytesMax / ENTRY_SIZE)) // one to close the segment with
  }

  /** The longest part of a file's bytes that is a valid index. */
  static parse(bytes: Buffer, baseOffset: number, indexBytesMax: number): TimeIndex {
    const index = new TimeIndex(baseOffset, Math.max(indexBytesMax, bytes.length + ENTRY_SIZE))
    for (let start = 0; start + ENTRY_SIZE <= bytes.length; start += ENTRY_SIZE) {
      const timestamp = readTimestamp(bytes, start)
      const offset = baseOffset + bytes.readUInt32BE(start + 8)
      const last = index.lastEntry
      const isUnused = timestamp === 0 && bytes.length > ENTRY_SIZE // a running Kafka's file ends in zeros
      if (last === undefined ? timestamp < 0 || isUnused : timestamp <= last.timestamp || offset < last.offset) break
      index.maybeAppend(timestamp, offset)
    }
    return index
  }

  get count(): number {
    return this.#count
  }

  /** The last place is kept for the entry that closes the segment. */
  get isFull(): boolean {
    return this.#count >= this.#entryCountMax - 1
  }

  get lastEntry(): TimeIndexEntry | undefined {
    return this.#count === 0 ? undefined : this.#entryAt(this.#count - 1)
  }

  /** Nothing when `timestamp` is no later than the last entry's. */
  maybeAppend(timestamp: number, offset: number): void {
    const last = this.lastEntry
    if (timestamp <= (last?.timestamp ?? -1)) return
    assert(last === undefined || offset >= last.offset, () => `time index at offset ${offset} does not grow`)
    assert(this.#count < this.#entryCountMax, () => `time index of segment ${this.baseOffset} is full`)
    if (this.#count * ENTRY_SIZE === this.#entries.length) {
      this.#entries = Buffer.concat([this.#entries], Math.max(16 * ENTRY_SIZE, 2 * this.#entries.length))
    }
    const start = this.#count * ENTRY_SIZE
    this.#entries.writeInt32BE(Math.floor(timestamp / 2 ** 32), start)
    this.#entries.writeUInt32BE(timestamp % 2 ** 32, start + 4)
    this.#entries.writeUInt32BE(offset - this.baseOffset, start + 8)
    this.#count++
  }

  *entries(): Generator<TimeIndexEntry> {
    for (let index = 0; index < this.#count; index++) yield this.#entryAt(index)
  }

  /** The last entry before `timestamp`: every record up to its offset is earlier. */
  entryBefore(timestamp: number): TimeIndexEntry | undefined {
    let low = 0
    let high = this.#count // entries before low are before timestamp, those from high on are not
    while (low < high) {
      const middle = (low + high) >>> 1
      if (readTimestamp(this.#entries, middle * ENTRY_SIZE) < timestamp) low = middle + 1
      else high = middle
    }
    return low === 0 ? undefined : this.#entryAt(low - 1)
  }

  /** The newest entry for records below `offset`. */
  lastEntryBelow(offset: number): TimeIndexEntry | undefined {
    for (let index = this.#count - 1; index >= 0; index--) {
      const entry = this.#entryAt(index)
      if (entry.offset < offset) return entry
    }
    return undefined
  }

  /** Keeps the first `count` entries. */
  truncate(count: number): void {
    assert(count <= this.#count, () => `time index of segment ${this.baseOffset} has no ${count} entries`)
    this.#count = count
  }

  /** Keeps the entries at or below `offset`. */
  truncateAbove(offset: number): void {
    while (this.#count > 0 && this.#entryAt(this.#count - 1).offset > offset) this.#count--
  }

  /** What belongs on disk: valid until the next append. */
  bytes(): Buffer {
    return this.#entries.subarray(0, this.#count * ENTRY_SIZE)
  }

  #entryAt(index: number): TimeIndexEntry {
    const start = index * ENTRY_SIZE
    return { timestamp: readTimestamp(this.#entries, start), offset: this.baseOffset + this.#entries.readUInt32BE(start + 8) }
  }
}

/** Exact within ±2^53, which check-batch lets pass; beyond, rounded. */
function readTimestamp(bytes: Buffer, start: number): number {
  return bytes.readInt32BE(start) * 2 ** 32 + bytes.readUInt32BE(start + 4)
}
