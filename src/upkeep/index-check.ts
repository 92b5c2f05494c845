// The two index files of a segment against its batches, which come by in order. The first entry that is wrong is told; the rest are not looked at.

import { OffsetIndex, type OffsetIndexEntry } from '../log/segments/offset-index.ts'
import { TimeIndex, type TimeIndexEntry } from '../log/segments/time-index.ts'
import type { BatchView } from '../wire/records/batch.ts'

export interface IndexDamage {
  readonly position: number
  /** Of the entry that is wrong, or that was expected there. */
  readonly offset: number
  readonly message: string
}

const OFFSET_ENTRY_SIZE = 8
const TIME_ENTRY_SIZE = 12

/** `end` is where the valid part of the file ends. */
function restDamage(bytes: Buffer, end: number, offset: number): IndexDamage | undefined {
  if (end === bytes.length) return undefined
  if (bytes.subarray(end).every((byte) => byte === 0)) return undefined // room that a running Kafka had made for more
  return { position: end, offset, message: 'an entry does not continue the one before it, or is incomplete' }
}

export class OffsetIndexCheck {
  readonly #entries: Generator<OffsetIndexEntry>
  readonly #rest: IndexDamage | undefined
  #next: OffsetIndexEntry | undefined
  #position = 0
  damage: IndexDamage | undefined

  constructor(bytes: Buffer, baseOffset: number) {
    const index = OffsetIndex.parse(bytes, baseOffset, 0)
    this.#rest = restDamage(bytes, index.bytes().length, index.lastEntry?.offset ?? baseOffset)
    this.#entries = index.entries()
    this.#next = this.#entries.next().value as OffsetIndexEntry | undefined
  }

  follow({ lastOffset }: BatchView, position: number): void {
    const entry = this.#next
    if (entry === undefined || entry.position > position || this.damage !== undefined) return
    if (entry.position < position) this.#fail(`an entry points to byte ${entry.position}, where no batch begins`)
    else if (entry.offset !== lastOffset)
      this.#fail(`an entry says that offset ${entry.offset} is at byte ${position}; it is ${lastOffset}`)
    this.#next = this.#entries.next().value as OffsetIndexEntry | undefined
    this.#position += OFFSET_ENTRY_SIZE
  }

  /** No batch follows. */
  finish(): void {
    if (this.#next !== undefined) this.#fail(`an entry points to byte ${this.#next.position}, where no batch begins`)
    this.damage ??= this.#rest
  }

  #fail(message: string): void {
    this.damage ??= { position: this.#position, offset: this.#next!.offset, message }
  }
}

export class TimeIndexCheck {
  readonly #entries: Generator<TimeIndexEntry>
  readonly #rest: IndexDamage | undefined
  readonly #size: number
  #next: TimeIndexEntry | undefined
  #position = 0
  #lastTimestamp = -1
  #greatestTimestamp = -1
  damage: IndexDamage | undefined

  constructor(bytes: Buffer, baseOffset: number) {
    const index = TimeIndex.parse(bytes, baseOffset, 0)
    this.#size = index.bytes().length
    this.#rest = restDamage(bytes, this.#size, index.lastEntry?.offset ?? baseOffset)
    this.#lastTimestamp = index.lastEntry?.timestamp ?? -1
    this.#entries = index.entries()
    this.#next = this.#entries.next().value as TimeIndexEntry | undefined
  }

  follow({ lastOffset, maxTimestamp, recordCount }: BatchView): void {
    if (recordCount > 0) this.#greatestTimestamp = Math.max(this.#greatestTimestamp, maxTimestamp)
    const entry = this.#next
    if (entry === undefined || entry.offset > lastOffset || this.damage !== undefined) return
    if (entry.offset < lastOffset) this.#fail(`an entry names offset ${entry.offset}, where no batch ends`)
    else if (entry.timestamp !== this.#greatestTimestamp) {
      this.#fail(
        `an entry says that up to offset ${lastOffset} the greatest timestamp is ${entry.timestamp}; it is ${this.#greatestTimestamp}`,
      )
    }
    this.#next = this.#entries.next().value as TimeIndexEntry | undefined
    this.#position += TIME_ENTRY_SIZE
  }

  /** No batch follows. A complete index ends with the greatest timestamp. */
  finish(isComplete: boolean, endOffset: number): void {
    if (this.#next !== undefined) this.#fail(`an entry names offset ${this.#next.offset}, which is not in the segment`)
    this.damage ??= this.#rest
    if (isComplete && this.#lastTimestamp < this.#greatestTimestamp) {
      const message = `its greatest timestamp is ${this.#lastTimestamp}; that of the segment is ${this.#greatestTimestamp}`
      this.damage ??= { position: this.#size, offset: endOffset, message }
    }
  }

  #fail(message: string): void {
    this.damage ??= { position: this.#position, offset: this.#next!.offset, message }
  }
}
