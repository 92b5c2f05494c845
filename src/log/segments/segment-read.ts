// Reads whole batches from a segment file: from the one that holds an offset, as many as fit. They lie in a buffer of the pool, alone, so that whoever has
// done with them may give it back. A batch of an earlier run is looked at the first time: its checksum, its place, its epoch. Where that leaves a doubt,
// the segment is inspected there. What turns out damaged is refused, what follows it is not.

import type { BufferPool } from '../../lib/buffer-pool.ts'
import { assert } from '../../lib/assert.ts'
import { Refusal } from '../../wire/error-codes.ts'
import { BATCH_HEADER_SIZE, BatchView } from '../../wire/records/batch.ts'
import { NO_BATCHES, type ReadResult } from '../log-answers.ts'
import type { LogOrder } from '../soundness/inspect.ts'
import type { LogInspector } from '../soundness/log-inspector.ts'
import type { DamagedPart, Soundness } from '../soundness/soundness.ts'
import type { ReadAhead } from './read-ahead.ts'
import type { Segment } from './segment.ts'

const LOOK_AHEAD = 16 << 10 // read beyond `maxBytes`, to find the batch behind an index entry without a second read
const OFFSET_SIZE = 8

interface SegmentReadRequest {
  readonly offset: number
  readonly maxBytes: number
  /** Exclusive. */
  readonly upTo: number
  readonly atLeastOneBatch: boolean
  readonly bufferPool: BufferPool
  readonly readAhead: ReadAhead
  readonly inspector: LogInspector
}

/** As `readSegment`, of the segment that holds `offset`: the first of these, unless its end was compacted away. Rejects with CORRUPT_MESSAGE. */
export async function readSegments(segments: readonly Segment[], request: SegmentReadRequest): Promise<ReadResult> {
  for (const [index, segment] of segments.entries()) {
    const found = await readSegment(segment, segments[index + 1]?.baseOffset, request)
    if (found !== undefined) return found
  }
  return NO_BATCHES
}

/** Resolves to whole batches, none when the first is too large or not visible; to undefined when the segment ends before `offset`. */
async function readSegment(
  segment: Segment,
  nextBaseOffset: number | undefined,
  request: SegmentReadRequest,
): Promise<ReadResult | undefined> {
  const { offset } = request
  for (let doubted = -1; ;) {
    const damage = segment.soundness.damageHolding(offset)
    if (damage !== undefined) throw new Refusal('CORRUPT_MESSAGE', describeDamage(damage))
    const found = await findBatch(segment, nextBaseOffset, request)
    if (found === undefined) return undefined
    if (!('doubtAt' in found)) return readFrom(segment, found, request)
    assert(found.doubtAt > doubted, () => `segment ${segment.baseOffset} is in doubt at byte ${doubted} although it was inspected there`)
    doubted = found.doubtAt
    await request.inspector.inspect(segment, found.doubtAt)
  }
}

function describeDamage({ fromOffset, toOffset, message }: DamagedPart): string {
  return `offsets ${fromOffset} to ${toOffset - 1} cannot be read, because the log is damaged: ${message}`
}

async function readFrom(segment: Segment, first: Located, request: SegmentReadRequest): Promise<ReadResult> {
  const { maxBytes, upTo, atLeastOneBatch, bufferPool, readAhead } = request
  const firstSize = first.view.sizeInBytes
  if (first.view.lastOffset >= upTo || (firstSize > maxBytes && !atLeastOneBatch)) {
    bufferPool.giveBack(first.rest)
    return NO_BATCHES
  }
  const wantedSize = Math.min(Math.max(firstSize, maxBytes), segment.writtenSize - first.position)
  const bytes = wantedSize <= first.rest.length ? first.rest.subarray(0, wantedSize) : await readLarger(segment, first, wantedSize, request)
  const end = endOfWholeBatches(segment, bytes, firstSize, first, request)
  if (!end.isComplete) {
    bufferPool.giveBack(bytes)
    return NO_BATCHES
  }
  const result = { chunks: [bytes.subarray(0, end.size)], size: end.size }
  const nextPosition = first.position + end.size
  segment.rememberPosition(end.nextOffset, nextPosition)
  const nextSize = maxBytes + LOOK_AHEAD
  if (!first.isGoingOn || nextPosition + nextSize > segment.writtenSize) return result
  return { ...result, readOn: () => readAhead.begin(segment, nextPosition, nextSize) }
}

function readLarger(segment: Segment, { position, rest }: Located, size: number, request: SegmentReadRequest): Promise<Buffer> {
  request.bufferPool.giveBack(rest)
  return readAt(segment, position, size, request)
}

interface Located {
  readonly position: number
  readonly view: BatchView
  /** What was read along with it, from its first byte on. */
  readonly rest: Buffer
  readonly walk: Walk
  /** A reader stopped there before. */
  readonly isGoingOn: boolean
}

interface Doubt {
  readonly doubtAt: number
}

/** The first batch that reaches `offset`. */
async function findBatch(
  segment: Segment,
  nextBaseOffset: number | undefined,
  request: SegmentReadRequest,
): Promise<Located | Doubt | undefined> {
  const { offset, maxBytes, bufferPool, inspector: order } = request
  const { soundness } = segment
  const remembered = segment.rememberedPosition(offset)
  const entry = remembered === undefined ? await segment.entryBelow(offset) : undefined
  let position = remembered ?? entry?.position ?? 0
  const walk = new Walk(soundness, order, position, remembered === undefined ? segment.baseOffset : offset)
  let wantedSize = maxBytes + LOOK_AHEAD
  while (position + BATCH_HEADER_SIZE <= segment.writtenSize) {
    position = walk.over(position)
    const bytes = await readAt(segment, position, Math.min(wantedSize, segment.writtenSize - position), request)
    let at = 0
    while (at + BATCH_HEADER_SIZE <= bytes.length && (at === 0 || !walk.mustStopAt(position + at))) {
      const view = new BatchView(bytes, at)
      if (position + at === entry?.position && view.lastOffset === entry.offset) walk.nextOffset = view.baseOffset
      const look = walk.look(view, position + at, segment.writtenSize)
      if (look === 'doubtful') {
        bufferPool.giveBack(bytes)
        return { doubtAt: position + at }
      }
      if (look === 'not all here') break
      walk.pass(view, position + at)
      if (view.lastOffset >= offset) {
        const rest = bytes.subarray(at)
        return { position: position + at, view, rest, walk, isGoingOn: remembered !== undefined }
      }
      at += view.sizeInBytes
    }
    wantedSize = maxBytes + LOOK_AHEAD
    if (at === 0) wantedSize += new BatchView(bytes).sizeInBytes
    position += at
    bufferPool.giveBack(bytes)
  }
  position = walk.over(position)
  const isTorn = position < segment.writtenSize
  const endsEarly = !order.mayHaveGaps() && nextBaseOffset !== undefined && walk.nextOffset < nextBaseOffset
  return isTorn || endsEarly ? { doubtAt: position } : undefined
}

function endOfWholeBatches(
  segment: Segment,
  bytes: Buffer,
  firstSize: number,
  { walk, position }: Located,
  { upTo }: SegmentReadRequest,
): { size: number; nextOffset: number; isComplete: boolean } {
  let size = bytes.length < firstSize ? 0 : firstSize
  let nextOffset = new BatchView(bytes).lastOffset + 1
  while (size > 0 && size + BATCH_HEADER_SIZE <= bytes.length && !walk.mustStopAt(position + size)) {
    const view = new BatchView(bytes, size)
    if (walk.look(view, position + size, segment.writtenSize) !== 'sound') break
    if (size + view.sizeInBytes > bytes.length || view.lastOffset >= upTo) break
    walk.pass(view, position + size)
    size += view.sizeInBytes
    nextOffset = view.lastOffset + 1
  }
  return { size, nextOffset, isComplete: size > 0 }
}

/** The batches of a segment one after the other, those that were not checked yet looked at. */
class Walk {
  readonly #soundness: Soundness
  readonly #order: LogOrder
  #checkedFrom: number
  #checkedEnd = -1
  #epoch = -1
  nextOffset: number

  constructor(soundness: Soundness, order: LogOrder, position: number, nextOffset: number) {
    this.#soundness = soundness
    this.#order = order
    this.#checkedFrom = position
    this.nextOffset = nextOffset
  }

  /** Only what is known to be damaged comes in between. */
  mustStopAt(position: number): boolean {
    return this.#soundness.hasDamage && this.#soundness.damageAt(position) !== undefined
  }

  /** Where to go on behind what is known to be damaged at `position`. */
  over(position: number): number {
    const damage = this.#soundness.hasDamage ? this.#soundness.damageAt(position) : undefined
    if (damage === undefined) return position
    this.nextOffset = damage.toOffset
    this.#checkedFrom = damage.position + damage.size
    return this.#checkedFrom
  }

  /** 'sound' for one that was checked before, though it need not be whole in the buffer. */
  look(view: BatchView, position: number, fileSize: number): 'sound' | 'doubtful' | 'not all here' {
    if (position < this.#checkedEnd) return 'sound'
    this.#checkedEnd = this.#soundness.checkedEnd(position)
    if (position < this.#checkedEnd) return 'sound'
    const { sizeInBytes } = view
    if (view.magic !== 2 || sizeInBytes < BATCH_HEADER_SIZE || position + sizeInBytes > fileSize) return 'doubtful'
    const next = view.position + sizeInBytes
    const needed = this.#order.mayHaveGaps() && position + sizeInBytes < fileSize ? next + OFFSET_SIZE : next
    if (needed > view.buffer.length) return 'not all here'
    return this.#isSound(view, needed > next ? new BatchView(view.buffer, next).baseOffset : undefined) ? 'sound' : 'doubtful'
  }

  /** On to the next one. */
  pass(view: BatchView, position: number): void {
    this.nextOffset = view.lastOffset + 1
    this.#epoch = view.partitionLeaderEpoch
    if (position >= this.#checkedEnd) this.#soundness.note(this.#checkedFrom, position + view.sizeInBytes)
    else this.#checkedFrom = position + view.sizeInBytes
  }

  #isSound(view: BatchView, baseOffsetBehind: number | undefined): boolean {
    const { baseOffset, lastOffset, partitionLeaderEpoch } = view
    if (baseOffset < this.nextOffset || (baseOffset > this.nextOffset && !this.#order.mayHaveGaps())) return false
    if (baseOffsetBehind !== undefined && baseOffsetBehind <= lastOffset) return false
    if (partitionLeaderEpoch < this.#epoch || partitionLeaderEpoch !== this.#order.epochAt(lastOffset)) return false
    return lastOffset >= baseOffset && view.isCrcValid
  }
}

async function readAt(
  segment: Segment,
  position: number,
  size: number,
  { bufferPool, readAhead }: Pick<SegmentReadRequest, 'bufferPool' | 'readAhead'>,
): Promise<Buffer> {
  const taken = await readAhead.take(segment, position, size)
  if (taken !== undefined) return taken
  const bytes = bufferPool.lend(size).subarray(0, size)
  const filled = await segment.file.read(bytes, position)
  if (filled === size) return bytes
  bufferPool.giveBack(bytes)
  const reason = `segment ${segment.baseOffset} ends at byte ${position + filled}: the file is shorter than what was written`
  throw new Refusal('KAFKA_STORAGE_ERROR', reason)
}
