// Reads whole batches from a segment file: from the one that holds an offset, as many as fit. They lie in a buffer of the pool, alone, so that whoever has
// done with them may give it back.

import type { BufferPool } from '../../lib/buffer-pool.ts'
import { Refusal } from '../../wire/error-codes.ts'
import { BATCH_HEADER_SIZE, BatchView } from '../../wire/records/batch.ts'
import type { Segment } from './segment.ts'
import { shapeDamage } from './segment-scan.ts'

const LOOK_AHEAD = 16 << 10 // read beyond `maxBytes`, to find the batch behind an index entry without a second read

interface SegmentReadRequest {
  readonly offset: number
  readonly maxBytes: number
  /** Exclusive. */
  readonly upTo: number
  readonly atLeastOneBatch: boolean
  readonly bufferPool: BufferPool
}

/** As `readSegment`, of the segment that holds `offset`: the first of these, unless its end was compacted away. */
export async function readSegments(segments: readonly Segment[], request: SegmentReadRequest): Promise<Buffer> {
  for (const segment of segments) {
    const bytes = await readSegment(segment, request)
    if (bytes !== undefined) return bytes
  }
  return EMPTY
}

/** Resolves to whole batches, none when the first is too large or not visible; to undefined when the segment ends before `offset`. */
async function readSegment(segment: Segment, request: SegmentReadRequest): Promise<Buffer | undefined> {
  const { maxBytes, upTo, atLeastOneBatch, bufferPool } = request
  const first = await findBatch(segment, request)
  if (first === undefined) return undefined
  const firstSize = first.view.sizeInBytes
  if (first.view.lastOffset >= upTo || (firstSize > maxBytes && !atLeastOneBatch)) {
    bufferPool.giveBack(first.rest)
    return EMPTY
  }
  const wantedSize = Math.min(Math.max(firstSize, maxBytes), segment.writtenSize - first.position)
  const bytes =
    wantedSize <= first.rest.length ? first.rest.subarray(0, wantedSize) : await readLarger(segment, first, wantedSize, bufferPool)
  const end = endOfWholeBatches(bytes, upTo, firstSize)
  if (end.isComplete) segment.rememberPosition(end.nextOffset, first.position + end.size)
  return bytes.subarray(0, end.size)
}

function readLarger(segment: Segment, { position, rest }: Located, size: number, bufferPool: BufferPool): Promise<Buffer> {
  bufferPool.giveBack(rest)
  return readAt(segment, position, size, bufferPool)
}

const EMPTY = Buffer.alloc(0)

interface Located {
  readonly position: number
  readonly view: BatchView
  /** What was read along with it, from its first byte on. */
  readonly rest: Buffer
}

/** The first batch that reaches `offset`. */
async function findBatch(segment: Segment, { offset, maxBytes, bufferPool }: SegmentReadRequest): Promise<Located | undefined> {
  let position = segment.rememberedPosition(offset) ?? (await segment.positionBelow(offset))
  let nextOffset = segment.baseOffset
  while (position + BATCH_HEADER_SIZE <= segment.writtenSize) {
    const bytes = await readAt(segment, position, Math.min(maxBytes + LOOK_AHEAD, segment.writtenSize - position), bufferPool)
    let at = 0
    while (at + BATCH_HEADER_SIZE <= bytes.length) {
      const view = new BatchView(bytes, at)
      const damage = shapeDamage(view, nextOffset)
      if (damage !== undefined) throw damaged(segment, position + at, damage)
      if (view.lastOffset >= offset) return { position: position + at, view, rest: bytes.subarray(at) }
      nextOffset = view.lastOffset + 1
      at += view.sizeInBytes
    }
    position += at
    bufferPool.giveBack(bytes)
  }
  return undefined
}

function endOfWholeBatches(bytes: Buffer, upTo: number, firstSize: number): { size: number; nextOffset: number; isComplete: boolean } {
  let size = 0
  let nextOffset = 0
  while (size + BATCH_HEADER_SIZE <= bytes.length) {
    const view = new BatchView(bytes, size)
    if (size + view.sizeInBytes > bytes.length || view.lastOffset >= upTo) break
    size += view.sizeInBytes
    nextOffset = view.lastOffset + 1
  }
  return { size, nextOffset, isComplete: size >= firstSize }
}

async function readAt(segment: Segment, position: number, size: number, bufferPool: BufferPool): Promise<Buffer> {
  const bytes = bufferPool.lend(size).subarray(0, size)
  const filled = await segment.file.read(bytes, position)
  if (filled < size) throw damaged(segment, position + filled, 'the file is shorter than what was written')
  return bytes
}

function damaged(segment: Segment, position: number, damage: string): Refusal {
  return new Refusal('KAFKA_STORAGE_ERROR', `segment ${segment.baseOffset} is damaged at byte ${position}: ${damage}`)
}
