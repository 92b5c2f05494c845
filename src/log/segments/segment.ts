// One segment: a .log file of batches whose offsets start at the base offset in its name, and its two indexes.
// The newest segment of a log is active: batches are added, its indexes live in memory. The others are sealed: their indexes are complete in files,
// or are made again from the batches. `size` counts what was added, `writtenSize` what has reached the file and may be read.

import { type Disk, hasCode, isOutOfDescriptors, overwriteFile } from '../../disk/disk.ts'
import type { FilePool, PooledFile } from '../../disk/file-pool.ts'
import { assert } from '../../lib/assert.ts'
import { BATCH_HEADER_SIZE, BatchView } from '../../wire/records/batch.ts'
import { type OffsetFileKind, offsetFileName } from '../file-names.ts'
import type { LogFolder } from '../log-folder.ts'
import type { LogSettings } from '../log-settings.ts'
import { NOTHING_AFTER } from '../soundness/batch-order.ts'
import { inspect } from '../soundness/inspect.ts'
import { Soundness } from '../soundness/soundness.ts'
import { isGreatestBorneOut, isTimeBorneOut } from './borne-out.ts'
import type { OffsetIndexEntry } from './offset-index.ts'
import { SegmentIndexes } from './segment-indexes.ts'

const RELATIVE_OFFSET_MAX = 2 ** 31 - 1
const REMEMBERED_POSITIONS_MAX = 8
/** The log first: without it the others are nothing. */
const SEGMENT_FILES = ['log', 'index', 'timeindex', 'txnindex'] as const

export interface SegmentOptions {
  readonly baseOffset: number
  readonly folder: LogFolder
  readonly disk: Disk
  readonly filePool: FilePool
  readonly settings: LogSettings
  readonly nowMs: number
  /** Bytes that the file holds; undefined for a new file. */
  readonly existingSize?: number
  /** Where it was opened already. */
  readonly file?: PooledFile
  /** Of a new one, the segment that it follows. */
  readonly predecessor?: Segment
}

export class Segment {
  readonly baseOffset: number
  readonly file: PooledFile
  readonly soundness = new Soundness()
  readonly #options: Omit<SegmentOptions, 'predecessor'>
  readonly #jitterMs: number
  #indexes: SegmentIndexes | undefined
  #firstTimestamp: number | undefined
  #sealedGreatestTimestamp: number | undefined
  #isNameSynced: boolean
  #predecessor: Segment | undefined
  #readPositions: Map<number, number> | undefined // most of 10,000 are not read
  #suffix: '' | '.deleted' = ''
  #rebuilding: Promise<SegmentIndexes> | undefined
  #ownFrom = 0 // what lies behind was indexed by this process, batch by batch
  #size: number
  #writtenSize: number
  #cutCount = 0
  #mayHoldMore = false // behind #writtenSize: a write may have failed half-way

  constructor({ predecessor, ...options }: SegmentOptions) {
    this.baseOffset = options.baseOffset
    this.#options = options
    this.file = options.file ?? options.filePool.file(this.#path('log'))
    this.#jitterMs = Math.random() * Math.min(options.settings.segmentJitterMs, options.settings.segmentMs)
    this.#isNameSynced = (options.existingSize ?? 0) > 0 // an empty one may be left from a write that failed
    this.#predecessor = predecessor
    this.#size = this.#writtenSize = options.existingSize ?? 0
    if (options.existingSize === undefined) this.activate(SegmentIndexes.empty(this.baseOffset, options.settings.segmentIndexBytes))
  }

  get size(): number {
    return this.#size
  }

  get writtenSize(): number {
    return this.#writtenSize
  }

  /** What was read before it was cut may be something else now. */
  get cutCount(): number {
    return this.#cutCount
  }

  /** Of its first batch, while it is active: how long ago it was begun; undefined while it is empty. */
  get firstTimestamp(): number | undefined {
    return this.#firstTimestamp
  }

  get isSealed(): boolean {
    return this.#indexes === undefined
  }

  /** Makes it the one that batches are added to; they begin at `size`. */
  activate(indexes: SegmentIndexes, size = 0, firstTimestamp?: number): void {
    this.#indexes = indexes
    this.#size = this.#writtenSize = this.#ownFrom = size
    this.#firstTimestamp = firstTimestamp
  }

  /** Whether the batch belongs into a new segment (Kafka's rules: size, age by the batches' own timestamps, full index, offsets too far apart). */
  isFullFor(view: BatchView, endOffset: number, settings: LogSettings, nowMs: number): boolean {
    const waitedMs =
      this.#firstTimestamp === undefined || this.#firstTimestamp < 0
        ? nowMs - this.#options.nowMs
        : view.maxTimestamp - this.#firstTimestamp
    return (
      this.#size > 0 &&
      (this.#size > settings.segmentBytes - view.sizeInBytes ||
        waitedMs > settings.segmentMs - this.#jitterMs ||
        this.#active.isFull ||
        endOffset - 1 - this.baseOffset > RELATIVE_OFFSET_MAX)
    )
  }

  /** Answers where the batch begins, and how to take it out again; only the newest can be. */
  add(view: BatchView): { position: number; undo: () => void } {
    const position = this.#size
    const firstTimestamp = this.#firstTimestamp
    const undoIndexes = this.#active.add(view, position, this.#options.settings.indexIntervalBytes)
    this.#size += view.sizeInBytes
    if (position === 0) this.#firstTimestamp = view.maxTimestamp
    return {
      position,
      undo: () => {
        undoIndexes()
        this.#size = position
        this.#firstTimestamp = firstTimestamp
      },
    }
  }

  /** So that a start finds where the log ends, should nothing be written to it. */
  async create(): Promise<void> {
    await this.#makePlace()
    await this.#options.disk.openFor(this.file.path, 'create', async () => undefined)
  }

  /** Whether the whole of it was written; makes the folder and the file when they are missing. */
  async write(chunks: readonly Buffer[], size: number, position: number): Promise<boolean> {
    await this.#makePlace()
    try {
      this.#mayHoldMore = true
      return this.#noteWritten(await this.file.write(chunks, position), size, position)
    } catch (error) {
      if (isOutOfDescriptors(error)) this.#mayHoldMore = false
      throw error
    }
  }

  /** undefined when only `write` will do. */
  writeNow(chunk: Buffer, position: number): boolean | undefined {
    this.#mayHoldMore = true
    const written = this.file.writeNow(chunk, position)
    if (written === undefined) this.#mayHoldMore = false
    return written === undefined ? undefined : this.#noteWritten(written, chunk.length, position)
  }

  async sync(): Promise<void> {
    await this.file.sync()
    await this.#syncName()
  }

  async #syncName(): Promise<void> {
    if (this.#isNameSynced) return
    await this.#options.folder.sync()
    this.#isNameSynced = true
  }

  /** No power loss may leave this segment and take the one before it: the log would seem to begin here. */
  async #makePlace(): Promise<void> {
    await this.#options.folder.make()
    if (this.#predecessor === undefined) return
    await this.#predecessor.#syncName()
    this.#predecessor = undefined
  }

  /** Drops what the file holds from `position` on, for good: it would be taken for what is appended there instead. */
  async cut(position: number): Promise<void> {
    this.#cutCount++
    this.#readPositions = undefined
    this.soundness.cut(position)
    if (position === this.#writtenSize && !this.#mayHoldMore) return
    try {
      await this.file.truncate(position)
      this.#writtenSize = position
      await this.file.sync()
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error // it was never made
    }
    if (position === 0) await this.file.close() // a new segment that could not be written: the next one of its name has a file of its own
    this.#writtenSize = position
    this.#mayHoldMore = false
  }

  /** In memory while active; read from the files, or made again from the batches when those are damaged, once sealed. */
  async indexes(): Promise<SegmentIndexes> {
    return this.#indexes ?? (await this.#load()) ?? (await this.#rebuildOnce())
  }

  /** Where to start looking for the batch that holds `offset`. */
  async positionBelow(offset: number): Promise<number> {
    return (await this.entryBelow(offset))?.position ?? 0
  }

  /** The last indexed batch at or below `offset`; undefined to start from the first one. */
  entryBelow(offset: number): Promise<OffsetIndexEntry | undefined> {
    return this.#borneOut((indexes) => indexes.offsets.entryAtOrBelow(offset))
  }

  /** Where to start looking for the first batch that reaches `timestamp`: all before are earlier. */
  async positionBefore(timestamp: number): Promise<number> {
    let indexes = await this.indexes()
    let entry = indexes.times.entryBefore(timestamp)
    while (entry !== undefined && !(await isTimeBorneOut(this, indexes, entry))) {
      if (this.isSealed) indexes = await this.#rebuildOnce()
      entry = indexes.times.entryBefore(this.isSealed ? timestamp : entry.timestamp)
      if (this.isSealed) break
    }
    return entry === undefined ? 0 : this.positionBelow(entry.offset)
  }

  async bearsOut({ offset, position }: OffsetIndexEntry): Promise<boolean> {
    return position + BATCH_HEADER_SIZE <= this.#size && (await this.headerAt(position)).lastOffset === offset
  }

  /** What is in the file where a batch is said to begin. */
  async headerAt(position: number): Promise<BatchView> {
    const header = Buffer.alloc(BATCH_HEADER_SIZE)
    await this.file.read(header, position)
    return new BatchView(header)
  }

  /** -1 when no record has a timestamp. */
  async greatestTimestamp(): Promise<number> {
    if (this.#indexes !== undefined) return this.#indexes.greatestTimestamp
    this.#sealedGreatestTimestamp ??= await this.#findGreatestTimestamp()
    return this.#sealedGreatestTimestamp
  }

  /** No batch follows: the indexes go to their files, and out of memory. */
  async seal(): Promise<void> {
    const indexes = this.#active
    indexes.seal()
    await this.saveIndexes(indexes, 'synced')
    this.#sealedGreatestTimestamp = indexes.greatestTimestamp
    this.#indexes = undefined
  }

  /** The time index first, and synced: the batches bear out an offset index, but nothing shows that a time index ends too early. */
  async saveIndexes(indexes: SegmentIndexes, durability: 'synced' | 'unsynced'): Promise<void> {
    await overwriteFile(this.#options.disk, this.#path('timeindex'), indexes.times.bytes(), 'synced')
    await overwriteFile(this.#options.disk, this.#path('index'), indexes.offsets.bytes(), durability)
  }

  /** For a stop: the next open resumes from these files. */
  async saveActiveIndexes(): Promise<void> {
    this.#active.seal()
    await this.saveIndexes(this.#active, 'unsynced')
  }

  /** Where the batch that begins at `offset` is, when a reader stopped there. */
  rememberedPosition(offset: number): number | undefined {
    return this.#readPositions?.get(offset)
  }

  rememberPosition(offset: number, position: number): void {
    const positions = (this.#readPositions ??= new Map<number, number>())
    positions.delete(offset)
    positions.set(offset, position)
    if (positions.size <= REMEMBERED_POSITIONS_MAX) return
    for (const oldest of positions.keys()) return void positions.delete(oldest)
  }

  /** No part of the log any more. Who reads it may go on until `remove`; its names are free. The caller syncs the folder. */
  async retire(): Promise<void> {
    if (this.#suffix !== '') return
    await this.#rebuilding?.catch(() => undefined) // or its index would get a name that is another segment's by then
    const names = SEGMENT_FILES.map((kind) => [this.#path(kind), `${this.#path(kind)}.deleted`] as const)
    this.#suffix = '.deleted'
    await absentIsFine(this.file.rename(`${this.file.path}.deleted`))
    for (const [from, to] of names.slice(1)) await absentIsFine(this.#options.disk.rename(from, to))
  }

  /** Its snapshot with it, unless the segment was retired: that is the one of whatever follows then. */
  async remove(): Promise<void> {
    await this.file.close()
    for (const kind of SEGMENT_FILES) await this.#options.disk.unlink(this.#path(kind))
    if (this.#suffix === '') await this.#options.disk.unlink(this.#path('snapshot'))
  }

  /** -1 when no record has a timestamp: then it is as old as its file. */
  async ageTimestamp(): Promise<number> {
    const greatest = await this.greatestTimestamp()
    return greatest >= 0 ? greatest : this.#options.disk.modifiedMs(this.file.path)
  }

  /** They are made again from the batches. */
  async removeIndexes(): Promise<void> {
    for (const kind of ['index', 'timeindex'] as const) await this.#options.disk.unlink(this.#path(kind))
  }

  get #active(): SegmentIndexes {
    assert(this.#indexes !== undefined, () => `segment ${this.baseOffset} is sealed`)
    return this.#indexes
  }

  /** An index file that the batches do not bear out is made again; of the active segment, an earlier entry will do. */
  async #borneOut(find: (indexes: SegmentIndexes) => OffsetIndexEntry | undefined): Promise<OffsetIndexEntry | undefined> {
    const indexes = await this.indexes()
    let entry = find(indexes)
    if (entry === undefined || (!this.isSealed && entry.position >= this.#ownFrom) || (await this.bearsOut(entry))) return entry
    if (this.isSealed) return find(await this.#rebuildOnce())
    do entry = indexes.offsets.entryAtOrBelow(entry.offset - 1)
    while (entry !== undefined && !(await this.bearsOut(entry)))
    return entry
  }

  #rebuildOnce(): Promise<SegmentIndexes> {
    this.#rebuilding ??= this.#rebuild().finally(() => (this.#rebuilding = undefined))
    return this.#rebuilding
  }

  #noteWritten(written: number, expected: number, position: number): boolean {
    if (written !== expected) return false
    assert(
      position === this.#writtenSize,
      () => `segment ${this.baseOffset}: written at ${position}, but the file ends at ${this.#writtenSize}`,
    )
    this.#writtenSize = position + written
    this.soundness.note(position, this.#writtenSize)
    this.#mayHoldMore = false
    return true
  }

  async #findGreatestTimestamp(): Promise<number> {
    const indexes = await this.indexes()
    return ((await isGreatestBorneOut(this, indexes)) ? indexes : await this.#rebuildOnce()).greatestTimestamp
  }

  async #load(): Promise<SegmentIndexes | undefined> {
    const index = await this.#options.disk.readFile(this.#path('index'))
    const timeIndex = await this.#options.disk.readFile(this.#path('timeindex'))
    return index === undefined || timeIndex === undefined ? undefined : SegmentIndexes.parse(index, timeIndex, this.baseOffset)
  }

  async #rebuild(): Promise<SegmentIndexes> {
    const { settings } = this.#options
    const { baseOffset, file } = this
    const indexes = SegmentIndexes.empty(baseOffset, settings.segmentIndexBytes)
    await inspect({
      file,
      baseOffset,
      start: 0,
      end: this.#size,
      before: { nextOffset: baseOffset, epoch: -1 },
      after: NOTHING_AFTER,
      order: { mayHaveGaps: () => true, epochAt: () => -1 },
      sound(view, position) {
        indexes.add(view, position, settings.indexIntervalBytes)
        return true
      },
      damaged: () => undefined, // who reads there is told
    })
    indexes.seal()
    if (this.#suffix === '') await this.saveIndexes(indexes, 'unsynced')
    return indexes
  }

  #path(kind: OffsetFileKind): string {
    return this.#options.folder.file(offsetFileName(this.baseOffset, kind) + this.#suffix)
  }
}

async function absentIsFine(renaming: Promise<void>): Promise<void> {
  try {
    await renaming
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
}
