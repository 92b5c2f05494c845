// A partition as a background job sees it: its log may be closed, and is opened only when there may be something to do. Thousands that nobody uses must not
// be opened for ever and again.

import type { PartitionLog } from '../log/partition-log.ts'

export interface KeptPartition {
  readonly name: { readonly topic: string; readonly partition: number }
  /** Bytes of a log that is closed and has nothing to recover; undefined of any other. */
  readonly sizeAtRest: number | undefined
  /** Gives the log to `work`; it is closed after that, if it was before. Rejects with a Refusal when the partition is gone. */
  visit<T>(work: (log: PartitionLog) => Promise<T>): Promise<T>
}

interface Rest {
  readonly size: number
  readonly terms: string
  readonly untilMs: number
}

/** What a job need not look at again: a closed log in which there was nothing to do until some time, and to which nothing was appended since. */
export class Rests {
  readonly #rests = new WeakMap<KeptPartition, Rest>()

  /** `visit` resolves to the time until which there is nothing to do under these terms, if nothing is appended. */
  async unlessResting(
    partition: KeptPartition,
    { nowMs, terms }: { readonly nowMs: number; readonly terms: string },
    visit: () => Promise<number>,
  ): Promise<void> {
    const rest = this.#rests.get(partition)
    const size = partition.sizeAtRest
    if (size === 0 || (rest !== undefined && rest.size === size && rest.terms === terms && nowMs < rest.untilMs)) return
    const untilMs = await visit()
    const sizeAfter = partition.sizeAtRest
    if (sizeAfter === undefined) this.#rests.delete(partition)
    else this.#rests.set(partition, { size: sizeAfter, terms, untilMs })
  }
}
