// What a connection has received and not yet taken as frames. They are cut off one at a time, when it is their turn: what waits stays the
// bytes it came in, however many small requests they hold. A frame inside one chunk is a view of it; any other is assembled once, in a
// buffer that grows with what has arrived and not with what its size promises.
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

  /** The next frame without its size, or undefined until more bytes come, or it may be assembled. Throws Malformed for a size out of range. */
  next(): Buffer | undefined {
    if (this.#frame !== undefined) return this.#assemble(this.#frame, this.#frameBytes!)
    if (this.#frameBytes === undefined && this.#unparsedBytes < SIZE_BYTES) return undefined
    const size = (this.#frameBytes ??= this.#takeSize())
    const chunk = this.#chunks[0]
    if (size === 0 || (chunk !== undefined && chunk.length - this.#position >= size)) return this.#takeView(chunk, size)
    if (!this.#mayAssemble(size)) return undefined
    this.#frame = this.#memory.lend(Math.min(size, FIRST_CAPACITY))
    this.#frameFilled = 0
    return this.#assemble(this.#frame, size)
  }

  /** Every frame that `chunk` completes: for a reader that takes them as they come. */
  *take(chunk: Buffer): Generator<Buffer> {
    this.push(chunk)
    for (let frame = this.next(); frame !== undefined; frame = this.next()) yield frame
  }

  clear(): void {
    this.#chunks = []
    this.#position = 0
    this.#unparsedBytes = 0
    if (this.#frame !== undefined) this.#memory.giveBack(this.#frame)
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

  #takeView(chunk: Buffer | undefined, size: number): Buffer {
    this.#frameBytes = undefined
    if (chunk === undefined) return Buffer.alloc(0)
    const view = chunk.subarray(this.#position, this.#position + size)
    this.#advance(chunk, size)
    return view
  }

  #assemble(buffer: Buffer, size: number): Buffer | undefined {
    let frame = buffer
    for (let chunk = this.#chunks[0]; chunk !== undefined && this.#frameFilled < size; chunk = this.#chunks[0]) {
      const count = Math.min(chunk.length - this.#position, size - this.#frameFilled)
      if (this.#frameFilled + count > frame.length) {
        this.#frame = this.#memory.lend(Math.min(size, 2 * (this.#frameFilled + count)))
        frame.copy(this.#frame, 0, 0, this.#frameFilled)
        this.#memory.giveBack(frame)
        frame = this.#frame
      }
      chunk.copy(frame, this.#frameFilled, this.#position, this.#position + count)
      this.#frameFilled += count
      this.#advance(chunk, count)
    }
    if (this.#frameFilled < size) return undefined
    this.#frame = undefined
    this.#frameBytes = undefined
    return frame.subarray(0, size)
  }

  #advance(chunk: Buffer, count: number): void {
    this.#position += count
    this.#unparsedBytes -= count
    if (this.#position < chunk.length) return
    this.#chunks.shift()
    this.#position = 0
  }
}
