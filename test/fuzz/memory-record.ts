// What the process holds at rest, noted at intervals, so that what grows for ever is seen.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const MB = 1 << 20

interface Held {
  /** On the heap and in buffers, after a collection of garbage, the files of the memory disk left out. */
  readonly usedMb: number
  readonly rssMb: number
}

export class MemoryRecord {
  readonly #collectGarbage: () => void
  readonly #noted: Held[] = []

  constructor() {
    setFlagsFromString('--expose-gc')
    this.#collectGarbage = runInNewContext('gc') as () => void
  }

  /** `diskBytes` are those of the memory disk, whose logs grow by what is asked of the broker. */
  note(diskBytes: number): Held {
    this.#collectGarbage()
    this.#collectGarbage() // buffers found by the first one are released when the second starts
    const { heapUsed, arrayBuffers, rss } = process.memoryUsage()
    const held = { usedMb: Math.round((heapUsed + arrayBuffers - diskBytes) / MB), rssMb: Math.round(rss / MB) }
    this.#noted.push(held)
    return held
  }

  /** By how much more is used than at the first note. */
  get growthMb(): number {
    return this.#noted.length === 0 ? 0 : this.#noted.at(-1)!.usedMb - this.#noted[0]!.usedMb
  }
}
