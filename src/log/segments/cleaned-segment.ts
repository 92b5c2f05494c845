// A segment that compaction writes, to take the place of others: `.cleaned` files, which no start takes for a part of the log. See segment-exchange.ts for
// how they become one.

import { hasCode, overwriteFile } from '../../disk/disk.ts'
import type { PooledFile } from '../../disk/file-pool.ts'
import { BatchView } from '../../wire/records/batch.ts'
import { offsetFileName, type PassingSuffix } from '../file-names.ts'
import { Segment, type SegmentOptions } from './segment.ts'
import { SegmentIndexes } from './segment-indexes.ts'

const WRITE_BYTES = 1 << 20
const WRITE_CHUNKS_MAX = 1024 // what one writev takes on Linux
const INDEX_KINDS = ['index', 'timeindex'] as const

export type CleanedSegmentOptions = Omit<SegmentOptions, 'existingSize' | 'file' | 'predecessor'>

export class CleanedSegment {
  readonly #options: CleanedSegmentOptions
  readonly #file: PooledFile
  readonly #indexes: SegmentIndexes
  #suffix: PassingSuffix | '' = '.cleaned'
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #writtenSize = 0

  constructor(options: CleanedSegmentOptions) {
    this.#options = options
    this.#indexes = SegmentIndexes.empty(options.baseOffset, options.settings.segmentIndexBytes)
    this.#file = options.filePool.file(this.#path('log'))
  }

  get size(): number {
    return this.#writtenSize + this.#waitingBytes
  }

  /** In offset order. Rejects when the disk does. */
  async add(view: BatchView): Promise<void> {
    this.#indexes.add(view, this.size, this.#options.settings.indexIntervalBytes)
    this.#waiting.push(view.buffer.subarray(view.position, view.position + view.sizeInBytes))
    this.#waitingBytes += view.sizeInBytes
    if (this.#waitingBytes >= WRITE_BYTES || this.#waiting.length === WRITE_CHUNKS_MAX) await this.#write()
  }

  /** All of it is on disk once this resolves, but for the names. */
  async finish(): Promise<void> {
    await this.#write()
    await this.#file.sync()
    this.#indexes.seal()
    await overwriteFile(this.#options.disk, this.#path('index'), this.#indexes.offsets.bytes(), 'synced')
    await overwriteFile(this.#options.disk, this.#path('timeindex'), this.#indexes.times.bytes(), 'synced')
  }

  /** The log last: its name alone tells a start what there is to do. The caller syncs the folder. */
  async rename(suffix: '.swap' | ''): Promise<void> {
    const from = INDEX_KINDS.map((kind) => this.#path(kind))
    this.#suffix = suffix
    for (const [index, kind] of INDEX_KINDS.entries()) await this.#options.disk.rename(from[index]!, this.#path(kind))
    await this.#file.rename(this.#path('log'))
  }

  /** Once it has its name. */
  toSegment(): Segment {
    return new Segment({ ...this.#options, existingSize: this.#writtenSize, file: this.#file })
  }

  /** Not to be used after all. What cannot be removed goes at the next start. */
  async discard(): Promise<void> {
    await this.#file.close()
    for (const kind of ['log', ...INDEX_KINDS] as const) await this.#options.disk.unlink(this.#path(kind)).catch(() => undefined)
  }

  async #write(): Promise<void> {
    if (this.#waitingBytes === 0) return
    const [chunks, size] = [this.#waiting, this.#waitingBytes]
    this.#waiting = []
    this.#waitingBytes = 0
    const written = await this.#file.write(chunks, this.#writtenSize)
    this.#writtenSize += written
    if (written < size) throw Object.assign(new Error('the disk took only a part of it (is it full?)'), { code: 'ENOSPC' })
  }

  #path(kind: 'log' | (typeof INDEX_KINDS)[number]): string {
    return this.#options.folder.file(offsetFileName(this.#options.baseOffset, kind) + this.#suffix)
  }
}

/** There may be room again later. */
export function isOutOfRoom(error: unknown): boolean {
  return hasCode(error, 'ENOSPC', 'EDQUOT', 'EFBIG')
}
