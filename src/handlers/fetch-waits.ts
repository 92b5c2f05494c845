// The waiting of fetches, with or without session: how many do, and that no more of them go on at once than the event loop does in a few milliseconds.
// A thousand that wait for one partition are woken by the same record, and as many that began together have waited long enough together.

import { Turns } from '../lib/turns.ts'

const WOKEN_PER_TURN = 64

export class FetchWaits {
  readonly #turns = new Turns(WOKEN_PER_TURN)
  #count = 0
  #begunCount = 0

  /** That wait now. */
  get count(): number {
    return this.#count
  }

  /** That have ever begun to. */
  get begunCount(): number {
    return this.#begunCount
  }

  async during<T>(wait: Promise<T>): Promise<T> {
    this.#count++
    this.#begunCount++
    const outcome = await wait
    await this.#turns.take()
    this.#count--
    return outcome
  }
}
