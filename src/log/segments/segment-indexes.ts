// Both indexes of one segment, fed batch by batch as Kafka does it: an entry for the first batch that begins more than
// `index.interval.bytes` after the last indexed one, and a time index entry beside it when the greatest timestamp has grown.

import type { BatchView } from '../../wire/records/batch.ts'
import { OffsetIndex } from './offset-index.ts'
import { TimeIndex } from './time-index.ts'

export class SegmentIndexes {
  readonly offsets: OffsetIndex
  readonly times: TimeIndex
  #greatestTimestamp: number
  #greatestTimestampOffset: number
  #bytesSinceEntry = 0

  constructor(offsets: OffsetIndex, times: TimeIndex) {
    this.offsets = offsets
    this.times = times
    const last = times.lastEntry
    this.#greatestTimestamp = last?.timestamp ?? -1
    this.#greatestTimestampOffset = last?.offset ?? times.baseOffset
  }

  static empty(baseOffset: number, indexBytesMax: number): SegmentIndexes {
    return new SegmentIndexes(new OffsetIndex(baseOffset, indexBytesMax), new TimeIndex(baseOffset, indexBytesMax))
  }

  /** A sealed segment's files; undefined when they are not whole. */
  static parse(index: Buffer, timeIndex: Buffer, baseOffset: number): SegmentIndexes | undefined {
    const offsets = OffsetIndex.parse(index, baseOffset, 0)
    const times = TimeIndex.parse(timeIndex, baseOffset, 0)
    const isWhole = offsets.bytes().length === index.length && times.bytes().length === timeIndex.length
    return isWhole ? new SegmentIndexes(offsets, times) : undefined
  }

  /** The part of an unfinished segment's files that lies at or below `offset`: feed it on from `resumePosition`. */
  static parsePrefix(index: Buffer, timeIndex: Buffer, baseOffset: number, indexBytesMax: number, offset: number): SegmentIndexes {
    const offsets = OffsetIndex.parse(index, baseOffset, indexBytesMax)
    offsets.truncateAbove(offset)
    const times = TimeIndex.parse(timeIndex, baseOffset, indexBytesMax)
    times.truncateAbove(offsets.lastEntry?.offset ?? -1)
    return new SegmentIndexes(offsets, times)
  }

  /** -1 when no record has a timestamp. */
  get greatestTimestamp(): number {
    return this.#greatestTimestamp
  }

  get isFull(): boolean {
    return this.offsets.isFull || this.times.isFull
  }

  /** The first byte of the last indexed batch: the one to feed next after `parsePrefix`. */
  get resumePosition(): number {
    return this.offsets.lastEntry?.position ?? 0
  }

  /** Answers how to take the batch out again; only the newest can be. */
  add(view: BatchView, position: number, intervalBytes: number): () => void {
    const before = {
      greatestTimestamp: this.#greatestTimestamp,
      greatestTimestampOffset: this.#greatestTimestampOffset,
      bytesSinceEntry: this.#bytesSinceEntry,
      offsetCount: this.offsets.count,
      timeCount: this.times.count,
    }
    const { lastOffset, maxTimestamp } = view
    if (maxTimestamp > this.#greatestTimestamp && view.recordCount > 0) {
      this.#greatestTimestamp = maxTimestamp
      this.#greatestTimestampOffset = lastOffset
    }
    if (this.#bytesSinceEntry > intervalBytes && !this.isFull) {
      this.offsets.append(lastOffset, position)
      this.times.maybeAppend(this.#greatestTimestamp, this.#greatestTimestampOffset)
      this.#bytesSinceEntry = 0
    }
    this.#bytesSinceEntry += view.sizeInBytes
    return () => {
      this.#greatestTimestamp = before.greatestTimestamp
      this.#greatestTimestampOffset = before.greatestTimestampOffset
      this.#bytesSinceEntry = before.bytesSinceEntry
      this.offsets.truncate(before.offsetCount)
      this.times.truncate(before.timeCount)
    }
  }

  /** No batch follows: the time index ends with the greatest timestamp. */
  seal(): void {
    this.times.maybeAppend(this.#greatestTimestamp, this.#greatestTimestampOffset)
  }
}
