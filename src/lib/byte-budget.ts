// A number of bytes that many share: what is taken comes back. Who asks when too little is left waits, first come, first served; who asks for more than
// there will ever be gets it when nobody else holds any.

export interface Waiting {
  cancel(): void
}

interface Asked extends Waiting {
  readonly bytes: number
  readonly granted: () => void
}

export class ByteBudget {
  readonly #limitBytes: number
  readonly #waiting = new Set<Asked>()
  #heldBytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Somebody waits: who holds bytes and makes no use of them is in the way. */
  get isContended(): boolean {
    return this.#waiting.size > 0
  }

  /** Whether `bytes` are taken, at once. Nobody passes one who waits. */
  takeNow(bytes: number): boolean {
    if (this.isContended || !this.#hasRoomFor(bytes)) return false
    this.#heldBytes += bytes
    return true
  }

  /** Takes as much as there is, from `atLeast` to `atMost` bytes, and of what is left no more than a quarter while `atLeast` allows; 0 when others come first. */
  takeShare(atLeast: number, atMost: number): number {
    const share = Math.min(atMost, Math.max(atLeast, Math.floor((this.#limitBytes - this.#heldBytes) / 4)))
    return this.takeNow(share) ? share : 0
  }

  /** Calls `granted` once the bytes are taken, never within the call. */
  takeLater(bytes: number, granted: () => void): Waiting {
    const asked: Asked = { bytes, granted, cancel: () => this.#cancel(asked) }
    this.#waiting.add(asked)
    queueMicrotask(() => this.#grant())
    return asked
  }

  give(bytes: number): void {
    this.#heldBytes -= bytes
    this.#grant()
  }

  #cancel(asked: Asked): void {
    if (this.#waiting.delete(asked)) this.#grant() // it may have been the one that the others waited behind
  }

  #grant(): void {
    for (const asked of this.#waiting) {
      if (!this.#hasRoomFor(asked.bytes)) return
      this.#waiting.delete(asked)
      this.#heldBytes += asked.bytes
      asked.granted()
    }
  }

  #hasRoomFor(bytes: number): boolean {
    return this.#heldBytes === 0 || this.#heldBytes + bytes <= this.#limitBytes
  }
}
