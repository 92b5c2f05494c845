// Walks a .log file past everything: tells apart the batches that are as they were written, in their place, and the parts that are not. A batch is judged
// once the next one that is whole has been seen, because only that may bear out its offset. Behind bytes that are no batch it finds the way again.

import type { DiskFile } from '../../disk/disk.ts'
import { BATCH_HEADER_SIZE, BatchView } from '../../wire/records/batch.ts'
import { scanBatches } from '../segments/segment-scan.ts'
import { type After, type Before, orderDamage } from './batch-order.ts'
import { nextBatch } from './next-batch.ts'
import type { DamagedPart } from './soundness.ts'

/** What the log says of its batches, besides what is in them. */
export interface LogOrder {
  /** Whether offsets may be left out. */
  mayHaveGaps(): boolean
  /** The leader epoch that the log's list has for an offset; -1 when none. */
  epochAt(offset: number): number
}

export interface Inspection {
  readonly file: Pick<DiskFile, 'read'>
  /** The segment's. */
  readonly baseOffset: number
  /** Where a batch begins. */
  readonly start: number
  readonly end: number
  readonly before: Before
  readonly after: After
  readonly order: LogOrder
  /** False to stop behind it. */
  sound(view: BatchView, position: number): boolean
  damaged(part: DamagedPart): void
}

/** Where it came to, and what is believed of the batches before; another may go on from there. */
export interface InspectedTo {
  readonly position: number
  readonly before: Before
}

export async function inspect(inspection: Inspection): Promise<InspectedTo> {
  const { file, start, end, baseOffset } = inspection
  const judge = new Judge(inspection)
  let position = start
  while (position < end && !judge.isStopped) {
    const range = { start: position, end, nextOffset: undefined, checksumFrom: Number.NEGATIVE_INFINITY }
    const scanned = await scanBatches(file, range, (view, at) => judge.batch(view, at))
    if (scanned.damage === undefined) break
    judge.unreadable(scanned.position, scanned.damage)
    position = (await endOfDamaged(file, scanned.position, end)) ?? (await searchFrom(file, scanned.position + 1, end, baseOffset))
  }
  if (!judge.isStopped) judge.finish()
  return judge.inspectedTo
}

/** By its own length, when a whole batch, or the end, follows there. A search might take what a record's value holds for a batch. */
async function endOfDamaged(file: Pick<DiskFile, 'read'>, position: number, end: number): Promise<number | undefined> {
  const header = Buffer.alloc(BATCH_HEADER_SIZE)
  if ((await file.read(header, position)) < BATCH_HEADER_SIZE) return undefined
  const { sizeInBytes } = new BatchView(header)
  const next = position + sizeInBytes
  if (sizeInBytes < BATCH_HEADER_SIZE || next > end) return undefined
  if (next === end) return end
  const range = { start: next, end, nextOffset: undefined, checksumFrom: Number.NEGATIVE_INFINITY }
  const { damage } = await scanBatches(file, range, () => false)
  return damage === undefined ? next : undefined
}

async function searchFrom(file: Pick<DiskFile, 'read'>, start: number, end: number, baseOffset: number): Promise<number> {
  return (await nextBatch(file, { start, end, baseOffset }))?.position ?? end
}

interface Run {
  readonly position: number
  readonly message: string
}

class Judge {
  readonly #inspection: Inspection
  #before: Before
  #pending: { readonly view: BatchView; readonly position: number } | undefined
  #unreadable: Run | undefined // behind the pending one
  #run: Run | undefined // of what is not believed, up to the pending one
  #position: number // of what is settled
  isStopped = false

  constructor(inspection: Inspection) {
    this.#inspection = inspection
    this.#before = inspection.before
    this.#position = inspection.start
  }

  get inspectedTo(): InspectedTo {
    return { position: this.#position, before: this.#before }
  }

  /** Whole, with a right checksum. */
  batch(view: BatchView, position: number): boolean {
    this.#settlePending({ baseOffset: view.baseOffset, epoch: view.partitionLeaderEpoch }, position)
    this.#pending = { view, position }
    return !this.isStopped
  }

  unreadable(position: number, message: string): void {
    this.#unreadable ??= { position, message }
  }

  /** Nothing follows in this file. */
  finish(): void {
    const { end, after, order } = this.#inspection
    this.#settlePending(after, end)
    if (this.isStopped) return
    const isKnown = Number.isFinite(after.baseOffset)
    const toOffset = isKnown ? Math.max(after.baseOffset, this.#before.nextOffset) : Number.MAX_SAFE_INTEGER
    if (this.#run !== undefined) this.#endRun(this.#run, end, toOffset)
    else if (isKnown && !order.mayHaveGaps() && toOffset > this.#before.nextOffset) this.#missing(end, toOffset)
    this.#position = end
  }

  #settlePending(after: After, nextPosition: number): void {
    const unreadable = this.#unreadable
    this.#unreadable = undefined
    if (this.#pending !== undefined) this.#settle(this.#pending.view, this.#pending.position, after, unreadable?.position ?? nextPosition)
    this.#pending = undefined
    if (unreadable !== undefined) this.#run ??= unreadable
  }

  #settle(view: BatchView, position: number, after: After, end: number): void {
    const { order } = this.#inspection
    const { baseOffset, lastOffset, partitionLeaderEpoch } = view
    const damage = orderDamage(view, this.#before, after, order.epochAt(lastOffset))
    if (damage !== undefined) {
      this.#run ??= { position, message: damage }
      this.#before = { ...this.#before, resumeOffset: (this.#before.resumeOffset ?? this.#before.nextOffset) + view.lastOffsetDelta + 1 }
      return
    }
    if (this.#run !== undefined) this.#endRun(this.#run, position, baseOffset)
    else if (!order.mayHaveGaps() && baseOffset > this.#before.nextOffset) this.#missing(position, baseOffset)
    this.#before = { nextOffset: lastOffset + 1, epoch: partitionLeaderEpoch }
    this.#position = end
    this.isStopped = !this.#inspection.sound(view, position)
  }

  #endRun({ position, message }: Run, end: number, toOffset: number): void {
    this.#inspection.damaged({ position, size: end - position, fromOffset: this.#before.nextOffset, toOffset, message })
    this.#run = undefined
  }

  #missing(position: number, toOffset: number): void {
    const { nextOffset: fromOffset } = this.#before
    const message = `offsets ${fromOffset} to ${toOffset - 1} are missing`
    this.#inspection.damaged({ position, size: 0, fromOffset, toOffset, message })
  }
}
