// The answers of one connection, in the order of its requests whatever the order they become ready in.
// An answer leaves only when every earlier one has; after one that closes the connection nothing leaves any more.

import type { Exchange, Reply } from './exchange.ts'

export class ReplyQueue {
  #exchanges: Exchange[] = []
  #requestBytes = 0
  #readyBytes = 0

  /** Requests that were started and whose replies have not left. */
  get count(): number {
    return this.#exchanges.length
  }

  /** The size of those requests, whose memory is in use until they are answered. */
  get requestBytes(): number {
    return this.#requestBytes
  }

  /** The size of the replies that are ready, and wait for earlier ones or for the next `take`. */
  get readyBytes(): number {
    return this.#readyBytes
  }

  push(exchange: Exchange): void {
    this.#exchanges.push(exchange)
    this.#requestBytes += exchange.requestBytes
  }

  /** Of one that was pushed. */
  answer(exchange: Exchange, reply: Reply): void {
    exchange.answer(reply)
    this.#readyBytes += exchange.replyBytes
  }

  /** Hands every reply whose turn it is to `send`. True when the last of them closes the connection: the queue is empty then. */
  take(send: (exchange: Exchange, reply: Reply) => void): boolean {
    let taken = 0
    for (; taken < this.#exchanges.length; taken++) {
      const exchange = this.#exchanges[taken]!
      const { reply } = exchange
      if (reply === undefined) break
      this.#requestBytes -= exchange.requestBytes
      this.#readyBytes -= exchange.replyBytes
      send(exchange, reply)
      if (reply.closes) {
        this.#exchanges.splice(0, taken + 1)
        this.clear()
        return true
      }
    }
    if (taken === this.#exchanges.length) this.#exchanges.length = 0
    else this.#exchanges.splice(0, taken)
    return false
  }

  /** Drops what is not answered, and answers that have not left. */
  clear(): void {
    const dropped = this.#exchanges
    this.#exchanges = []
    this.#requestBytes = 0
    this.#readyBytes = 0
    for (const exchange of dropped) if (exchange.reply !== undefined) exchange.left()
  }
}
