// A stream of bytes, looked at in pieces: a scan says how much it wants to see next and how much is to be passed over, so that nothing is copied that
// nobody looks at. That is what lets one process read gigabytes a second.

/** Yields how many bytes it wants next, and gets them, valid until its next yield. A negative count is passed over, and answered by no bytes. */
export type Scan = Generator<number, void, Buffer>

const NOTHING = Buffer.alloc(0)

export class Scanner {
  readonly #scan: Scan
  #wanted: number
  #partial: Buffer | undefined // what came so far of a piece that lies in several chunks
  #filled = 0

  constructor(scan: Scan) {
    this.#scan = scan
    this.#wanted = wantedBy(scan.next())
  }

  /** Hands the scan all that it wants of `chunk`, which may be used again afterwards. Throws what the scan throws. */
  take(chunk: Buffer): void {
    let position = 0
    while (position < chunk.length || this.#wanted === 0) {
      const rest = chunk.length - position
      if (this.#wanted <= 0) {
        const passed = Math.min(-this.#wanted, rest)
        position += passed
        this.#wanted += passed
        if (this.#wanted < 0) return
        this.#resume(NOTHING)
      } else if (this.#partial === undefined && rest >= this.#wanted) {
        position += this.#wanted
        this.#resume(chunk.subarray(position - this.#wanted, position))
      } else {
        this.#partial ??= Buffer.allocUnsafe(this.#wanted)
        const copied = chunk.copy(this.#partial, this.#filled, position, position + Math.min(rest, this.#wanted - this.#filled))
        this.#filled += copied
        position += copied
        if (this.#filled < this.#wanted) return
        const piece = this.#partial
        this.#partial = undefined
        this.#filled = 0
        this.#resume(piece)
      }
    }
  }

  #resume(piece: Buffer): void {
    this.#wanted = wantedBy(this.#scan.next(piece))
  }
}

function wantedBy({ done, value }: IteratorResult<number, void>): number {
  return done === true ? -Infinity : value // after its end everything is passed over
}
