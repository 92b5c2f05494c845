// Requests that wait for their answers, by ticket. Each gets one.

import type { Refusal } from '../../wire/error-codes.ts'
import type { Ticket } from './machine/classic-state.ts'

interface Wait<Response> {
  readonly resolve: (response: Response) => void
  readonly reject: (refusal: Refusal) => void
}

export class Waits<Response> {
  readonly #waits = new Map<Ticket, Wait<Response>>()

  wait(ticket: Ticket): Promise<Response> {
    return new Promise((resolve, reject) => {
      this.#waits.set(ticket, { resolve, reject })
    })
  }

  answer(ticket: Ticket, response: Response): void {
    this.#waits.get(ticket)?.resolve(response)
    this.#waits.delete(ticket)
  }

  refuseAll(refusal: Refusal): void {
    for (const { reject } of this.#waits.values()) reject(refusal)
    this.#waits.clear()
  }
}
