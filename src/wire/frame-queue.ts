// What a connection has received and not yet taken as frames. They are cut off one at a time, when it is their turn: what waits stays the
// bytes it came in, however many small requests they hold. Each frame gets memory of its own, a large one a buffer that grows with what has
// arrived and not with what its size promises; what comes of it can be read straight into that.
//
//   bytes 0-3   size   of the rest, int32: at least 0, at most `socket.request.max.bytes`

import { BufferPool } from '../lib/buffer-pool.ts'
import { Malformed } from './reader.ts'

const SIZE_BYTES = 4
const FIRST_CAPACITY = 1024 * 1024

export interface FrameQueueOptions {
  /** What frames are assembled in. */
  readonly memory?: BufferPool
  /** Asked before a frame of that size is assembled, and again at every `next` until it may. */
  readonly mayAssemble?: (frameBytes: number) => boolean
}

export class FrameQueue {
  readonly #frameBytesMax: number
  readonly #memory: BufferPool
  readonly #mayAssemble: (frameBytes: number) => boolean
  #chunks: Buffer[] = []
  #position = 0 // in the first chunk
  #unparsedBytes = 0
  #frame: Buffer | undefined // being assembled: the first #frameFilled bytes of #frameBytes have come
  #frameBytes: number | undefined // of the frame whose size was read
  #frameFilled = 0

  constructor(frameBytesMax: number, { memory = new BufferPool(), mayAssemble = () => true }: FrameQueueOptions = {}) {
    this.#frameBytesMax = frameBytesMax
    this.#memory = memory
    this.#mayAssemble = mayAssemble
  }

  /** What came after the last frame that was taken or is being assembled. */
  get unparsedBytes(): number {
    return this.#unparsedBytes
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#unparsedBytes += chunk.length
  }

  /** Where the next bytes belong, if that is in a frame that is being assembled; whoever reads them there says so by `filled`. */
  space(): Buffer | undefined {
    if (this.#frame === undefined || this.#frameFilled === this.#frameBytes || this.#chunks.length > 0) return undefined
    return this.#roomFor(1).subarray(this.#frameFilled, this.#frameBytes)
  }

  /** So many bytes were read into `space`. */
  filled(count: number): void {
    this.#frameFilled += count
  }

  /** The next frame without its size, or undefined until more bytes come, or it may be assembled. Throws Malformed for a size out of range. */
  next(): Buffer | undefined {
    if (this.#frame === undefined) {
      if (this.#frameBytes === undefined && this.#unparsedBytes < SIZE_BYTES) return undefined
      const size = (this.#frameBytes ??= this.#takeSize())
      if (!this.#mayAssemble(size)) return undefined
      this.#frame = this.#memory.lend(Math.min(size, FIRST_CAPACITY))
      this.#frameFilled = 0
    }
    return this.#assemble(this.#frameBytes!)
  }

  /** The chunk that was pushed last is the caller's again: what is left of it is copied. */
  keepRest(): void {
    const last = this.#chunks.length - 1
    if (last < 0) return
    this.#chunks[last] = Buffer.from(this.#chunks[last]!.subarray(last === 0 ? this.#position : 0))
    if (last === 0) this.#position = 0
  }

  /** Every frame that `chunk` completes: for a reader that takes them as they come. */
  *take(chunk: Buffer): Generator<Buffer> {
    this.push(chunk)
    for (let frame = this.next(); frame !== undefined; frame = this.next()) yield frame
  }

  /** A half of a frame becomes garbage: something may still be read into it. */
  clear(): void {
    this.#chunks = []
    this.#position = 0
    this.#unparsedBytes = 0
    this.#frame = undefined
    this.#frameBytes = undefined
  }

  #takeSize(): number {
    let chunk = this.#chunks[0]!
    while (chunk.length - this.#position < SIZE_BYTES) {
      chunk = Buffer.concat([chunk.subarray(this.#position), this.#chunks[1]!])
      this.#chunks.splice(0, 2, chunk)
      this.#position = 0
    }
    const size = chunk.readInt32BE(this.#position)
    if (size < 0 || size > this.#frameBytesMax) throw new Malformed(`frame size ${size} is not within 0-${this.#frameBytesMax}`)
    this.#advance(chunk, SIZE_BYTES)
    return size
  }

  #assemble(size: number): Buffer | undefined {
    for (let chunk = this.#chunks[0]; chunk !== undefined && this.#frameFilled < size; chunk = this.#chunks[0]) {
      const count = Math.min(chunk.length - this.#position, size - this.#frameFilled)
      chunk.copy(this.#roomFor(count), this.#frameFilled, this.#position, this.#position + count)
      this.#frameFilled += count
      this.#advance(chunk, count)
    }
    if (this.#frameFilled < size) return undefined
    const frame = this.#frame!
    this.#frame = undefined
    this.#frameBytes = undefined
    return frame.subarray(0, size)
  }

  /** The frame that is being assembled, with room for so many bytes more. */
  #roomFor(count: number): Buffer {
    const frame = this.#frame!
    const needed = this.#frameFilled + count
    if (needed <= frame.length) return frame
    const larger = this.#memory.lend(Math.min(this.#frameBytes!, 2 * needed))
    frame.copy(larger, 0, 0, this.#frameFilled)
    this.#memory.giveBack(frame)
    this.#frame = larger
    return larger
  }

  #advance(chunk: Buffer, count: number): void {
    this.#position += count
    this.#unparsedBytes -= count
    if (this.#position < chunk.length) return
    this.#chunks.shift()
    this.#position = 0
  }
}
