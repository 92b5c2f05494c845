// Buffers that are lent and given back: for the frames that are assembled and the segment bytes that are read, a megabyte or so each. V8 collects all garbage
// for every 64 MB of buffers, and a new one for each made that half of the broker's CPU time (docs/decisions/0005-garbage-collector.md).
// What is lent is nobody else's until it is given back, by each who holds it, once; what never is, is garbage like any other. So is what is small, or rare.

const SMALLEST_SIZE = 32 << 10
const LARGEST_SIZE = 10 << 20
const STEPS_PER_DOUBLING = 4 // sizes: 32, 40, 48, 56, 64, 80 KiB and so on, so that a fifth at most is more than what was asked for
const IDLE_BYTES_MAX = 16 << 20

export class BufferPool {
  readonly #idle = new Map<number, Buffer[]>() // by size, the one that was used longest ago first
  readonly #holders = new WeakMap<ArrayBufferLike, number>() // of what is lent
  #idleBytes = 0

  /** At least `size` bytes. */
  lend(size: number): Buffer {
    if (size < SMALLEST_SIZE) return Buffer.allocUnsafe(size)
    if (size > LARGEST_SIZE) return Buffer.allocUnsafeSlow(size)
    const lentSize = sizeFor(size)
    const idle = this.#idleOf(lentSize).pop()
    if (idle !== undefined) this.#idleBytes -= lentSize
    const buffer = idle ?? Buffer.allocUnsafeSlow(lentSize)
    this.#holders.set(buffer.buffer, 1)
    return buffer
  }

  /** For any part of a lent buffer: one more holds it, who gives it back, too. False for any other buffer, of which it knows nothing. */
  hold({ buffer }: Buffer): boolean {
    const holders = this.#holders.get(buffer)
    if (holders !== undefined) this.#holders.set(buffer, holders + 1)
    return holders !== undefined
  }

  /** Takes any part of a lent buffer, or of any other, which it leaves alone: the caller need not know. He may not use it from here on. */
  giveBack({ buffer }: Buffer): void {
    const holders = this.#holders.get(buffer)
    if (holders === undefined) return
    if (holders > 1) {
      this.#holders.set(buffer, holders - 1)
      return
    }
    this.#holders.delete(buffer)
    this.#idleOf(buffer.byteLength).push(Buffer.from(buffer))
    this.#idleBytes += buffer.byteLength
    for (const [size, buffers] of this.#idle) {
      for (; this.#idleBytes > IDLE_BYTES_MAX && buffers.length > 0; this.#idleBytes -= size) buffers.pop()
    }
  }

  #idleOf(size: number): Buffer[] {
    const buffers = this.#idle.get(size) ?? []
    this.#idle.delete(size)
    this.#idle.set(size, buffers)
    return buffers
  }
}

function sizeFor(size: number): number {
  const step = 2 ** Math.floor(Math.log2(size)) / STEPS_PER_DOUBLING
  return Math.ceil(size / step) * step
}
