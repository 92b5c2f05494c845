// The answers of one connection, in the order of its requests whatever the order they become ready in.
// An answer leaves only when every earlier one has; after one that closes the connection nothing leaves any more.

import type { CloseReason } from './server-counters.ts'

/** What goes back for one request: `chunks` is empty for a request that gets no answer. */
export interface Reply {
  readonly chunks: readonly Buffer[]
  /** The connection ends once this reply is sent. */
  readonly closes: boolean
  /** Why it does. */
  readonly reason?: CloseReason
}

/** One request's place in the order. */
export interface ReplySlot {
  readonly requestBytes: number
  reply: Reply | undefined
}

export class ReplyQueue {
  #slots: ReplySlot[] = []
  #requestBytes = 0
  #readyBytes = 0

  /** Requests that were started and whose replies have not left. */
  get count(): number {
    return this.#slots.length
  }

  /** The size of those requests, whose memory is in use until they are answered. */
  get requestBytes(): number {
    return this.#requestBytes
  }

  /** The size of the replies that are ready, and wait for earlier ones or for the next `take`. */
  get readyBytes(): number {
    return this.#readyBytes
  }

  reserve(requestBytes: number): ReplySlot {
    const slot: ReplySlot = { requestBytes, reply: undefined }
    this.#slots.push(slot)
    this.#requestBytes += requestBytes
    return slot
  }

  fill(slot: ReplySlot, reply: Reply): void {
    slot.reply = reply
    for (const chunk of reply.chunks) this.#readyBytes += chunk.length
  }

  /** Appends to `chunks` every reply whose turn it is. True when the last of them closes the connection: the queue is empty then. */
  take(chunks: Buffer[]): boolean {
    let taken = 0
    for (; taken < this.#slots.length; taken++) {
      const { requestBytes, reply } = this.#slots[taken]!
      if (reply === undefined) break
      this.#requestBytes -= requestBytes
      for (const chunk of reply.chunks) {
        this.#readyBytes -= chunk.length
        chunks.push(chunk)
      }
      if (reply.closes) {
        this.clear()
        return true
      }
    }
    if (taken === this.#slots.length) this.#slots.length = 0
    else this.#slots.splice(0, taken)
    return false
  }

  clear(): void {
    this.#slots = []
    this.#requestBytes = 0
    this.#readyBytes = 0
  }
}
