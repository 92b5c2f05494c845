// A buffer pool that overwrites what is given back, whatever its size: who still reads it, reads nonsense.

import { BufferPool } from '../../src/lib/buffer-pool.ts'

export class OverwritingPool extends BufferPool {
  readonly #lent = new WeakSet<ArrayBufferLike>()

  override lend(size: number): Buffer {
    const buffer = super.lend(size)
    this.#lent.add(buffer.buffer)
    return buffer
  }

  override giveBack(buffer: Buffer): void {
    if (this.#lent.delete(buffer.buffer)) new Uint8Array(buffer.buffer).fill(0xdb)
    super.giveBack(buffer)
  }
}
