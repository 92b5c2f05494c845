// The way of an append to disk, and the one owner of pending → written → durable → visible:
//   pending   added to its segment in memory, offset assigned, waiting for the file
//   written   in the file
//   durable   with `fsync`, in the journal, or where there is none, synced; else the same as written
//   visible   below the high watermark, settled
// Appends move through these strictly in offset order: recoveryPoint, highWatermark ≤ writtenOffset ≤ endOffset.
// What comes in one turn of the event loop, or while a write is in flight, goes out together in the next one; so does what waits while the segment is synced
// for it: a sync takes the kernel 50 µs of CPU however little there is to do. What would be visible once it is written waits for a few others only: thousands
// that wait cost the garbage collector more than they save. Of what was never visible, everything that cannot be written is undone, newest first; a failed sync,
// of a segment or of the journal, is final: nothing is written any more.
// The journal takes what follows something durable, since replaying needs all from the segments' synced end on: what was written in another mode is synced first.
// When it fills up faster than segments are synced behind it, large batches are left to a sync of their own segment.

import { assert } from '../lib/assert.ts'
import type { Clock } from '../lib/clock.ts'
import type { Histogram } from '../lib/histogram.ts'
import type { TurnShare } from '../lib/turn-share.ts'
import { nextTurn } from '../lib/turns.ts'
import { Refusal } from '../wire/error-codes.ts'
import {
  alsoSettle,
  type Append,
  cutBack,
  isPassing,
  refuse,
  type Settled,
  sizeOf,
  syncAll,
  writeTogether,
  writeTogetherNow,
  type WriteTarget,
} from './append-io.ts'
import type { LogSettings } from './log-settings.ts'

export interface AppendQueueEvents<Target extends WriteTarget> {
  /** In offset order; once per append. */
  visible(appends: readonly Append<Target>[]): void
  /** The first write to `next` is done: nothing follows in the segments before. */
  rolled(next: Target): void
  /** Appends were undone, all for this reason; `isFinal` when no more are taken. */
  failed(reason: string, isFinal: boolean): void
  /** An assertion did not hold: what is in memory cannot be trusted. No more appends are taken. */
  broken(reason: string): void
}

const ENOUGH_FOR_A_WRITE = 16
const SMALL_WRITE_BYTES = 16 << 10
const SLOW_WRITE_MS = 10 // a thread that waits for a core is late by 3 ms, and says nothing about the disk
const AVOID_BLOCKING_MS = 10_000
const ROUND_CHUNKS_MAX = 1024 // what one writev takes on Linux
const ROUND_BYTES_MAX = 16 << 20
const SYNCED_BEHIND_BYTES = 512 << 10 // the journal has to wait for as much of the disk's time, and its files are free the sooner

/** What makes appends durable whose segments are not synced yet. */
export interface AppendJournal<Target extends WriteTarget> {
  /** It cannot be written while it is replayed. */
  readonly isStarted: boolean
  /** Whether so many bytes had better go here than wait for a sync of their segment. */
  isFor(bytes: number): boolean
  /** Calls `settled` once: when they are durable, or with why they never will be, they and all that follow; for good, unless it is passing (append-io.ts). */
  append(appends: readonly Append<Target>[], settled: (error: Error | undefined) => void): void
}

export interface AppendQueueOptions<Target extends WriteTarget> {
  readonly clock: Clock
  readonly turnShare: TurnShare
  /** Gets how long each sync took. */
  readonly syncs: Histogram
  readonly settings: Pick<LogSettings, 'durability' | 'flushMessages'>
  readonly events: AppendQueueEvents<Target>
  readonly journal?: AppendJournal<Target> | undefined
  /** The segment that is active at the start. */
  readonly target: Target
  /** Everything below is on disk, synced. */
  readonly endOffset: number
}

export class AppendQueue<Target extends WriteTarget> {
  readonly #clock: Clock
  readonly #turnShare: TurnShare
  readonly #syncs: Histogram
  readonly #events: AppendQueueEvents<Target>
  readonly #journal: AppendJournal<Target> | undefined
  #settings: Pick<LogSettings, 'durability' | 'flushMessages'>
  #endOffset: number
  #writtenOffset: number
  #highWatermark: number
  #recoveryPoint: number
  #journaledOffset: number
  #unjournaledTo: number // what was written below it is durable once it is synced
  #unsettled: Append<Target>[] = [] // not visible yet, by offset; the first #writtenCount are written
  #writtenCount = 0
  #isWriting = false
  #isGathering = false // for the next write, until this turn ends
  #writing: Promise<unknown> = Promise.resolve()
  #target: Target // of the last write
  #unsyncedTargets: Target[] = []
  #syncPass: Promise<void> | undefined
  #syncWantedTo = 0
  #syncingTo = 0 // by the sync pass under way
  #hiddenTo = 0 // what is written below it becomes visible only once it is durable
  #bytesBehind = 0 // what was written since the last sync pass began
  #avoidBlockingUntilMs = 0
  #failure: string | undefined
  #cutWhenIdle: readonly Append<Target>[] = []
  #notDurable: Error | undefined // why nothing that is not visible can become so, but what comes later may

  constructor(options: AppendQueueOptions<Target>) {
    this.#clock = options.clock
    this.#turnShare = options.turnShare
    this.#syncs = options.syncs
    this.#events = options.events
    this.#journal = options.journal
    this.#settings = options.settings
    this.#target = options.target
    this.#endOffset = this.#writtenOffset = this.#highWatermark = this.#recoveryPoint = options.endOffset
    this.#journaledOffset = this.#unjournaledTo = options.endOffset
  }

  /** Of the next append. */
  get endOffset(): number {
    return this.#endOffset
  }

  get highWatermark(): number {
    return this.#highWatermark
  }

  /** Everything below is synced. */
  get recoveryPoint(): number {
    return this.#recoveryPoint
  }

  /** Why nothing is written any more. */
  get failure(): string | undefined {
    return this.#failure
  }

  set settings(settings: Pick<LogSettings, 'durability' | 'flushMessages'>) {
    this.#settings = settings
    if (settings.durability === 'fsync') this.#wantSync(this.#writtenOffset)
  }

  /** It is settled later than this returns. */
  push(append: Append<Target>): void {
    assert(this.#failure === undefined, () => `an append after a failure: ${this.#failure}`)
    assert(append.baseOffset === this.#endOffset, () => `append at ${append.baseOffset}, but the log ends at ${this.#endOffset}`)
    if (this.#isGathering && this.#unsettled.length - this.#writtenCount === ENOUGH_FOR_A_WRITE) this.#writeGathered()
    this.#endOffset = append.endOffset
    this.#unsettled.push(append)
    if (!this.#isWriting) this.#startWriting()
  }

  /** When the append that ends with `lastOffset` is settled, or soon if it was before: for a duplicate of it. */
  whenSettled(lastOffset: number, settled: Settled): void {
    const append = this.#unsettled.find(({ endOffset }) => endOffset === lastOffset + 1)
    if (append === undefined) queueMicrotask(settled)
    else alsoSettle(append, settled)
  }

  /** What was pushed before the call is visible or undone. */
  async settle(): Promise<void> {
    const last = this.#unsettled.at(-1)
    if (last !== undefined) await new Promise((resolve) => this.whenSettled(last.endOffset - 1, resolve))
  }

  /** What was pushed before the call is synced or undone. Throws a Refusal when syncing fails. */
  async flush(): Promise<void> {
    await this.settle()
    await this.syncWritten()
    if (this.#failure !== undefined) throw new Refusal('KAFKA_STORAGE_ERROR', this.#failure)
  }

  /** What is written is synced, if that works: the recovery point tells. */
  async syncWritten(): Promise<void> {
    const target = this.#writtenOffset
    while (this.#recoveryPoint < Math.min(target, this.#writtenOffset) && this.#failure === undefined) {
      this.#wantSync(this.#writtenOffset)
      await this.#syncPass
    }
  }

  /** Takes no more appends and undoes those that are not visible; the files stay as they are. */
  abandon(reason: string): void {
    this.#failure = reason
    refuse(this.#undoFrom(0), reason)
  }

  /** Nothing is being done to the files any more: for one that takes no more appends. */
  async idle(): Promise<void> {
    await this.#writing
    await this.#syncPass
    await this.#writing // what a failed sync cuts back
  }

  #mayBlockFor(size: number, target: Target): boolean {
    return (
      size <= SMALL_WRITE_BYTES &&
      target === this.#target &&
      this.#syncPass === undefined &&
      this.#clock.monotonic() >= this.#avoidBlockingUntilMs
    )
  }

  /** Whether it is written; if not, `#writeRounds` writes it again at the same place. */
  #writeNow(appends: readonly Append<Target>[]): boolean {
    const startMs = this.#clock.monotonic()
    const isWritten = writeTogetherNow(appends)
    const endMs = this.#clock.monotonic()
    if (endMs - startMs > SLOW_WRITE_MS) this.#avoidBlockingUntilMs = endMs + AVOID_BLOCKING_MS
    return isWritten
  }

  #startWriting(): void {
    this.#writing = this.#writeRounds().catch((bug: unknown) => this.#breakDown(bug))
  }

  async #writeRounds(): Promise<void> {
    this.#isWriting = this.#isGathering = true
    await nextTurn() // what other connections send in this turn goes out in the same write: a tenth less CPU per byte
    await this.#turnShare.step() // thousands of partitions may have been written to
    this.#isGathering = false
    while (this.#failure === undefined && (this.#writtenCount < this.#unsettled.length || this.#notDurable !== undefined)) {
      if (this.#notDurable !== undefined) {
        await this.#undo(this.#notDurable, 0)
        continue
      }
      if (this.#syncPass !== undefined && this.#settings.durability === 'fsync' && !this.#mayJournal) {
        await this.#syncPass
        continue
      }
      const appends = this.#nextRound()
      const error = this.#isWrittenNow(appends) ? undefined : await writeTogether(appends)
      if (this.#failure !== undefined) break
      if (this.#notDurable !== undefined) continue
      if (error === undefined) this.#noteWritten(appends)
      else await this.#undo(error, this.#writtenCount)
    }
    this.#isWriting = false
    if (this.#cutWhenIdle.length > 0) await cutBack(this.#cutWhenIdle)
  }

  /** A small round costs less written here than sent to the thread pool. */
  #isWrittenNow(appends: readonly Append<Target>[]): boolean {
    return this.#mayBlockFor(sizeOf(appends), appends[0]!.target) && this.#writeNow(appends)
  }

  #writeGathered(): void {
    if (this.#settings.durability === 'fsync' || this.#notDurable !== undefined) return
    try {
      const appends = this.#nextRound()
      if (this.#isWrittenNow(appends)) this.#noteWritten(appends)
    } catch (bug) {
      this.#breakDown(bug)
      throw bug
    }
  }

  /** What goes out in one write: the oldest pending appends, as far as they are for one file. */
  #nextRound(): Append<Target>[] {
    const start = this.#writtenCount
    const { target } = this.#unsettled[start]!
    let end = start
    for (let size = 0; end < this.#unsettled.length && end - start < ROUND_CHUNKS_MAX && size < ROUND_BYTES_MAX; end++) {
      const append = this.#unsettled[end]!
      if (append.target !== target) break
      size += append.bytes.length
    }
    return this.#unsettled.slice(start, end)
  }

  #noteWritten(appends: readonly Append<Target>[]): void {
    const { target, endOffset } = appends.at(-1)!
    this.#writtenCount += appends.length
    this.#writtenOffset = endOffset
    if (!this.#unsyncedTargets.includes(target)) this.#unsyncedTargets.push(target)
    const previous = this.#target
    this.#target = target
    if (target !== previous) this.#events.rolled(target)
    const size = sizeOf(appends)
    this.#bytesBehind += size
    const isFsync = this.#settings.durability === 'fsync'
    if (isFsync && this.#mayJournal && this.#journal!.isFor(size)) {
      this.#writeToJournal(appends, endOffset)
      if (this.#bytesBehind >= SYNCED_BEHIND_BYTES) this.#wantSync(endOffset)
    } else {
      this.#unjournaledTo = endOffset
      if (isFsync || endOffset - this.#recoveryPoint >= this.#settings.flushMessages) {
        this.#hiddenTo = endOffset
        this.#wantSync(endOffset)
      }
    }
    this.#makeVisible()
  }

  get #mayJournal(): boolean {
    return this.#journal?.isStarted === true && this.#recoveryPoint >= this.#unjournaledTo
  }

  #writeToJournal(appends: readonly Append<Target>[], endOffset: number): void {
    this.#hiddenTo = endOffset
    this.#journal!.append(appends, (error) => {
      if (this.#failure !== undefined) return
      try {
        if (error !== undefined) return this.#notJournaled(error)
        this.#journaledOffset = Math.max(this.#journaledOffset, endOffset)
        this.#makeVisible()
      } catch (bug) {
        this.#breakDown(bug)
      }
    })
  }

  /** Where the segments are written meanwhile, that ends first. */
  #notJournaled(error: Error): void {
    if (!isPassing(error)) return this.#fail(error.message)
    this.#notDurable ??= error
    if (!this.#isWriting) this.#startWriting()
  }

  #makeVisible(): void {
    const durableOffset = Math.max(this.#recoveryPoint, this.#journaledOffset)
    const visibleTo = this.#hiddenTo > durableOffset ? durableOffset : this.#writtenOffset
    let count = 0
    while (count < this.#writtenCount && this.#unsettled[count]!.endOffset <= visibleTo) count++
    if (count === 0) return
    const visible = this.#unsettled.slice(0, count)
    this.#highWatermark = visible.at(-1)!.endOffset
    assert(this.#highWatermark <= this.#writtenOffset && this.#writtenOffset <= this.#endOffset, () => `visible past what is written`)
    this.#events.visible(visible)
    this.#unsettled.splice(0, count)
    this.#writtenCount -= count
    for (const append of visible) append.settled()
  }

  #wantSync(offset: number): void {
    this.#syncWantedTo = Math.max(this.#syncWantedTo, offset)
    if (this.#syncWantedTo > this.#recoveryPoint && this.#failure === undefined)
      this.#syncPass ??= this.#runSyncPass().catch((bug: unknown) => this.#breakDown(bug))
  }

  async #runSyncPass(): Promise<void> {
    this.#syncingTo = this.#writtenOffset
    const targets = this.#unsyncedTargets
    this.#unsyncedTargets = []
    this.#bytesBehind = 0
    const startMs = this.#clock.monotonic()
    const error = await syncAll(targets)
    this.#syncs.record(this.#clock.monotonic() - startMs)
    this.#syncPass = undefined
    if (error !== undefined) this.#fail(`the log could not be synced: ${error.message}`)
    if (this.#failure !== undefined) return
    this.#recoveryPoint = Math.max(this.#recoveryPoint, this.#syncingTo)
    this.#makeVisible()
    this.#wantSync(this.#syncWantedTo)
  }

  async #undo(error: Error, index: number): Promise<void> {
    this.#notDurable = undefined
    const reason = `the log could not be written: ${error.message}`
    const undone = this.#undoFrom(index)
    const isCut = await cutBack(undone)
    if (!isCut || !isPassing(error)) this.#fail(reason)
    else this.#events.failed(reason, false)
    refuse(undone, reason)
  }

  #fail(reason: string): void {
    if (this.#failure !== undefined) return
    this.#failure = reason
    const undone = this.#undoFrom(0)
    if (this.#isWriting) this.#cutWhenIdle = undone
    else this.#writing = cutBack(undone)
    refuse(undone, reason)
    this.#events.failed(reason, true)
  }

  #breakDown(bug: unknown): void {
    const reason = `a bug: ${String(bug)}`
    this.#failure = reason
    refuse(this.#unsettled.splice(0), reason)
    this.#events.broken(reason)
  }

  #undoFrom(index: number): Append<Target>[] {
    const undone = this.#unsettled.splice(index)
    this.#writtenCount = Math.min(this.#writtenCount, index)
    for (const append of undone.toReversed()) append.undo()
    const first = undone[0]
    if (first !== undefined) this.#endOffset = first.baseOffset
    this.#writtenOffset = Math.min(this.#writtenOffset, this.#endOffset)
    this.#unjournaledTo = Math.min(this.#unjournaledTo, this.#endOffset)
    this.#hiddenTo = Math.min(this.#hiddenTo, this.#endOffset)
    this.#syncWantedTo = Math.min(this.#syncWantedTo, this.#endOffset)
    this.#syncingTo = Math.min(this.#syncingTo, this.#endOffset) // what comes in their place is not in it
    return undone
  }
}
