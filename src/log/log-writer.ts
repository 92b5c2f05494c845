// The writing side of one log: everything that an append changes — segments, producers, leader epochs — and how each of it is taken back when the
// append cannot be written. A truncation replaces the whole of it.

import type { Clock } from '../lib/clock.ts'
import { assert } from '../lib/assert.ts'
import { Refusal } from '../wire/error-codes.ts'
import type { BatchView } from '../wire/records/batch.ts'
import type { Append, Settled } from './append-io.ts'
import { type AppendJournal, AppendQueue } from './append-queue.ts'
import type { LeaderEpochs } from './leader-epochs.ts'
import type { LogFolder } from './log-folder.ts'
import type { LogServices, LogSettings } from './log-settings.ts'
import { LogUpkeep } from './log-upkeep.ts'
import type { ProducerStates } from './producers/producer-state.ts'
import type { RecoveredLog } from './recovery/recovery.ts'
import { Segment } from './segments/segment.ts'
import { SegmentList } from './segments/segment-list.ts'

export interface LogWriterOptions {
  readonly folder: LogFolder
  readonly services: LogServices
  readonly settings: LogSettings
  readonly leaderEpoch: number
  readonly journal: AppendJournal<Segment> | undefined
  /** In offset order; once per append. */
  readonly onVisible: (appends: readonly Append<Segment>[]) => void
  /** A full segment and what belongs to it is on disk. */
  readonly onSealed: () => void
  readonly onFailure: (reason: string, isFinal: boolean) => void
  readonly onBug: (reason: string) => void
}

export interface Written {
  readonly baseOffset: number
  /** The batch's greatest. */
  readonly timestamp: number
}

export class LogWriter {
  readonly segments: SegmentList
  readonly epochs: LeaderEpochs
  readonly queue: AppendQueue<Segment>
  readonly upkeep: LogUpkeep
  readonly #options: LogWriterOptions
  readonly #clock: Clock
  readonly #producers: ProducerStates
  #settings: LogSettings
  #savedOffset: number | undefined // where everything is in files as `saveAll` leaves it

  constructor(options: LogWriterOptions, recovered: RecoveredLog) {
    const { folder, services, settings } = options
    this.#options = options
    this.#clock = services.clock
    this.#settings = settings
    this.#producers = recovered.producers
    this.epochs = recovered.epochs
    this.#savedOffset = recovered.isSaved ? recovered.logEndOffset : undefined
    this.segments = new SegmentList(recovered.segments)
    this.upkeep = new LogUpkeep({ ...recovered, segments: this.segments, folder, services })
    this.queue = new AppendQueue<Segment>({
      clock: services.clock,
      turnShare: services.turnShare,
      syncs: services.counters.syncs,
      settings,
      journal: options.journal,
      target: this.segments.active,
      endOffset: recovered.logEndOffset,
      events: {
        visible: options.onVisible,
        rolled: (next) => this.#rolled(next),
        failed: options.onFailure,
        broken: options.onBug,
      },
    })
  }

  /** A log that was written under a later epoch than ours (another cluster's files) goes on under it. */
  get leaderEpoch(): number {
    return Math.max(this.#options.leaderEpoch, this.epochs.latestEpoch)
  }

  set settings(settings: LogSettings) {
    this.#settings = settings
    this.queue.settings = settings
    this.#producers.expirationMs = settings.producerIdExpirationMs
  }

  /** Patches the batch in place and keeps it. A repeated one answers the original's offset, and shares its fate. Throws a Refusal. */
  append(bytes: Buffer, view: BatchView, settled: Settled): Written {
    if (bytes.length > this.#settings.segmentBytes) {
      throw new Refusal('RECORD_LIST_TOO_LARGE', `the batch has ${bytes.length} bytes, a segment at most ${this.#settings.segmentBytes}`)
    }
    const verdict = view.producerId < 0 ? undefined : this.#producers.judge(view)
    if (verdict?.kind === 'refuse') throw new Refusal(verdict.error, verdict.message)
    if (verdict?.kind === 'duplicate') {
      const { baseOffset, lastOffset, timestamp } = verdict.original
      this.queue.whenSettled(lastOffset, settled)
      return { baseOffset, timestamp }
    }
    this.#options.services.writeGate.admit(bytes.length)
    const baseOffset = this.queue.endOffset
    view.baseOffset = baseOffset
    view.partitionLeaderEpoch = this.leaderEpoch
    this.#push(bytes, view, settled)
    return { baseOffset, timestamp: view.maxTimestamp }
  }

  /** A batch as it was appended first, at the log's end. */
  restore(view: BatchView): Promise<void> {
    assert(view.baseOffset === this.queue.endOffset, () => `restoring offset ${view.baseOffset} at ${this.queue.endOffset}`)
    return new Promise((resolve, reject) => {
      const bytes = view.buffer.subarray(view.position, view.position + view.sizeInBytes)
      this.#push(bytes, view, (refusal) => (refusal === undefined ? resolve() : reject(refusal)))
    })
  }

  #push(bytes: Buffer, view: BatchView, settled: Settled): void {
    const { baseOffset, partitionLeaderEpoch: leaderEpoch } = view
    const endOffset = view.lastOffset + 1
    const { segment, undoRoll } = this.#segmentFor(view, endOffset)
    const { position, undo: undoAdd } = segment.add(view)
    const undoProducer = this.#producers.add(view)
    const isNewEpoch = this.epochs.assign(leaderEpoch, baseOffset)
    const undo = (): void => {
      if (isNewEpoch) this.epochs.undoAssign(leaderEpoch)
      undoProducer()
      undoAdd()
      undoRoll()
    }
    this.queue.push({ target: segment, position, bytes, baseOffset, endOffset, undo, settled })
  }

  #segmentFor(view: BatchView, endOffset: number): { segment: Segment; undoRoll: () => void } {
    const { segments, upkeep } = this
    const nowMs = this.#clock.now()
    if (!segments.active.isFullFor(view, endOffset, this.#settings, nowMs)) return { segment: segments.active, undoRoll: NOTHING_TO_UNDO }
    const segment = this.#addSegment(view.baseOffset, nowMs)
    const undoRoll = (): void => {
      segments.undoAdd(segment)
      upkeep.undoSnapshot(segment.baseOffset)
      void segment.file.close()
    }
    return { segment, undoRoll }
  }

  #addSegment(baseOffset: number, nowMs: number): Segment {
    const { folder, services } = this.#options
    const { disk, filePool } = services
    const predecessor = this.segments.active
    const segment = new Segment({ baseOffset, folder, disk, filePool, settings: this.#settings, nowMs, predecessor })
    this.segments.add(segment)
    this.upkeep.noteSnapshot(segment.baseOffset, this.#producers.toSnapshot())
    return segment
  }

  /** Begins a segment at the end of the log, unless the active one is empty or appends are on their way; whether it did, and the others are at rest. */
  async roll(): Promise<boolean> {
    const { queue, segments } = this
    await queue.settle()
    if (queue.failure !== undefined || queue.highWatermark !== queue.endOffset || segments.active.size === 0) return false
    const segment = this.#addSegment(queue.endOffset, this.#clock.now())
    await segment.create()
    this.#rolled(segment)
    await this.upkeep.settle()
    return true
  }

  /** By producer id, the last offset of each that may go on. */
  get producerLastOffsets(): ReadonlyMap<number, number> {
    return this.#producers.lastOffsets
  }

  /** What a full segment holds is synced soon, in every mode: recovery will not have to look at it. */
  #rolled(next: Segment): void {
    this.upkeep.sealBelow(next.baseOffset, async () => {
      await this.queue.flush()
      this.#options.onSealed()
    })
  }

  /** For a stop, once nothing is on its way: the next open has next to nothing to read. */
  async saveAll(): Promise<void> {
    const { endOffset } = this.queue
    if (endOffset === this.#savedOffset) return
    await this.upkeep.saveAll(endOffset, this.#producers.toSnapshot())
    this.#savedOffset = endOffset
  }
}

const NOTHING_TO_UNDO = (): void => {}
