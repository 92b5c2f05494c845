// Inspects a segment around a place that a reader doubts, from a batch before it whose offset the index bears out, and notes what it finds.

import type { Segment } from '../segments/segment.ts'
import type { Before } from './batch-order.ts'
import { NOTHING_AFTER } from './batch-order.ts'
import { inspect, type InspectedTo, type LogOrder } from './inspect.ts'
import type { DamagedPart } from './soundness.ts'

const FURTHER_BYTES = 1 << 20 // the next batches are likely to be doubted, too

interface SegmentInspection {
  readonly doubtAt: number
  /** Of the segment that follows; undefined for the last one. */
  readonly nextBaseOffset: number | undefined
  readonly order: LogOrder
  /** Once for each part that is found. */
  damaged(part: DamagedPart): void
}

export async function inspectSegment(segment: Segment, { doubtAt, ...inspection }: SegmentInspection): Promise<void> {
  const start = await startBefore(segment, doubtAt)
  await inspectPart(segment, { ...inspection, start, to: doubtAt + FURTHER_BYTES })
}

interface PartInspection extends Omit<SegmentInspection, 'doubtAt'> {
  readonly start: InspectedTo
  /** Stops behind the first sound batch that reaches it. */
  readonly to: number
}

/** From `start` on; resolves to where another may go on. */
export async function inspectPart(segment: Segment, { start, to, nextBaseOffset, order, damaged }: PartInspection): Promise<InspectedTo> {
  const { soundness } = segment
  let soundFrom = start.position
  return inspect({
    file: segment.file,
    baseOffset: segment.baseOffset,
    start: start.position,
    before: start.before,
    end: segment.writtenSize,
    after: nextBaseOffset === undefined ? NOTHING_AFTER : { baseOffset: nextBaseOffset, epoch: -1 },
    order,
    sound(view, position) {
      const end = position + view.sizeInBytes
      soundness.note(soundFrom, end)
      soundFrom = end
      return end < to
    },
    damaged(part) {
      soundFrom = part.position + part.size
      if (soundness.noteDamage(part)) damaged(part)
    },
  })
}

export function startOf(segment: Segment): InspectedTo {
  return { position: 0, before: { nextOffset: segment.baseOffset, epoch: -1 } }
}

async function startBefore(segment: Segment, doubtAt: number): Promise<InspectedTo> {
  const { offsets } = await segment.indexes()
  for (let below = doubtAt; below > 0;) {
    const entry = offsets.entryAtOrBelowPosition(below - 1)
    if (entry === undefined) break
    const before = await borneOut(segment, entry)
    if (before !== undefined) return { position: entry.position, before }
    below = entry.position
  }
  return startOf(segment)
}

async function borneOut(segment: Segment, entry: { readonly offset: number; readonly position: number }): Promise<Before | undefined> {
  if (!(await segment.bearsOut(entry))) return undefined
  const { baseOffset } = await segment.headerAt(entry.position)
  return baseOffset < segment.baseOffset ? undefined : { nextOffset: baseOffset, epoch: -1 }
}
