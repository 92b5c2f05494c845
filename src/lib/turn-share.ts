// Shares each turn of the event loop among all who have much to do: as long as they have worked only a few milliseconds in it, everybody goes on; after that they
// wait, first come, first served, for the turns that follow. So whatever comes all at once, and however long it takes together, nobody else waits long. What one
// does between two steps is for it to keep small.

import { atOnce } from './at-once.ts'
import type { Clock } from './clock.ts'

const WORK_MS = 5
const SHORT_WORK_MS = 0.5 // 900 connections that come to a busy broker are accepted in 1.2 s then; in 4.5 to 6 with 5 ms
const ITEMS_PER_STEP = 64 // of which each takes 10 to 30 µs

export class TurnShare {
  readonly #clock: Clock
  #sinceMs: number | undefined // when somebody began to work in this turn
  #shortTurns = 0 // this one, and how many after it
  #waiting: (() => void)[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Undefined when the caller may go on at once, else a promise of when. */
  step(): Promise<void> | undefined {
    return this.isSpent ? new Promise((resolve) => this.later(resolve)) : undefined
  }

  /** Works on all of them, one after the other. Undefined when that was done at once, since there are few; else a promise of it, which rejects with what is thrown. */
  inSteps<Item>(items: readonly Item[], work: (item: Item, index: number) => void): Promise<void> | undefined {
    const few = Math.min(items.length, ITEMS_PER_STEP)
    for (let index = 0; index < few; index++) work(items[index]!, index)
    return few === items.length ? undefined : this.#restInSteps(items, work)
  }

  async #restInSteps<Item>(items: readonly Item[], work: (item: Item, index: number) => void): Promise<void> {
    for (let index = ITEMS_PER_STEP; index < items.length; index++) {
      if (index % ITEMS_PER_STEP === 0) await this.step()
      work(items[index]!, index)
    }
  }

  /** Goes through all steps that a generator stops after; resolves to what it returns. */
  async through<Result>(steps: Generator<void, Result>): Promise<Result> {
    for (;;) {
      const { done, value } = steps.next()
      if (done) return value
      if (this.isSpent) await this.step()
    }
  }

  /** Works on all of them, so many at once, and answers in their order. Rejects with the first failure, after all. */
  async each<Item, Result>(items: readonly Item[], count: number, work: (item: Item) => Promise<Result>): Promise<Result[]> {
    const results = Array.from<Result>({ length: items.length })
    const failures: unknown[] = []
    await atOnce(Math.min(count, items.length), items.entries(), async ([index, item]) => {
      const wait = this.step()
      if (wait !== undefined) await wait
      try {
        results[index] = await work(item)
      } catch (error) {
        failures.push(error)
      }
    })
    if (failures.length > 0) throw failures[0]
    return results
  }

  /** There has been work enough in this turn. */
  get isSpent(): boolean {
    if (this.#sinceMs === undefined) this.#begin()
    return this.#clock.monotonic() - this.#sinceMs! >= (this.#shortTurns > 0 ? SHORT_WORK_MS : WORK_MS)
  }

  /** Does the work now, or in a later turn when there has been enough in this one. */
  soon(work: () => void): void {
    if (this.isSpent) this.later(work)
    else work()
  }

  /** Does the work in a later turn, after what others have put off before. */
  later(work: () => void): void {
    if (this.#sinceMs === undefined) this.#begin()
    this.#waiting.push(work)
  }

  /** The rest of this turn, and the next, are short: for what the event loop does once a turn, however much of it is waiting. */
  hurry(): void {
    this.#shortTurns = 2
    if (this.#sinceMs === undefined) this.#begin()
  }

  #begin(): void {
    this.#sinceMs = this.#clock.monotonic()
    setImmediate(this.#nextTurn)
  }

  readonly #nextTurn = (): void => {
    this.#sinceMs = undefined
    if (this.#shortTurns > 0) this.#shortTurns--
    if (this.#waiting.length === 0) return
    this.#begin()
    this.#goOn()
  }

  readonly #goOn = (): void => {
    const work = this.#waiting.shift()
    if (work === undefined) return
    work()
    queueMicrotask(this.#whenItIsDone)
  }

  /** After everything that follows from promises which the work has resolved: a tick that is asked for among them comes behind all of them. */
  readonly #whenItIsDone = (): void => process.nextTick(this.#goOnIfTimeIsLeft)

  readonly #goOnIfTimeIsLeft = (): void => {
    if (!this.isSpent) this.#goOn()
  }
}
