// The segments of one log by base offset; the last is active.

import { assert } from '../../lib/assert.ts'
import type { Segment } from './segment.ts'

export class SegmentList {
  readonly #segments: Segment[]

  constructor(segments: readonly Segment[]) {
    assert(segments.length > 0, () => 'a log has at least one segment')
    this.#segments = [...segments]
  }

  get all(): readonly Segment[] {
    return this.#segments
  }

  get active(): Segment {
    return this.#segments.at(-1)!
  }

  get sizeBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.size, 0)
  }

  /** The segment that `offset` belongs into, and all after it. */
  from(offset: number): readonly Segment[] {
    let low = 0
    let high = this.#segments.length // segments before low begin at or below offset, those from high on above
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#segments[middle]!.baseOffset <= offset) low = middle + 1
      else high = middle
    }
    return this.#segments.slice(Math.max(0, low - 1))
  }

  add(segment: Segment): void {
    assert(segment.baseOffset > this.active.baseOffset, () => `segment ${segment.baseOffset} follows segment ${this.active.baseOffset}`)
    this.#segments.push(segment)
  }

  undoAdd(segment: Segment): void {
    assert(this.active === segment && this.#segments.length > 1, () => `segment ${segment.baseOffset} is not the newest`)
    this.#segments.pop()
  }

  /** Puts one in the place of some that follow each other. */
  replace(old: readonly Segment[], segment: Segment): void {
    assert(this.holds(old), () => `the segments that ${segment.baseOffset} replaces are not there`)
    this.#segments.splice(this.#segments.indexOf(old[0]!), old.length, segment)
  }

  /** Whether they follow each other in it. */
  holds(old: readonly Segment[]): boolean {
    const start = this.#segments.indexOf(old[0]!)
    return start >= 0 && old.every((one, index) => this.#segments[start + index] === one)
  }

  /** Takes out the segments whose every offset is below `offset`; never the active one. */
  takeBelow(offset: number): Segment[] {
    const count = this.#segments.findIndex((_, index) => (this.#segments[index + 1]?.baseOffset ?? Number.POSITIVE_INFINITY) > offset)
    return this.#segments.splice(0, count)
  }
}
