// A buffer pool that overwrites what is given back, whatever its size: who still reads it, reads nonsense.

import { BufferPool } from '../../src/lib/buffer-pool.ts'

export class OverwritingPool extends BufferPool {
  readonly #counts = new WeakMap<ArrayBufferLike, number>()

  override lend(size: number): Buffer {
    const lent = super.lend(size)
    const buffer = lent.buffer.byteLength > lent.length ? Buffer.allocUnsafeSlow(size) : lent // not a part of what others have, too
    this.#counts.set(buffer.buffer, 1)
    return buffer
  }

  override hold(buffer: Buffer): boolean {
    super.hold(buffer)
    const count = this.#counts.get(buffer.buffer)
    if (count !== undefined) this.#counts.set(buffer.buffer, count + 1)
    return count !== undefined
  }

  override giveBack(buffer: Buffer): void {
    const count = this.#counts.get(buffer.buffer)
    if (count !== undefined) this.#counts.set(buffer.buffer, count - 1)
    if (count === 1) {
      this.#counts.delete(buffer.buffer)
      new Uint8Array(buffer.buffer).fill(0xdb)
    }
    super.giveBack(buffer)
  }
}
