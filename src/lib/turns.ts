// Lets a bounded number of pieces of work go on within one turn of the event loop, and the others in the turns after it, first come, first served: so that
// what comes due all at once does not keep everything else waiting.

export class Turns {
  readonly #perTurn: number
  #begunCount = 0 // in this turn
  #waiting: (() => void)[] = []
  #isNextTurnAsked = false

  constructor(perTurn: number) {
    this.#perTurn = perTurn
  }

  /** Undefined when the work may go on at once, else a promise of its turn. */
  take(): Promise<void> | undefined {
    this.#askForNextTurn()
    if (this.#begunCount < this.#perTurn) {
      this.#begunCount++
      return undefined
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #askForNextTurn(): void {
    if (this.#isNextTurnAsked) return
    this.#isNextTurnAsked = true
    setImmediate(() => {
      this.#isNextTurnAsked = false
      const next = this.#waiting.splice(0, this.#perTurn)
      this.#begunCount = next.length
      if (next.length > 0) this.#askForNextTurn()
      for (const begin of next) begin()
    })
  }
}

let turn: Promise<void> | undefined // the next one, that all who ask for it in this one wait for

/** Resolves in the next turn of the event loop, after what comes in by then. */
export function nextTurn(): Promise<void> {
  turn ??= new Promise((resolve) => {
    setImmediate(() => {
      turn = undefined
      resolve()
    })
  })
  return turn
}
