// One client's connection: requests are taken off its socket one at a time, and their replies leave in the same order.
// - A request starts when the one before it was accepted, however many are still to be answered. It is decoded only then.
// - No request starts while much is accepted and not answered, or answered and not taken by the client; then reading stops too. So a client that
//   sends without reading costs one response and a few small ones, and the rest of what it sends stays in its own kernel.
// - A large request is let in when the budget of all connections has room for it; reading stops until then.
// - When input is over (the client has finished sending, sent what is no frame, or the broker stops), what came completely is answered, and then the
//   connection ends.

import type { Socket } from 'node:net'
import type { ConnectionInfo } from '../handlers/handler.ts'
import type { ByteBudget } from '../lib/byte-budget.ts'
import type { Clock } from '../lib/clock.ts'
import type { Diagnostics } from '../lib/diagnostics.ts'
import type { TurnShare } from '../lib/turn-share.ts'
import type { Turns } from '../lib/turns.ts'
import type { BufferPool } from '../lib/buffer-pool.ts'
import { FrameQueue } from '../wire/frame-queue.ts'
import { Malformed } from '../wire/reader.ts'
import { adopt } from './adopt.ts'
import { Claim, type RequestBudgets } from './budgets.ts'
import type { Dispatcher, Outcome } from './dispatch.ts'
import { Exchange, type Reply } from './exchange.ts'
import { Output } from './output.ts'
import { ReplyQueue } from './reply-queue.ts'
import type { CloseReason, ServerCounters } from './server-counters.ts'

const UNANSWERED_MAX = 128 // also what one turn of the event loop does for one connection
const UNANSWERED_BYTES_MAX = 16 * 1024 * 1024
const UNSENT_BYTES_MAX = 64 * 1024
const READ_AHEAD_BYTES_MAX = 16 * 1024
const LINGER_MS = 100
const STALLED_MS = 30_000
const STALLED_IN_THE_WAY_MS = 5_000
const GONE = new Error('the connection is gone') // one for all: making them takes most of the time when thousands go at once

export interface ConnectionServices {
  readonly dispatcher: Dispatcher
  readonly diagnostics: Diagnostics
  readonly clock: Clock
  readonly maxRequestBytes: number
  readonly bufferPool: BufferPool
  readonly pieceTurns: Turns
  readonly turnShare: TurnShare
  readonly counters: ServerCounters
  readonly requestBudgets: RequestBudgets
  readonly responseBudget: ByteBudget
  /** `connections.max.idle.ms` */
  readonly maxIdleMs: number
}

export class Connection {
  readonly #socket: Socket
  readonly #info: ConnectionInfo
  readonly #services: ConnectionServices
  readonly #gone = new AbortController()
  readonly #frames: FrameQueue
  readonly #replies = new ReplyQueue()
  readonly #output: Output
  #claim: Claim | undefined // of the frame that is assembled, or waits to be
  #movedBytes = 0 // in and out, when it was last looked at
  #quietSinceMs: number
  #isAccepting = false
  #isHeldUp = false // a request may be waiting for what canStart says
  #isFlushScheduled = false
  #isResumeScheduled = false
  #isInputOver = false
  #isInputDone = false // over, and every request in it has started
  #isEnded = false
  #closeReason: CloseReason = 'client'

  constructor(accepted: Socket, info: ConnectionInfo, services: ConnectionServices) {
    this.#info = info
    this.#services = services
    this.#frames = new FrameQueue(services.maxRequestBytes, {
      memory: services.bufferPool,
      mayAssemble: (frameBytes) => this.#mayAssemble(frameBytes),
    })
    const socket = adopt(accepted, { space: () => this.#frames.space(), received: (count, chunk) => this.#receive(count, chunk) })
    this.#socket = socket
    this.#output = new Output(socket, services.pieceTurns, () => this.#resumeSoon())
    this.#quietSinceMs = services.clock.monotonic()
    socket.on('end', () => services.turnShare.soon(() => this.#finishNow()))
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
    this.#gone.abort(GONE)
    setImmediate(() => setImmediate(() => this.#finishNow())) // the second one comes after a poll for input that began after the call
  }

  destroy(): void {
    this.#socket.destroy()
  }

  whenClosed(action: () => void): void {
    this.#socket.once('close', action)
  }

  /** Ends the connection when nothing has moved on it for longer than its state allows: to be called every second or so. */
  endIfQuiet(nowMs: number): void {
    if (this.#socket.destroyed) return
    const movedBytes = this.#socket.bytesRead + this.#output.sentBytes
    if (movedBytes !== this.#movedBytes) {
      this.#movedBytes = movedBytes
      this.#quietSinceMs = nowMs
    }
    const { reason, limitMs } = this.#patience()
    if (nowMs - this.#quietSinceMs < limitMs) return
    const { remoteAddress } = this.#info
    this.#closeReason = reason
    this.#services.diagnostics.debug('closed a quiet connection', { client: remoteAddress, reason, quietMs: nowMs - this.#quietSinceMs })
    this.destroy()
  }

  get info(): ConnectionInfo {
    return this.#info
  }

  get signal(): AbortSignal {
    return this.#gone.signal
  }

  #finishNow(): void {
    this.#gone.abort(GONE)
    this.#endInput()
  }

  #receive(count: number, chunk: Buffer | undefined): void {
    this.#services.counters.receivedBytes.add(count)
    if (this.#isInputOver) return
    if (chunk === undefined) this.#frames.filled(count)
    else this.#frames.push(chunk)
    this.#advance()
    this.#frames.keepRest()
  }

  /** Starts what may start. */
  #advance(): void {
    this.#isHeldUp = false
    while (!this.#isInputDone) {
      if (!this.#canStart()) {
        this.#isHeldUp = true
        break
      }
      if (this.#services.turnShare.isSpent) {
        this.#isHeldUp = true
        this.#resumeSoon()
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
    const isReadingPaused = this.#claim?.isWaiting || (this.#isHeldUp && this.#frames.unparsedBytes >= READ_AHEAD_BYTES_MAX)
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
      this.#replies.readyBytes + this.#output.unsentBytes <= UNSENT_BYTES_MAX
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

  #patience(): { readonly reason: CloseReason; readonly limitMs: number } {
    const { responseBudget, maxIdleMs } = this.#services
    const stalledMs = (isInTheWay: boolean): number => Math.min(maxIdleMs, isInTheWay ? STALLED_IN_THE_WAY_MS : STALLED_MS)
    if (this.#output.unsentBytes > 0) return { reason: 'takes no answer', limitMs: stalledMs(responseBudget.isContended) }
    if (this.#replies.count > 0) return { reason: 'idle', limitMs: Infinity }
    if (this.#claim !== undefined) return { reason: 'half a request', limitMs: stalledMs(this.#claim.isWanted) } // also one that waits for room
    return { reason: 'idle', limitMs: maxIdleMs }
  }

  #mayAssemble(frameBytes: number): boolean {
    const budget = this.#services.requestBudgets.of(frameBytes)
    if (budget === undefined) return true
    this.#claim ??= new Claim(budget, frameBytes, () => this.#advance())
    return !this.#claim.isWaiting
  }

  #start(frame: Buffer): void {
    const exchange = new Exchange(frame, this.#services.bufferPool, this.#claim)
    this.#claim = undefined
    this.#replies.push(exchange)
    const outcome = this.#services.dispatcher.dispatch(frame, this, exchange)
    if (!(outcome instanceof Promise)) return this.#accepted(exchange, outcome)
    this.#isAccepting = true
    void this.#acceptedLater(exchange, outcome)
  }

  async #acceptedLater(exchange: Exchange, outcome: Promise<Outcome>): Promise<void> {
    const accepted = await outcome
    this.#isAccepting = false
    this.#accepted(exchange, accepted)
    this.#advance()
  }

  #accepted(exchange: Exchange, outcome: Outcome): void {
    if ('later' in outcome) void outcome.later.then((reply) => this.#answered(exchange, reply))
    else this.#answered(exchange, outcome)
  }

  #answered(exchange: Exchange, reply: Reply): void {
    if (this.#isEnded) {
      exchange.answer(reply)
      exchange.left()
      return
    }
    this.#replies.answer(exchange, reply)
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
    this.#services.turnShare.soon(this.#flushNow)
  }

  readonly #flushNow = (): void => {
    this.#isFlushScheduled = false
    if (this.#isEnded) return
    const isLast = this.#replies.take(this.#send)
    this.#output.pump()
    if (isLast) this.#end()
    else if (this.#isInputDone) this.#endWhenAnswered()
    else this.#resumeSoon()
  }

  readonly #send = (exchange: Exchange, { chunks }: Reply): void => {
    this.#output.add(chunks)
    this.#services.counters.sentBytes.add(exchange.replyBytes)
    if (exchange.isAwaited) this.#output.mark(() => exchange.left())
  }

  // In another turn, so that one client's flood of small requests takes turns with the others' requests.
  #resumeSoon(): void {
    if (this.#isResumeScheduled || !this.#isHeldUp || !this.#canStart()) return
    this.#isResumeScheduled = true
    this.#services.turnShare.later(() => {
      this.#isResumeScheduled = false
      this.#advance()
    })
  }

  #dropInput(): void {
    this.#clearInput()
    this.#endInput()
  }

  #clearInput(): void {
    this.#frames.clear()
    this.#claim?.end()
    this.#claim = undefined
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
    this.#output.end()
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
    this.#clearInput()
    this.#replies.clear()
    this.#output.abandon()
    this.#gone.abort(GONE)
  }
}
