// What a segment's file will be once it is repaired: the batches that are sound, where they are, and in place of each part that is not, the same batch with
// the offset and epoch that only its header had lost, or an empty one.

import type { DiskFile } from '../../disk/disk.ts'
import type { After, Before } from '../../log/soundness/batch-order.ts'
import { inspect, type LogOrder } from '../../log/soundness/inspect.ts'
import type { DamagedPart } from '../../log/soundness/soundness.ts'
import { BATCH_HEADER_SIZE, BatchView } from '../../wire/records/batch.ts'
import { emptyBatches } from '../../log/batches/empty-batch.ts'

/** A stretch of the old file, or new bytes. */
type Piece = { readonly start: number; readonly end: number } | { readonly bytes: Buffer }

export interface RepairedPart extends DamagedPart {
  /** Its records are back: only what no checksum covers was wrong. */
  readonly isRestored: boolean
}

export interface SegmentPlan {
  readonly pieces: readonly Piece[]
  /** What is damaged or missing; nothing when the file may stay as it is. */
  readonly parts: readonly RepairedPart[]
  /** Of the first batch that stays; undefined when none does. */
  readonly firstOffset: number | undefined
  readonly before: Before
}

export interface SegmentToRepair {
  readonly file: Pick<DiskFile, 'read'>
  readonly size: number
  readonly baseOffset: number
  readonly before: Before
  readonly after: After
  readonly isLast: boolean
  /** The log must reach it: what was synced once. */
  readonly endsAtLeast: number
  readonly order: LogOrder
}

export async function planSegment(segment: SegmentToRepair): Promise<SegmentPlan> {
  const { file, size, isLast, endsAtLeast, order } = segment
  const found: (SoundRun | DamagedPart)[] = []
  await inspect({
    ...segment,
    start: 0,
    end: size,
    sound(view, position) {
      const last = found.at(-1)
      const run = last !== undefined && 'end' in last && last.end === position ? last : newRun(view, position)
      if (run !== last) found.push(run)
      Object.assign(run, { end: position + view.sizeInBytes, nextOffset: view.lastOffset + 1, epoch: view.partitionLeaderEpoch })
      return true
    },
    damaged: (part) => void found.push(part),
  })
  const plan = new Plan(segment.before)
  for (const one of found) {
    if ('end' in one) plan.keep(one)
    else await plan.replace(file, one.toOffset === UNKNOWN ? { ...one, toOffset: Math.max(one.fromOffset, endsAtLeast) } : one, order)
  }
  const { nextOffset } = plan.finished.before
  if (isLast && nextOffset < endsAtLeast) await plan.replace(file, missing(size, nextOffset, endsAtLeast), order) // what compaction leaves ends no log earlier
  return plan.finished
}

/** Of what lies behind the last batch that can be made out. */
const UNKNOWN = Number.MAX_SAFE_INTEGER

interface SoundRun {
  readonly start: number
  readonly firstOffset: number
  end: number
  nextOffset: number
  epoch: number
}

function newRun({ baseOffset }: BatchView, position: number): SoundRun {
  return { start: position, firstOffset: baseOffset, end: position, nextOffset: baseOffset, epoch: -1 }
}

function missing(position: number, fromOffset: number, toOffset: number): DamagedPart {
  return { position, size: 0, fromOffset, toOffset, message: `offsets ${fromOffset} to ${toOffset - 1} are missing` }
}

class Plan {
  readonly #pieces: Piece[] = []
  readonly #parts: RepairedPart[] = []
  #firstOffset: number | undefined
  #before: Before

  constructor(before: Before) {
    this.#before = before
  }

  get finished(): SegmentPlan {
    return { pieces: this.#pieces, parts: this.#parts, firstOffset: this.#firstOffset, before: this.#before }
  }

  keep({ start, end, firstOffset, nextOffset, epoch }: SoundRun): void {
    this.#pieces.push({ start, end })
    this.#reached(firstOffset, { nextOffset, epoch })
  }

  async replace(file: Pick<DiskFile, 'read'>, part: DamagedPart, order: LogOrder): Promise<void> {
    const { fromOffset, toOffset } = part
    const epoch = Math.max(0, this.#before.epoch, order.epochAt(fromOffset))
    const restored = await restoredBatch(file, part, epoch)
    this.#parts.push({ ...part, isRestored: restored !== undefined })
    if (toOffset === fromOffset) return
    this.#pieces.push({ bytes: restored ?? emptyBatches({ fromOffset, toOffset, leaderEpoch: epoch }) })
    this.#reached(fromOffset, { nextOffset: toOffset, epoch })
  }

  #reached(firstOffset: number, before: Before): void {
    this.#firstOffset ??= firstOffset
    this.#before = before
  }
}

/** The batch itself, when it is whole and fills the offsets that are wanting exactly. */
async function restoredBatch(
  file: Pick<DiskFile, 'read'>,
  { position, size, fromOffset, toOffset }: DamagedPart,
  leaderEpoch: number,
): Promise<Buffer | undefined> {
  if (size < BATCH_HEADER_SIZE) return undefined
  const bytes = Buffer.alloc(size)
  await file.read(bytes, position)
  const view = new BatchView(bytes)
  if (view.magic !== 2 || view.sizeInBytes !== size || !view.isCrcValid || view.lastOffsetDelta + 1 !== toOffset - fromOffset)
    return undefined
  view.baseOffset = fromOffset
  view.partitionLeaderEpoch = leaderEpoch
  return bytes
}
