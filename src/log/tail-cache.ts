// The newest batches of all partitions in memory, within one byte budget: what consumers that keep up read, without the disk.
// Entries leave oldest first, whatever partition they belong to. A partition's entries are one gapless run of offsets that ends at its high watermark.
// A batch that takes up most of the frame that it came in is kept there, which whoever else holds the frame may give back; others are copied. Nothing is kept
// for a partition that nobody reads near its end: it begins with a read, and ends when something leaves that nobody has read.

import { assert } from '../lib/assert.ts'
import type { BufferPool } from '../lib/buffer-pool.ts'
import { BatchView } from '../wire/records/batch.ts'

const SHARED_SIZE_MAX = 4 << 10 // of a batch that shares a chunk with others
const SMALLEST_CHUNK_SIZE = 8 << 10
const LARGEST_CHUNK_SIZE = 64 << 10

interface CachedRun {
  readonly tail: PartitionTail
  readonly baseOffset: number
  endOffset: number
  readonly buffer: Buffer
  size: number
  wasRead: boolean
  /** Where the last reader stopped: those that follow the end need not walk a chunk of a thousand batches again. */
  resume: { readonly offset: number; readonly position: number }
}

export interface CachedRead {
  readonly chunks: readonly Buffer[]
  readonly size: number
}

export class TailCache {
  readonly #budgetBytes: number
  readonly #bufferPool: BufferPool
  readonly #runs = new Set<CachedRun>() // oldest first
  readonly #side: CacheSide
  #chargedBytes = 0
  #hitCount = 0
  #hitBytes = 0
  #missCount = 0

  constructor(budgetBytes: number, bufferPool: BufferPool) {
    this.#budgetBytes = budgetBytes
    this.#bufferPool = bufferPool
    this.#side = {
      bufferPool,
      add: (run) => this.#add(run),
      remove: (run) => this.#remove(run),
      hit: (bytes) => {
        this.#hitCount++
        this.#hitBytes += bytes
      },
      missed: () => void this.#missCount++,
    }
  }

  get chargedBytes(): number {
    return this.#chargedBytes
  }

  /** Reads that it answered, and with how many bytes; and reads that had to go to the disk. */
  get reads(): { readonly hitCount: number; readonly hitBytes: number; readonly missCount: number } {
    return { hitCount: this.#hitCount, hitBytes: this.#hitBytes, missCount: this.#missCount }
  }

  partition(): PartitionTail {
    return new PartitionTail(this.#side)
  }

  #add(run: CachedRun): void {
    this.#runs.add(run)
    this.#chargedBytes += run.buffer.buffer.byteLength
    for (const oldest of this.#runs) {
      if (this.#chargedBytes <= this.#budgetBytes) break
      oldest.tail.dropOldest(oldest)
      this.#remove(oldest)
    }
  }

  #remove(run: CachedRun): void {
    if (!this.#runs.delete(run)) return
    this.#chargedBytes -= run.buffer.buffer.byteLength
    this.#bufferPool.giveBack(run.buffer)
  }
}

interface CacheSide {
  readonly bufferPool: BufferPool
  add(run: CachedRun): void
  remove(run: CachedRun): void
  hit(bytes: number): void
  missed(): void
}

export class PartitionTail {
  readonly #cache: CacheSide
  #runs: CachedRun[] = [] // by offset, each beginning where the one before ends
  #isWanted = false

  constructor(cache: CacheSide) {
    this.#cache = cache
  }

  /** A batch that has become visible, and is not changed any more. The caller may give `bytes` back on return. */
  add(bytes: Buffer, baseOffset: number, endOffset: number): void {
    if (!this.#isWanted) return
    const last = this.#runs.at(-1)
    assert(last === undefined || last.endOffset === baseOffset, () => `a batch at ${baseOffset} follows cached offset ${last!.endOffset}`)
    if (last !== undefined && bytes.length <= SHARED_SIZE_MAX && last.buffer.length - last.size >= bytes.length) {
      bytes.copy(last.buffer, last.size)
      last.size += bytes.length
      last.endOffset = endOffset
      return
    }
    const run = {
      tail: this,
      baseOffset,
      endOffset,
      buffer: this.#keep(bytes, last === undefined ? SMALLEST_CHUNK_SIZE : LARGEST_CHUNK_SIZE),
      size: bytes.length,
      wasRead: false,
      resume: { offset: baseOffset, position: 0 },
    }
    this.#runs.push(run)
    this.#cache.add(run)
  }

  /** With room for others, up to `chunkSize`, where it is small. */
  #keep(bytes: Buffer, chunkSize: number): Buffer {
    const { bufferPool } = this.#cache
    const isLarge = bytes.length > SHARED_SIZE_MAX
    if (isLarge && 2 * bytes.length > bytes.buffer.byteLength && bufferPool.hold(bytes)) return bytes
    const copy = bufferPool.lend(isLarge ? bytes.length : chunkSize)
    bytes.copy(copy)
    return copy
  }

  /** Somebody reads here, or waits for what comes next. */
  expectReader(): void {
    this.#isWanted = true
  }

  /** Whole batches from the one that holds `offset`, all below `upTo`, to be given back to the pool; undefined when that one is not here. */
  read(offset: number, maxBytes: number, upTo: number, atLeastOneBatch: boolean): CachedRead | undefined {
    this.expectReader()
    let index = this.#runs.findLastIndex((run) => run.baseOffset <= offset)
    if (index < 0 || offset >= this.#runs.at(-1)!.endOffset) {
      this.#cache.missed()
      return undefined
    }
    const chunks: Buffer[] = []
    let size = 0
    for (; index < this.#runs.length; index++) {
      const run = this.#runs[index]!
      const limit = atLeastOneBatch && size === 0 ? 'at least one' : 'strict'
      const slice = sliceOf(run, offset, maxBytes - size, upTo, limit)
      if (slice.length > 0) {
        this.#cache.bufferPool.hold(slice)
        chunks.push(slice)
      }
      size += slice.length
      if (slice.byteOffset + slice.length < run.buffer.byteOffset + run.size) break
    }
    this.#cache.hit(size)
    return { chunks, size }
  }

  dropOldest(run: CachedRun): void {
    assert(this.#runs[0] === run, () => `the oldest cached batches are not those at ${run.baseOffset}`)
    this.#runs.shift()
    if (run.wasRead) return
    this.#isWanted = false
    this.clear()
  }

  clear(): void {
    for (const run of this.#runs) this.#cache.remove(run)
    this.#runs = []
  }
}

/** The batches of `run` that hold `offset` or follow it, end below `upTo` and fit in `maxBytes`. */
function sliceOf(run: CachedRun, offset: number, maxBytes: number, upTo: number, limit: 'strict' | 'at least one'): Buffer {
  let start = offset >= run.resume.offset ? run.resume.position : 0
  let end = start
  let nextOffset = run.baseOffset
  while (end < run.size) {
    const view = new BatchView(run.buffer, end)
    const { lastOffset, sizeInBytes } = view
    if (lastOffset >= upTo) break
    if (lastOffset < offset) {
      start = end += sizeInBytes
      continue
    }
    const fits = end + sizeInBytes - start <= maxBytes
    if (!fits && (limit === 'strict' || end > start)) break
    end += sizeInBytes
    nextOffset = lastOffset + 1
  }
  run.wasRead = true
  if (end > start) run.resume = { offset: nextOffset, position: end }
  return run.buffer.subarray(start, end)
}
