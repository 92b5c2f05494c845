// The journal of the broker: what is appended to logs with durability `fsync` is durable once it is here, whatever the number of partitions. One round is
// written and synced at a time; all that comes meanwhile goes out in the next one. What a round holds is in its segments already, written and not synced.
// - A checkpoint syncs the segments and frees the files whose entries are all covered by it; the oldest go first, so that those in use follow each other.
// - When the files have reached their bound, entries wait for a checkpoint, and with them whoever produced them. When the disk has no room for another file,
//   and a checkpoint frees none, what waits is refused.
// - A failed write or sync is final, since what was promised of it cannot be kept: nothing is taken any more until the broker is started again.

import { atOnce } from '../../lib/at-once.ts'
import type { Clock, Timer } from '../../lib/clock.ts'
import type { Diagnostics } from '../../lib/diagnostics.ts'
import type { Histogram } from '../../lib/histogram.ts'
import type { Disk } from '../../disk/disk.ts'
import { nextTurn } from '../../lib/turns.ts'
import { asError, failureOf, isPassing, ShortWrite } from '../append-io.ts'
import type { WriteGate } from '../durability/write-gate.ts'
import { entrySize, type EntryToWrite, FILE_HEADER_SIZE, newMark } from './journal-entry.ts'
import { type JournalFile, JournalFiles } from './journal-files.ts'
import { type EncodedRound, encodeRound } from './journal-round.ts'

/** What the journal needs of a log. */
export interface JournaledLog {
  readonly topicId: string
  readonly partition: number
  readonly folder: string
  /** Everything below is in its segments, synced. */
  readonly recoveryPoint: number
  /** Syncs what is written to the segments; whether that worked shows in the recovery point. */
  syncWritten(): Promise<void>
}

interface Waiting extends EntryToWrite {
  readonly log: JournaledLog
  readonly endOffset: number
  readonly settled: Settled
}

/** What becomes of an entry: undefined when it is durable, or why it never will be. A call and not a promise: each costs a microsecond, and there are several to a request. */
export type Settled = (error: Error | undefined) => void

interface FileInUse extends Omit<JournalFile, 'sizeMax'> {
  sizeMax: number
  readonly mark: number
  usedBytes: number
  /** What the segments must hold, synced, before the file is free: by log, the end of its last entry. */
  readonly endOffsets: Map<JournaledLog, number>
}

export interface JournalOptions {
  readonly disk: Disk
  readonly folder: string
  readonly clock: Clock
  readonly diagnostics: Diagnostics
  readonly writeGate: WriteGate
  /** Gets how long each sync took. */
  readonly syncs: Histogram
  readonly maxBytes: () => number
  readonly checkpointIntervalMs: () => number
  /** The size of a file. */
  readonly fileBytes?: number
  /** From where on a sync of its own costs no more than being written twice (docs/decisions/0008). */
  readonly largeBytes?: number
}

const FILE_BYTES = 16 << 20
const LARGE_BYTES = 48 << 10
const ROUND_BYTES_MAX = 8 << 20
const SMALL_ROUND_BYTES = 16 << 10
const SYNCED_AT_ONCE = 4
const RETRY_MS = 1000

export class Journal {
  readonly #options: JournalOptions
  readonly #fileBytes: number
  readonly #largeBytes: number
  readonly #files: JournalFiles
  #inUse: FileInUse[] = [] // oldest first; the last one is written
  #waiting: Waiting[] = []
  #durable: Waiting[] = [] // the last round, which nobody was told of yet
  #nextNumber: number | undefined
  #writing: Promise<void> | undefined
  #checkpointing: Promise<void> | undefined
  #freeing: Promise<void> | undefined
  #timer: Timer | undefined
  #failure: Error | undefined
  #isClosing = false
  #wakeUp: (() => void) | undefined
  readonly #forgotten = new WeakSet<JournaledLog>()

  constructor(options: JournalOptions) {
    this.#options = options
    this.#fileBytes = options.fileBytes ?? FILE_BYTES
    this.#largeBytes = options.largeBytes ?? LARGE_BYTES
    this.#files = new JournalFiles(options.disk, options.folder, this.#fileBytes)
  }

  /** Takes entries from now on. `firstNumber` is above that of every entry that a file may still hold. */
  start(firstNumber: number): void {
    this.#nextNumber = firstNumber
  }

  get isStarted(): boolean {
    return this.#nextNumber !== undefined
  }

  /** Of the files in use. */
  get bytes(): number {
    return this.#inUse.reduce((sum, { sizeMax }) => sum + sizeMax, 0)
  }

  /**
   * Whether a log had better leave so many bytes here than sync its segment. Where segments are not synced as fast as the files fill up, nothing is gained by
   * writing what is large twice.
   */
  isFor(bytes: number): boolean {
    return bytes < this.#largeBytes || this.bytes <= this.#options.maxBytes() / 4
  }

  /** The batches follow each other and are written to their segment. `settled` is called once, later or at once. */
  append(log: JournaledLog, batches: readonly Buffer[], baseOffset: number, endOffset: number, settled: Settled): void {
    if (this.#failure !== undefined) return settled(this.#failure)
    const { topicId, partition } = log
    const size = batches.reduce((sum, { length }) => sum + length, 0)
    this.#waiting.push({ log, topicId, partition, batches, size, baseOffset, endOffset, settled })
    this.#writing ??= this.#writeRounds()
  }

  /** The log is deleted: its entries hold up no file any more. */
  forget(log: JournaledLog): void {
    this.#forgotten.add(log)
    for (const { endOffsets } of this.#inUse) endOffsets.delete(log)
  }

  /** Syncs the segments that files in use were written for, all but the newest `keep` of them, and frees these files. */
  checkpoint(keep = 0): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#checkpointing ??= Promise.resolve(this.#freeing)
      .then(() => this.#checkpoint(keep))
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#checkpointing = undefined
        this.#wakeUp?.()
        if (this.#inUse.some(({ endOffsets }) => endOffsets.size > 0)) this.#checkpointLater()
      })
    return this.#checkpointing
  }

  /** Frees the files whose entries were all synced to their segments meanwhile. */
  #freeCovered(): void {
    if (this.#checkpointing !== undefined) return
    this.#freeing ??= this.#free(1)
      .catch((error: unknown) => this.#fail(error))
      .finally(() => (this.#freeing = undefined))
  }

  /** A stop is under way: what waits for room is given up. */
  endWaits(): void {
    this.#isClosing = true
    this.#wakeUp?.()
  }

  /** After every log is closed. Leaves no file when everything is in the segments, synced. */
  async close(): Promise<void> {
    this.endWaits()
    await this.#writing
    this.#timer?.cancel()
    await this.#checkpointing
    await this.#freeing
    await this.#free(0).catch((error: unknown) => this.#fail(error))
    this.#timer?.cancel()
    for (const { file } of this.#inUse) await file.close()
    await this.#files.close(this.#inUse.length > 0)
  }

  /** Leaves everything as it is. */
  async abandon(): Promise<void> {
    this.endWaits()
    await this.#writing
    this.#timer?.cancel()
    await this.#checkpointing
    await this.#freeing
    for (const { file } of this.#inUse) await file.close()
  }

  async #writeRounds(): Promise<void> {
    await nextTurn() // what other logs have written in this turn goes out in the same round
    while (this.#waiting.length > 0 && this.#failure === undefined) {
      try {
        await this.#writeRound()
      } catch (error) {
        this.#fail(error)
      }
    }
    this.#tellDurable()
    this.#writing = undefined
  }

  async #writeRound(): Promise<void> {
    const size = entrySize(this.#waiting[0]!.size)
    const file = this.#activeFor(size) ?? (await this.#nextFile(size))
    if (file instanceof Error) return this.#refuse(this.#waiting.splice(0), file)
    const beginsFile = file.usedBytes === 0
    const round = this.#takeRound(file.sizeMax - file.usedBytes - (beginsFile ? FILE_HEADER_SIZE : 0))
    const encoded = encodeRound(round, { firstNumber: this.#nextNumber!, mark: file.mark, beginsFile })
    const writing = failureOf(this.#write(file, encoded))
    this.#tellDurable()
    const error = await writing
    if (error !== undefined) return this.#notWritten(file, round, error)
    this.#nextNumber! += round.length
    file.usedBytes += encoded.size
    if (file.usedBytes > file.sizeMax / 2)
      this.#files.prepare((error) =>
        this.#options.diagnostics.debug('no journal file could be made ahead of need', { error: String(error) }),
      )
    for (const { log, endOffset } of round) if (!this.#forgotten.has(log)) file.endOffsets.set(log, endOffset)
    this.#durable = round
    this.#checkpointLater()
  }

  /** That the last round is durable is told while the disk has the next one already: a fifth more rounds a second. */
  #tellDurable(): void {
    for (const { settled } of this.#durable.splice(0)) settled(undefined)
  }

  /** Where there is no room, the file ends here: what the write has left in it would be taken for entries that were acknowledged. */
  async #notWritten(file: FileInUse, round: readonly Waiting[], error: Error): Promise<void> {
    if (!isPassing(error)) return this.#fail(error, round)
    const notEnded = await failureOf(file.file.truncate(file.usedBytes).then(() => file.file.sync()))
    if (notEnded !== undefined) return this.#fail(notEnded, round)
    file.sizeMax = file.usedBytes
    this.#refuse([...round, ...this.#waiting.splice(0)], error)
  }

  #takeRound(room: number): Waiting[] {
    let count = 0
    for (let size = 0; count < this.#waiting.length && (count === 0 || size < ROUND_BYTES_MAX); count++) {
      size += entrySize(this.#waiting[count]!.size)
      if (size > room) break
    }
    return this.#waiting.splice(0, count)
  }

  /** Synced; the same bytes at the same place once more when there is no room for them at first. What is small is on its way to the disk when this returns. */
  async #write(file: FileInUse, round: EncodedRound): Promise<void> {
    const isSmall = round.chunks.length === 1 && round.size <= SMALL_ROUND_BYTES
    const error = isSmall ? failureOfWritingNow(file, round) : await failureOf(writeOnce(file, round))
    if (error !== undefined) {
      if (!isPassing(error)) throw error
      await this.#waitForRoom()
      await writeOnce(file, round)
    }
    const startMs = this.#options.clock.monotonic()
    await file.file.sync()
    this.#options.syncs.record(this.#options.clock.monotonic() - startMs)
  }

  /** undefined when the entry does not fit. */
  #activeFor(size: number): FileInUse | undefined {
    const active = this.#inUse.at(-1)
    return active !== undefined && active.usedBytes + FILE_HEADER_SIZE + size <= active.sizeMax ? active : undefined
  }

  /** Waits for a checkpoint when there are as many files as there may be. Resolves to why there is none for the entry. */
  async #nextFile(size: number): Promise<FileInUse | Error> {
    this.#tellDurable() // it may take long
    for (let attempt = 0; ; attempt++) {
      const [bytes, maxBytes] = [this.bytes + Math.max(this.#fileBytes, size), this.#options.maxBytes()]
      this.#freeCovered()
      if (bytes > maxBytes / 2) void this.checkpoint(Math.floor(this.#inUse.length / 4))
      if (bytes > maxBytes && this.#inUse.length > 0 && !this.#isClosing) {
        await this.#waitForRoom()
        continue
      }
      try {
        this.#inUse.push({ ...(await this.#files.take(size + FILE_HEADER_SIZE)), mark: newMark(), usedBytes: 0, endOffsets: new Map() })
        return this.#inUse.at(-1)!
      } catch (error) {
        if (!isPassing(asError(error))) throw error
        if (attempt > 0) return asError(error)
        await this.#waitForRoom()
      }
    }
  }

  /** Until a checkpoint is done, or a second has passed. */
  async #waitForRoom(): Promise<void> {
    if (this.#isClosing) return
    void this.checkpoint()
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.after(RETRY_MS, resolve)
      this.#wakeUp = () => {
        timer.cancel()
        resolve()
      }
    })
    this.#wakeUp = undefined
  }

  #refuse(waiting: readonly Waiting[], error: Error): void {
    for (const { settled } of waiting) settled(error)
  }

  #checkpointLater(): void {
    if (this.#isClosing || this.#failure !== undefined) return
    this.#timer ??= this.#options.clock.after(this.#options.checkpointIntervalMs(), () => void this.checkpoint())
  }

  async #checkpoint(keep: number): Promise<void> {
    const uncovered = new Map<JournaledLog, number>() // as of now: more comes meanwhile
    for (const { endOffsets } of this.#inUse.slice(0, this.#inUse.length - keep))
      for (const [log, endOffset] of endOffsets) if (log.recoveryPoint < endOffset) uncovered.set(log, endOffset)
    await atOnce(SYNCED_AT_ONCE, uncovered.entries(), async ([log, endOffset]) => {
      await log.syncWritten()
      if (log.recoveryPoint < endOffset && !this.#forgotten.has(log)) throw new Error(`a segment in ${log.folder} could not be synced`)
    })
    await this.#free(1)
  }

  /** All that are covered but the newest `keep`, the oldest first. */
  async #free(keep: number): Promise<void> {
    for (const { endOffsets } of this.#inUse)
      for (const [log, endOffset] of endOffsets) if (log.recoveryPoint >= endOffset) endOffsets.delete(log)
    while (this.#inUse.length > keep && this.#inUse[0]!.endOffsets.size === 0) {
      await this.#files.giveBack(this.#inUse[0]!)
      this.#inUse.shift()
    }
  }

  #fail(error: unknown, round: readonly Waiting[] = []): void {
    if (this.#failure !== undefined) return
    const reason = `the journal failed: ${asError(error).message}`
    this.#failure = new Error(reason, { cause: error })
    this.#options.writeGate.closeForGood(reason)
    for (const { settled } of [...round, ...this.#waiting.splice(0)]) settled(this.#failure)
  }
}

async function writeOnce({ file, usedBytes }: FileInUse, { chunks, size }: EncodedRound): Promise<void> {
  if ((await file.write(chunks, usedBytes)) !== size) throw new ShortWrite()
}

/** What went wrong. A small write to the page cache is cheaper done at once than sent to the thread pool. */
function failureOfWritingNow({ file, usedBytes }: FileInUse, { chunks, size }: EncodedRound): Error | undefined {
  try {
    return file.writeNow(chunks[0]!, usedBytes) === size ? undefined : new ShortWrite()
  } catch (error) {
    return asError(error)
  }
}
