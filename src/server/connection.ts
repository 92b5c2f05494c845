// One client's connection: requests are taken off its socket one at a time, and their replies leave in the same order.
// - A request starts when the one before it was accepted, however many are still to be answered. It is decoded only then.
// - No request starts while much is accepted and not answered, or answered and not taken by the client; then reading stops too. So a client that
//   sends without reading costs one response and a few small ones, and the rest of what it sends stays in its own kernel.
// - When input is over (the client has finished sending, sent what is no frame, or the broker stops), what came completely is answered, and then the
//   connection ends.

import type { Socket } from 'node:net'
import type { ConnectionInfo } from '../handlers/handler.ts'
import type { Clock } from '../lib/clock.ts'
import type { Diagnostics } from '../lib/diagnostics.ts'
import { Malformed } from '../wire/reader.ts'
import type { FrameMemory } from '../wire/frame-memory.ts'
import { FrameQueue } from '../wire/frame-queue.ts'
import { ReplyQueue } from './reply-queue.ts'
import { writeChunks } from './write-chunks.ts'
import type { Dispatcher, Outcome } from './dispatch.ts'
import type { Reply, ReplySlot } from './reply-queue.ts'
import type { CloseReason, ServerCounters } from './server-counters.ts'

const UNANSWERED_MAX = 128 // also what one turn of the event loop does for one connection
const UNANSWERED_BYTES_MAX = 16 * 1024 * 1024
const UNSENT_BYTES_MAX = 64 * 1024
const READ_AHEAD_BYTES_MAX = 16 * 1024
const LINGER_MS = 100

export interface ConnectionServices {
  readonly dispatcher: Dispatcher
  readonly diagnostics: Diagnostics
  readonly clock: Clock
  readonly maxRequestBytes: number
  readonly frameMemory: FrameMemory
  readonly counters: ServerCounters
}

export class Connection {
  readonly #socket: Socket
  readonly #info: ConnectionInfo
  readonly #services: ConnectionServices
  readonly #gone = new AbortController()
  readonly #frames: FrameQueue
  readonly #replies = new ReplyQueue()
  #isAccepting = false
  #isHeldUp = false // a request may be waiting for what canStart says
  #isFlushScheduled = false
  #isInputOver = false
  #isInputDone = false // over, and every request in it has started
  #isEnded = false
  #closeReason: CloseReason = 'client'

  constructor(socket: Socket, info: ConnectionInfo, services: ConnectionServices) {
    this.#socket = socket
    this.#info = info
    this.#services = services
    this.#frames = new FrameQueue(services.maxRequestBytes, services.frameMemory)
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('drain', () => this.#advance())
    socket.on('end', () => this.#finishNow())
    socket.on('finish', () => this.#linger())
    socket.on('error', (error: NodeJS.ErrnoException) =>
      services.diagnostics.debug('a connection broke', { client: info.remoteAddress, reason: error.code ?? error.message }),
    )
    socket.on('close', () => this.#abandon())
    services.counters.connectionsOpened.add()
  }

  /** Answers every request that came completely, parked ones at once, and ends the connection. What the kernel holds at the call has come. */
  finish(): void {
    this.#closeReason = 'stop'
    this.#gone.abort()
    setImmediate(() => setImmediate(() => this.#finishNow())) // the second one comes after a poll for input that began after the call
  }

  destroy(): void {
    this.#socket.destroy()
  }

  get info(): ConnectionInfo {
    return this.#info
  }

  get signal(): AbortSignal {
    return this.#gone.signal
  }

  release(frame: Buffer): void {
    this.#services.frameMemory.giveBack(frame)
  }

  #finishNow(): void {
    this.#gone.abort()
    this.#endInput()
  }

  #receive(chunk: Buffer): void {
    this.#services.counters.receivedBytes.add(chunk.length)
    if (this.#isInputOver) return
    this.#frames.push(chunk)
    this.#advance()
  }

  /** Starts what may start. */
  #advance(): void {
    this.#isHeldUp = false
    while (!this.#isInputDone) {
      if (!this.#canStart()) {
        this.#isHeldUp = true
        break
      }
      const frame = this.#nextFrame()
      if (frame === undefined) {
        this.#isInputDone = this.#isInputOver
        break
      }
      this.#start(frame)
    }
    if (this.#isInputDone) return this.#endWhenAnswered()
    if (this.#isInputOver) return
    const isReadingPaused = this.#isHeldUp && this.#frames.unparsedBytes >= READ_AHEAD_BYTES_MAX
    if (isReadingPaused !== this.#socket.isPaused()) {
      if (isReadingPaused) this.#socket.pause()
      else this.#socket.resume()
    }
  }

  #canStart(): boolean {
    return (
      !this.#isAccepting &&
      this.#replies.count < UNANSWERED_MAX &&
      this.#replies.requestBytes < UNANSWERED_BYTES_MAX &&
      this.#replies.readyBytes + this.#socket.writableLength <= UNSENT_BYTES_MAX
    )
  }

  #nextFrame(): Buffer | undefined {
    try {
      return this.#frames.next()
    } catch (error) {
      if (!(error instanceof Malformed)) throw error
      const { remoteAddress } = this.#info
      this.#services.diagnostics.debug('closed a connection that sent what is no request', { client: remoteAddress, reason: error.message })
      this.#closeReason = 'malformed'
      this.#dropInput()
      return undefined
    }
  }

  #start(frame: Buffer): void {
    const slot = this.#replies.reserve(frame.length)
    const outcome = this.#services.dispatcher.dispatch(frame, this)
    if (!(outcome instanceof Promise)) return this.#accepted(slot, outcome)
    this.#isAccepting = true
    void this.#acceptedLater(slot, outcome)
  }

  async #acceptedLater(slot: ReplySlot, outcome: Promise<Outcome>): Promise<void> {
    const accepted = await outcome
    this.#isAccepting = false
    this.#accepted(slot, accepted)
    this.#advance()
  }

  #accepted(slot: ReplySlot, outcome: Outcome): void {
    if ('later' in outcome) void outcome.later.then((reply) => this.#answered(slot, reply))
    else this.#answered(slot, outcome)
  }

  #answered(slot: ReplySlot, reply: Reply): void {
    if (this.#isEnded) return
    this.#replies.fill(slot, reply)
    if (reply.closes) {
      this.#closeReason = reply.reason ?? 'client'
      this.#dropInput()
    }
    if (this.#isFlushScheduled) return
    // Not before the promises of this turn have settled: the answers of one group commit, or of one chunk of small requests, leave in one write.
    this.#isFlushScheduled = true
    process.nextTick(this.#flush)
  }

  readonly #flush = (): void => {
    this.#isFlushScheduled = false
    if (this.#isEnded) return
    const chunks: Buffer[] = []
    const isLast = this.#replies.take(chunks)
    for (const { length } of chunks) this.#services.counters.sentBytes.add(length)
    writeChunks(this.#socket, chunks)
    if (isLast) this.#end()
    else if (this.#isInputDone) this.#endWhenAnswered()
    else if (this.#isHeldUp && this.#canStart()) setImmediate(this.#resume)
  }

  // Through setImmediate, so that one client's flood of small requests takes turns with the others' requests.
  readonly #resume = (): void => this.#advance()

  #dropInput(): void {
    this.#frames.clear()
    this.#endInput()
  }

  #endInput(): void {
    if (this.#isInputOver) return
    this.#isInputOver = true
    this.#socket.pause()
    this.#advance()
  }

  #endWhenAnswered(): void {
    if (!this.#isEnded && this.#replies.count === 0) this.#end()
  }

  #end(): void {
    this.#isInputDone = true
    this.#isEnded = true
    this.#socket.end()
    // Bytes that nobody reads would make the kernel reset the connection, and the client might lose the last answers.
    this.#socket.resume()
  }

  #linger(): void {
    const timer = this.#services.clock.after(LINGER_MS, () => this.#socket.destroy())
    this.#socket.once('close', () => timer.cancel())
  }

  #abandon(): void {
    this.#services.counters.connectionsClosed.of(this.#closeReason).add()
    this.#isInputOver = true
    this.#isInputDone = true
    this.#isEnded = true
    this.#frames.clear()
    this.#replies.clear()
    this.#gone.abort()
  }
}
