// One request of a connection and its reply: the memory that each of them takes, and who waits for it to be free.

import type { RequestMemory } from '../handlers/handler.ts'
import type { BufferPool } from '../lib/buffer-pool.ts'
import type { Claim } from './budgets.ts'
import type { CloseReason } from './server-counters.ts'

/** What goes back for one request: `chunks` is empty for a request that gets no answer. */
export interface Reply {
  readonly chunks: readonly Buffer[]
  /** The connection ends once this reply is sent. */
  readonly closes: boolean
  /** Why it does. */
  readonly reason?: CloseReason
}

export class Exchange implements RequestMemory {
  readonly requestBytes: number
  readonly #frame: Buffer
  readonly #memory: BufferPool
  readonly #claim: Claim | undefined
  #reply: Reply | undefined
  #replyBytes = 0
  #whenLeft: (() => void)[] = NOTHING

  constructor(frame: Buffer, memory: BufferPool, claim: Claim | undefined) {
    this.requestBytes = frame.length
    this.#frame = frame
    this.#memory = memory
    this.#claim = claim
  }

  /** undefined until the request is answered. */
  get reply(): Reply | undefined {
    return this.#reply
  }

  get replyBytes(): number {
    return this.#replyBytes
  }

  /** Somebody wants to know when the reply has left. */
  get isAwaited(): boolean {
    return this.#whenLeft.length > 0
  }

  releaseRequest(): void {
    this.#memory.giveBack(this.#frame)
  }

  whenAnswerLeft(action: () => void): void {
    this.#whenLeft = [...this.#whenLeft, action]
  }

  /** The request's bytes are no longer counted. */
  answer(reply: Reply): void {
    this.#reply = reply
    for (const { length } of reply.chunks) this.#replyBytes += length
    this.#claim?.end()
  }

  /** The reply has been sent, or will never be. */
  left(): void {
    const actions = this.#whenLeft
    this.#whenLeft = NOTHING
    for (const action of actions) action()
  }
}

const NOTHING: (() => void)[] = [] // never added to
