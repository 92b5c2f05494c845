// Producer ids, unique over the life of the data folder: taken from a block whose upper bound is on disk, synced, before the first one is handed out.
// A restart skips what was left of its block, so no id is given twice (KIP-98).

import { Mutex } from '../lib/mutex.ts'

const BLOCK_SIZE = 1000 // as Kafka's

export interface ProducerIdsOptions {
  /** From the metadata log: no id at or above it was ever handed out. */
  readonly firstFree: number
  /** Makes it durable that every id below `nextProducerId` may have been handed out. */
  readonly reserve: (nextProducerId: number) => Promise<void>
}

export class ProducerIds {
  readonly #reserve: ProducerIdsOptions['reserve']
  readonly #mutex = new Mutex()
  #next: number
  #reservedUntil: number

  constructor({ firstFree, reserve }: ProducerIdsOptions) {
    this.#reserve = reserve
    this.#next = firstFree
    this.#reservedUntil = firstFree
  }

  /** An id that nobody has. Rejects when the metadata log does. */
  next(): Promise<number> {
    return this.#mutex.run(async () => {
      if (this.#next === this.#reservedUntil) {
        await this.#reserve(this.#next + BLOCK_SIZE)
        this.#reservedUntil = this.#next + BLOCK_SIZE
      }
      return this.#next++
    })
  }
}
