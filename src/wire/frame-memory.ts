// Memory for the frames that are assembled, lent and given back. V8 collects all garbage for every 64 MB of buffers, and frames of half a megabyte, a new
// buffer each, made that half of the broker's CPU time (docs/decisions/0005-garbage-collector.md).
// What is lent is nobody else's until it is given back, once; what never is, is garbage like any other. So is what is small, or rare.

const SMALLEST_SIZE = 32 << 10
const LARGEST_SIZE = 1 << 20
const IDLE_BYTES_MAX = 16 << 20

export class FrameMemory {
  readonly #idle = new Map<number, Buffer[]>() // by size, a power of two
  readonly #lent = new WeakSet<ArrayBufferLike>()
  #idleBytes = 0

  /** At least `size` bytes. */
  lend(size: number): Buffer {
    if (size < SMALLEST_SIZE || size > LARGEST_SIZE) return Buffer.allocUnsafeSlow(size)
    const lentSize = 2 ** Math.ceil(Math.log2(size))
    const idle = this.#idle.get(lentSize)?.pop()
    if (idle !== undefined) this.#idleBytes -= lentSize
    const memory = idle ?? Buffer.allocUnsafeSlow(lentSize)
    this.#lent.add(memory.buffer)
    return memory
  }

  /** Takes a frame in lent memory, or any other, which it leaves alone: the caller need not know. Nobody may use it from here on. */
  giveBack({ buffer }: Buffer): void {
    if (!this.#lent.delete(buffer) || this.#idleBytes + buffer.byteLength > IDLE_BYTES_MAX) return
    const idle = this.#idle.get(buffer.byteLength)
    if (idle === undefined) this.#idle.set(buffer.byteLength, [Buffer.from(buffer)])
    else idle.push(Buffer.from(buffer))
    this.#idleBytes += buffer.byteLength
  }
}
