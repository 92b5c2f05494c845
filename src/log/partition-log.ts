// One partition's log: batches in, batches out by offset or by time.
// logStartOffset ≤ lastStableOffset ≤ highWatermark ≤ logEndOffset; nothing at or past the high watermark is shown to anyone.
// This file is the door and the life of a log: open, offline, truncated, closed, deleted. log-writer.ts has what an append changes, append-queue.ts
// its way to disk, recovery.ts what is found at open.

import { AssertionFailed } from '../lib/assert.ts'
import { type ErrorName, Refusal } from '../wire/error-codes.ts'
import type { BatchView } from '../wire/records/batch.ts'
import type { Append } from './append-io.ts'
import type { CheckedBatch } from './batches/check-batch.ts'
import { type LogCheckpoint, refuseUnsaved } from './checkpoints.ts'
import type { EpochEnd } from './leader-epochs.ts'
import { type Appended, type AppendSettled, NO_BATCHES, type ReadOptions, type ReadResult, type TimestampedOffset } from './log-answers.ts'
import { LogJournal, noteTruncation } from './journal/append-journal.ts'
import { LogFolder } from './log-folder.ts'
import type { LogServices, LogSettings, PartitionLogOptions } from './log-settings.ts'
import { LogWriter } from './log-writer.ts'
import { LogReader } from './reading/log-reader.ts'
import { type RecoveredLog, recoverLog, unopenedLog } from './recovery/recovery.ts'
import { Damaged, refuseIfPassing, whyUnopened } from './recovery/damaged.ts'
import type { Segment } from './segments/segment.ts'
import { SegmentExchange } from './segments/segment-exchange.ts'
import { cutSegments, findBatch } from './segments/truncate.ts'
import { LogInspector } from './soundness/log-inspector.ts'
import type { PartitionTail } from './tail-cache.ts'
import { firstRecordAtOrAfter, recordOfGreatestTimestamp } from './segments/timestamps.ts'

/** What changes while the log is open: one object, which its parts share. */
interface LogNow {
  settings: LogSettings
  writer: LogWriter
  unavailable: { readonly error: ErrorName; readonly reason: string } | undefined
}

export class PartitionLog {
  readonly topicId: string
  readonly topic: string
  readonly partition: number
  readonly folder: string
  readonly #options: PartitionLogOptions
  readonly #services: LogServices
  readonly #folder: LogFolder
  readonly #tail: PartitionTail
  readonly #reader: LogReader
  readonly #now: LogNow
  #logStartOffset: number
  #deletedBelow: number // a start is moved before that is on disk
  #readOnlyReason: string | undefined

  /** For retention and compaction. */
  readonly exchange: SegmentExchange

  /** Set once it was closed, and the next open has nothing to recover. */
  isAtRest = false

  /** So many bytes became visible; Infinity when something else changed what readers see (its start moved, truncated, offline, deleted). May be called within `append`. */
  onAdvance: ((visibleBytes: number) => void) | undefined

  private constructor(options: PartitionLogOptions, folder: LogFolder, recovered: RecoveredLog) {
    this.topicId = options.topicId
    this.topic = options.topic
    this.partition = options.partition
    this.folder = options.folder
    this.#options = options
    this.#services = options.services
    this.#folder = folder
    this.#tail = options.services.tailCache.partition()
    this.#logStartOffset = this.#deletedBelow = recovered.logStartOffset
    const { services, settings } = options
    const log = (this.#now = { settings, writer: this.#newWriter(recovered, settings), unavailable: undefined })
    this.exchange = new SegmentExchange({ folder, services, log })
    const inspector = new LogInspector({ folder: folder.path, services, log })
    this.#reader = new LogReader({ folder: folder.path, services, inspector, log, refusalOf: (offset) => this.#refusalOf(offset) })
  }

  /**
   * Recovers what is in the folder. Damage before the recovery point makes the log offline; so do, if asked, other failures, which else reject. What may
   * be otherwise the next time (no file descriptor, no room) rejects with a Refusal then.
   */
  static async open(options: PartitionLogOptions, { elseOffline = false } = {}): Promise<PartitionLog> {
    const { services } = options
    const folder = new LogFolder(services.disk, options.folder, options.topicId)
    const checkpoint = services.checkpoints.of(options.topic, options.partition)
    const recovery = { ...options, folder, checkpoint }
    try {
      const log = new PartitionLog(options, folder, await recoverLog(recovery))
      if (log.logEndOffset > checkpoint.recoveryPoint) services.checkpoints.changed(log)
      return log
    } catch (error) {
      if (!(error instanceof Damaged || elseOffline)) throw error
      refuseIfPassing(error, options.folder, services.diagnostics)
      const log = new PartitionLog(options, folder, unopenedLog(recovery))
      log.#goOffline(whyUnopened(error))
      return log
    }
  }

  get logStartOffset(): number {
    return this.#logStartOffset
  }

  /** Nothing at or past it is shown to anyone. */
  get highWatermark(): number {
    return this.#now.writer.queue.highWatermark
  }

  get lastStableOffset(): number {
    return this.highWatermark // no transaction is ever open
  }

  /** Of the next append; above the high watermark while appends are on their way to disk. */
  get logEndOffset(): number {
    return this.#now.writer.queue.endOffset
  }

  get sizeBytes(): number {
    return this.#now.writer.segments.sizeBytes
  }

  /** Why nothing is read or written any more (damage; a bug of ours); undefined while the log is served. */
  get offlineReason(): string | undefined {
    return this.#now.unavailable?.reason
  }

  /** Why no more appends are taken until a restart, while reads go on (a failed sync). */
  get readOnlyReason(): string | undefined {
    return this.#readOnlyReason
  }

  /** Whether it could be closed now, and opened again as if nothing had happened: it has no trouble to remember, and nothing on its way to disk. */
  get mayUnload(): boolean {
    const { queue } = this.#now.writer
    return this.#now.unavailable === undefined && this.#readOnlyReason === undefined && queue.recoveryPoint === queue.endOffset
  }

  /** One batch, which is patched in place (base offset, leader epoch) and in use until it is done. A repeated batch answers its first offset. Throws a Refusal. */
  append({ bytes, view }: CheckedBatch, settled: AppendSettled): Appended {
    this.#checkAvailable()
    if (this.#readOnlyReason !== undefined) throw new Refusal('KAFKA_STORAGE_ERROR', this.#readOnlyReason)
    try {
      const { baseOffset, timestamp } = this.#now.writer.append(bytes, view, (refusal) => settled(refusal ?? appended))
      const appended: Appended = {
        baseOffset,
        logAppendTimeMs: view.timestampType === 'LogAppendTime' ? timestamp : -1,
        logStartOffset: this.#logStartOffset,
      }
      return appended
    } catch (error) {
      if (error instanceof AssertionFailed) this.#goOffline(`a bug: ${error.message}`)
      throw error
    }
  }

  /** Synchronous when the tail cache has it. Throws or rejects with OFFSET_OUT_OF_RANGE or KAFKA_STORAGE_ERROR. Empty between `upTo` and the log's end. */
  read(offset: number, maxBytes: number, { upTo, atLeastOneBatch }: ReadOptions): ReadResult | Promise<ReadResult> {
    this.#checkAvailable()
    if (offset < this.#logStartOffset || offset > this.logEndOffset) throw this.#outOfRange(offset)
    const limit = Math.min(upTo, this.highWatermark)
    if (offset >= limit) this.#tail.expectReader()
    if (offset >= limit || (maxBytes <= 0 && !atLeastOneBatch)) return NO_BATCHES
    return (
      this.#tail.read(offset, maxBytes, limit, atLeastOneBatch) ?? this.#reader.read(offset, maxBytes, { upTo: limit, atLeastOneBatch })
    )
  }

  /** The first record below `upTo` whose timestamp is at or after `timestampMs`. */
  offsetForTimestamp(timestampMs: number, upTo: number): Promise<TimestampedOffset | undefined> {
    return this.#findRecord(upTo, (segments, query) => firstRecordAtOrAfter(segments, timestampMs, query))
  }

  /** The first record below `upTo` that carries the greatest timestamp. */
  offsetOfMaxTimestamp(upTo: number): Promise<TimestampedOffset | undefined> {
    return this.#findRecord(upTo, recordOfGreatestTimestamp)
  }

  /** The last epoch at or below `epoch` and where it ended; -1 and -1 when it is yet to come. */
  endOffsetForEpoch(epoch: number): EpochEnd {
    this.#checkAvailable()
    return this.#now.writer.epochs.endOffsetFor(epoch, this.#now.writer.leaderEpoch, this.highWatermark)
  }

  /** The leader epoch of the record at `offset`, which may be yet to come; -1 when unknown. */
  epochAt(offset: number): number {
    return offset >= this.logEndOffset ? this.#now.writer.leaderEpoch : this.#now.writer.epochs.epochAt(offset)
  }

  /** Records below `offset` are gone, for good once this settles. Refuses one above the high watermark (OFFSET_OUT_OF_RANGE); a lower one than now changes nothing. */
  async advanceLogStartOffset(offset: number): Promise<void> {
    this.#checkAvailable()
    if (offset > this.highWatermark) throw this.#outOfRange(offset)
    if (offset <= this.#deletedBelow) return
    this.#logStartOffset = Math.max(this.#logStartOffset, offset)
    this.onAdvance?.(Infinity)
    await this.#now.writer.queue.flush().catch(() => undefined) // or a power loss would leave a log that ends before it begins
    await this.#services.checkpoints.save(this).catch(refuseUnsaved)
    this.#deletedBelow = Math.max(this.#deletedBelow, offset)
    this.#now.writer.epochs.truncateFromStart(offset) // not before: a crash would leave the file of the epochs without those of records that are there
    this.#services.checkpoints.changed(this)
    await this.exchange.removeBelow(offset)
  }

  /** As LogInspector's. */
  scrub(paced: (bytes: number) => Promise<void>): Promise<void> {
    return this.#now.unavailable === undefined ? this.#reader.inspector.scrub(paced) : Promise.resolve()
  }

  /** Drops the batch that holds `offset` and all after it. Appends and reads are refused meanwhile, and for good when it fails. */
  async truncateTo(offset: number): Promise<void> {
    this.#checkAvailable()
    this.#now.unavailable = { error: 'NOT_LEADER_OR_FOLLOWER', reason: 'the log is being truncated' }
    try {
      await this.exchange.alone(() => this.#truncateTo(offset))
      this.#now.unavailable = undefined
      this.onAdvance?.(Infinity)
    } catch (error) {
      this.#goOffline(`the log could not be truncated: ${String(error)}`)
      throw error
    }
  }

  updateSettings(settings: LogSettings): void {
    this.#now.settings = settings
    this.#now.writer.settings = settings
    this.#syncInTime() // what is unsynced by now waits no longer than that
  }

  /** Everything appended before the call is synced. */
  async flush(): Promise<void> {
    await this.#now.writer.queue.flush()
    this.#services.checkpoints.changed(this)
  }

  /** Everything below is in the segments, synced. */
  get recoveryPoint(): number {
    return this.#now.writer.queue.recoveryPoint
  }

  /** For the journal: what is written to the segments is synced, if that works. */
  async syncWritten(): Promise<void> {
    await this.#now.writer.queue.syncWritten()
    this.#services.checkpoints.changed(this)
  }

  /** For the journal: a batch that was appended in an earlier run, at the log's end. Rejects when it cannot be written. */
  restore(batch: BatchView): Promise<void> {
    return this.#now.writer.restore(batch)
  }

  /** Nothing is read or written any more: what was acknowledged is missing. */
  takeOffline(damage: string): void {
    this.#goOffline(whyUnopened(new Damaged(damage)))
  }

  /** For LogCheckpoints. */
  async prepareCheckpoint(): Promise<number> {
    return this.#now.writer.upkeep.checkpoint(this.#now.writer.queue.recoveryPoint)
  }

  /** Takes no more appends, flushes, and leaves everything so that the next open has nothing to recover; where the disk fails, it has something. */
  async close(): Promise<void> {
    const { queue } = this.#now.writer
    const wasAvailable = this.#now.unavailable === undefined
    this.#now.unavailable ??= { error: 'NOT_LEADER_OR_FOLLOWER', reason: 'the log is closed' }
    await queue.settle()
    if (wasAvailable && queue.failure === undefined) await this.#saveAll()
    await queue.idle()
    await this.exchange.alone(() => this.#closeFiles())
  }

  /** Closes it to be opened again, by the same broker: nothing speaks of this log any more once this resolves. Never rejects. */
  async unload(): Promise<void> {
    await this.close()
    await this.#services.checkpoints.letGo(this)
  }

  /** Takes no more appends or reads, renames the folder to `….<uuid>-delete` and syncs; the files go `fileDeleteDelayMs` later. */
  async delete(): Promise<void> {
    const { queue, upkeep } = this.#now.writer
    const { checkpoints, deletions } = this.#services
    this.#now.unavailable = { error: 'UNKNOWN_TOPIC_OR_PARTITION', reason: 'the log is deleted' }
    queue.abandon('the log is deleted')
    this.#services.journal?.forget(this) // a checkpoint waits for no sync of it any more
    this.onAdvance?.(Infinity)
    await queue.idle() // or a folder in the making would appear, under the name of the next topic
    await upkeep.settle()
    await this.exchange.alone(() => this.#closeFiles())
    await checkpoints.forget(this)
    await deletions.delete(this.#folder, this.#now.settings.fileDeleteDelayMs)
  }

  async #saveAll(): Promise<void> {
    const { checkpoints, diagnostics } = this.#services
    try {
      await this.#now.writer.queue.flush()
      await this.#now.writer.saveAll()
      const { recoveryPoint, logStartOffset } = checkpoints.of(this.topic, this.partition)
      const isWritten = recoveryPoint === this.logEndOffset && logStartOffset === this.#logStartOffset
      if (!isWritten || this.#now.writer.upkeep.hasUnsavedEpochs) checkpoints.changed(this)
      this.isAtRest = true
    } catch (error) {
      diagnostics.warn('a log could not be closed as it should; the next start recovers it', { folder: this.folder, error: String(error) })
    }
  }

  async #truncateTo(offset: number): Promise<void> {
    const { queue, segments, upkeep } = this.#now.writer
    await queue.flush()
    await upkeep.settle()
    const place = await findBatch(segments.from(offset), offset)
    if (place === undefined) return
    const recoveryPoint = Math.min(await upkeep.checkpoint(queue.recoveryPoint), place.baseOffset)
    const checkpoint: LogCheckpoint = { recoveryPoint, logStartOffset: this.#logStartOffset }
    if (this.#services.journal?.isStarted) await noteTruncation(this.#services.journal, this, place.baseOffset)
    await this.#services.checkpoints.lower(this, checkpoint)
    await cutSegments(this.#folder, segments.all, place)
    this.#now.writer = this.#newWriter(await recoverLog({ ...this.#options, folder: this.#folder, checkpoint }), this.#now.settings)
    this.#tail.clear()
  }

  async #findRecord(upTo: number, find: Parameters<LogReader['find']>[1]): Promise<TimestampedOffset | undefined> {
    this.#checkAvailable()
    const query = {
      from: this.#logStartOffset,
      upTo: Math.min(upTo, this.highWatermark),
      maxDecompressedBytes: this.#now.settings.maxDecompressedBytes,
    }
    const found = await this.#reader.find(query, find)
    return found && { ...found, leaderEpoch: this.epochAt(found.offset) }
  }

  #refusalOf(offset: number): Refusal | undefined {
    if (this.#now.unavailable !== undefined) return new Refusal(this.#now.unavailable.error, this.#now.unavailable.reason)
    return offset < this.#logStartOffset ? this.#outOfRange(offset) : undefined
  }

  #newWriter(recovered: RecoveredLog, settings: LogSettings): LogWriter {
    const { services, leaderEpoch } = this.#options
    const options = {
      folder: this.#folder,
      services,
      settings,
      leaderEpoch,
      journal: services.journal && new LogJournal<Segment>(services.journal, this),
      onVisible: (appends: readonly Append<Segment>[]) => this.#becameVisible(appends),
      onSealed: () => services.checkpoints.changed(this),
      onFailure: (reason: string, isFinal: boolean) => this.#writeFailed(reason, isFinal),
      onBug: (reason: string) => this.#goOffline(reason),
    }
    return new LogWriter(options, recovered)
  }

  #becameVisible(appends: readonly Append<Segment>[]): void {
    for (const { bytes, baseOffset, endOffset } of appends) this.#tail.add(bytes, baseOffset, endOffset)
    const visibleBytes = this.#services.counters.appended(appends)
    if (this.#now.settings.durability !== 'fsync') this.#syncInTime()
    else if (this.#services.journal === undefined) this.#services.checkpoints.changed(this)
    this.onAdvance?.(visibleBytes)
  }

  /** What was acknowledged unsynced does not stay so for longer than the settings say. */
  #syncInTime(): void {
    const { durability, durabilityIntervalMs, flushMs } = this.#now.settings
    const { recoveryPoint, highWatermark } = this.#now.writer.queue
    if (durability === 'fsync' || recoveryPoint >= highWatermark) return
    const waitMs = durability === 'interval' ? Math.min(durabilityIntervalMs, flushMs) : flushMs
    if (waitMs < Number.MAX_SAFE_INTEGER) this.#services.syncSchedule.syncWithin(this, waitMs)
  }

  #writeFailed(reason: string, isFinal: boolean): void {
    if (isFinal) this.#readOnlyReason = `${reason}; the log takes no more writes until a restart`
    const message = isFinal ? 'a log takes no more writes until a restart' : 'an append failed and was undone'
    this.#services.diagnostics.error(message, { folder: this.#folder.path, reason })
    this.onAdvance?.(Infinity)
  }

  #goOffline(reason: string): void {
    this.#now.unavailable = { error: 'KAFKA_STORAGE_ERROR', reason }
    this.#services.diagnostics.error('a log is offline', { folder: this.#folder.path, reason })
    this.onAdvance?.(Infinity)
  }

  async #closeFiles(): Promise<void> {
    this.#services.syncSchedule.forget(this)
    this.#tail.clear()
    for (const segment of this.#now.writer.segments.all) await segment.file.close()
  }

  #checkAvailable(): void {
    if (this.#now.unavailable !== undefined) throw new Refusal(this.#now.unavailable.error, this.#now.unavailable.reason)
  }

  #outOfRange(offset: number): Refusal {
    return new Refusal('OFFSET_OUT_OF_RANGE', `offset ${offset} is not between ${this.#logStartOffset} and ${this.logEndOffset}`)
  }
}
