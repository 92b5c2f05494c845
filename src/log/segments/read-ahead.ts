// Reads what the reader of a segment will ask for next, while he still looks at what he got: Kafka's Java client asks again only when it has nothing left, so
// that the broker would have nothing to do meanwhile, and the client nothing while the broker reads. Only bytes: whoever takes them looks at them as if he had
// read them himself.
// One piece of a segment is kept at a time, and only so many bytes of all. What nobody takes within a second makes room for others, and not before: many
// readers who all read ahead would read everything twice.

import type { BufferPool } from '../../lib/buffer-pool.ts'
import type { Clock } from '../../lib/clock.ts'

const KEPT_BYTES_MAX = 16 << 20
const KEPT_MS = 1000

/** Of a segment. */
interface Source {
  readonly file: { read(into: Buffer, position: number): Promise<number> }
  readonly cutCount: number
}

interface Kept {
  readonly position: number
  readonly size: number
  readonly cutCount: number
  readonly sinceMs: number
  /** Of the buffer pool; undefined where it could not be read. */
  readonly bytes: Promise<Buffer | undefined>
}

export class ReadAhead {
  readonly #clock: Clock
  readonly #bufferPool: BufferPool
  readonly #kept = new Map<Source, Kept>() // the one that was begun longest ago first
  #keptBytes = 0

  constructor(clock: Clock, bufferPool: BufferPool) {
    this.#clock = clock
    this.#bufferPool = bufferPool
  }

  get keptBytes(): number {
    return this.#keptBytes
  }

  /** Begins to read `size` bytes that are in the file, unless there is no room. */
  begin(segment: Source, position: number, size: number): void {
    const sinceMs = this.#clock.monotonic()
    const isOld = (kept: Kept): boolean => sinceMs - kept.sinceMs > KEPT_MS
    for (const [of, kept] of this.#kept) if (isOld(kept)) this.#drop(of, kept)
    if (this.#kept.has(segment) || this.#keptBytes + size > KEPT_BYTES_MAX) return
    this.#kept.set(segment, { position, size, cutCount: segment.cutCount, sinceMs, bytes: this.#read(segment, position, size) })
    this.#keptBytes += size
  }

  /** The caller's to give back to the pool; resolves to undefined when he has to read by himself after all. */
  take(segment: Source, position: number, size: number): Promise<Buffer | undefined> | undefined {
    const kept = this.#kept.get(segment)
    if (kept?.position !== position) return undefined
    if (kept.size < size || kept.cutCount !== segment.cutCount) return this.#drop(segment, kept)
    this.#forget(segment, kept)
    return kept.bytes.then((bytes) => bytes?.subarray(0, size))
  }

  #drop(segment: Source, kept: Kept): undefined {
    this.#forget(segment, kept)
    void kept.bytes.then((bytes) => bytes && this.#bufferPool.giveBack(bytes))
  }

  #forget(segment: Source, { size }: Kept): void {
    this.#kept.delete(segment)
    this.#keptBytes -= size
  }

  async #read(segment: Source, position: number, size: number): Promise<Buffer | undefined> {
    const bytes = this.#bufferPool.lend(size)
    const filled = await segment.file.read(bytes.subarray(0, size), position).catch(() => -1) // who reads there is told
    if (filled === size) return bytes
    this.#bufferPool.giveBack(bytes)
    return undefined
  }
}
