// One frame in, one reply out: header, version, decode, accept, encode. What may go wrong with a request ends here, so that a connection sees replies only.
// - Malformed bytes, an API or a version that is not served: the connection closes.
// - ApiVersions in a version that is not served: its v0 form with UNSUPPORTED_VERSION and the versions of ApiVersions alone, from which the client picks one (KIP-511).
// - A Refusal: the response that says so. Anything else that is thrown is our bug: logged, UNKNOWN_SERVER_ERROR, and the connection closes.
// - Bytes after the end of a request are ignored, as Kafka does.
// - A long answer is encoded in steps, between which others have their turn: the configs of 1,000 topics are 10 MB.

import { CLOSE_CONNECTION, NO_RESPONSE } from '../handlers/handler.ts'
import { requestCodec, responseCodec } from '../wire/compile.ts'
import { errorCode, Refusal } from '../wire/error-codes.ts'
import { decodeRequestHeader, encodeResponse, encodeResponseInSteps } from '../wire/frame.ts'
import { Malformed, Reader } from '../wire/reader.ts'
import type { Accepted, Answer, ConnectionInfo, RequestContext, RequestMemory, ServedApi } from '../handlers/handler.ts'
import type { Clock } from '../lib/clock.ts'
import type { Diagnostics } from '../lib/diagnostics.ts'
import type { TurnShare } from '../lib/turn-share.ts'
import type { RequestHeader } from '../wire/frame.ts'
import type { Reply } from './exchange.ts'
import type { ApiCounters, ServerCounters } from './server-counters.ts'

/** The request is let in and the next one may start; its reply comes later. Neither promise of this file ever rejects. */
interface LaterReply {
  readonly later: Promise<Reply>
}
export type Outcome = Reply | LaterReply

/** Who sent a frame. */
export interface Peer {
  readonly info: ConnectionInfo
  readonly signal: AbortSignal
}

interface Call {
  readonly served: ServedApi
  readonly counters: ApiCounters
  readonly startMs: number
  readonly header: RequestHeader
  readonly request: object
  readonly context: RequestContext
}

const API_VERSIONS_KEY = 18
const NO_REPLY: Reply = { chunks: [], closes: false }
const CLOSE_MALFORMED: Reply = { chunks: [], closes: true, reason: 'malformed' }
const CLOSE_UNANSWERABLE: Reply = { chunks: [], closes: true, reason: 'unanswerable' }
const CLOSE_BUG: Reply = { chunks: [], closes: true, reason: 'bug' }

interface CountedApi {
  readonly served: ServedApi
  readonly counters: ApiCounters
}

export interface DispatcherServices {
  readonly diagnostics: Diagnostics
  readonly clock: Clock
  readonly counters: ServerCounters
  readonly turnShare: TurnShare
}

export class Dispatcher {
  readonly #servedByKey: ReadonlyMap<number, CountedApi>
  readonly #diagnostics: Diagnostics
  readonly #clock: Clock
  readonly #turnShare: TurnShare
  readonly #isFlexible = (apiKey: number, apiVersion: number): boolean =>
    apiVersion >= (this.#servedByKey.get(apiKey)?.served.api.firstFlexibleVersion ?? Infinity)

  constructor(served: readonly ServedApi[], { diagnostics, clock, counters, turnShare }: DispatcherServices) {
    this.#servedByKey = new Map(served.map((each) => [each.api.key, { served: each, counters: counters.ofApi(each.api) }]))
    this.#diagnostics = diagnostics
    this.#clock = clock
    this.#turnShare = turnShare
  }

  /** The connection's next request may start when this has returned, or its promise has settled. Promises only where the handler makes one. */
  dispatch(frame: Buffer, peer: Peer, memory: RequestMemory): Outcome | Promise<Outcome> {
    const call = this.#decode(frame, peer, memory)
    if ('closes' in call) return call
    try {
      const accepted = call.served.accept(call.request, call.context)
      if (!(accepted instanceof Promise)) return this.#outcome(call, accepted)
      return accepted.then(
        (settled) => this.#inTurn(() => this.#outcome(call, settled)),
        (error: unknown) => this.#failure(call, error),
      )
    } catch (error) {
      return this.#failure(call, error)
    }
  }

  #decode(frame: Buffer, peer: Peer, memory: RequestMemory): Call | Reply {
    const reader = new Reader(frame)
    const startMs = this.#clock.monotonic()
    try {
      const header = decodeRequestHeader(reader, this.#isFlexible)
      const { apiKey, apiVersion, clientId } = header
      const counted = this.#servedByKey.get(apiKey)
      if (counted === undefined || apiVersion < counted.served.minVersion || apiVersion > counted.served.maxVersion)
        return this.#unserved(counted?.served, header, peer)
      const { served, counters } = counted
      const request = requestCodec(served.api, apiVersion).decode(reader) as object
      counters.received(frame.length)
      return {
        served,
        counters,
        startMs,
        header,
        request,
        context: { apiVersion, clientId, connection: peer.info, signal: peer.signal, memory },
      }
    } catch (error) {
      if (error instanceof Malformed) return this.#close(peer, { reason: error.message })
      this.#logBug(error, 'a request')
      return CLOSE_BUG
    }
  }

  #unserved(served: ServedApi | undefined, header: RequestHeader, peer: Peer): Reply {
    const { apiKey, apiVersion, clientId } = header
    if (served === undefined || apiKey !== API_VERSIONS_KEY) {
      return this.#close(peer, { reason: 'the API or its version is not served', apiKey, apiVersion, clientId })
    }
    const { api, minVersion, maxVersion } = served
    const response = { errorCode: errorCode('UNSUPPORTED_VERSION'), apiKeys: [{ apiKey, minVersion, maxVersion }] }
    return { chunks: encodeResponse(api, api.minVersion, header.correlationId, response), closes: false }
  }

  #outcome(call: Call, { answer }: Accepted): Outcome | Promise<Outcome> {
    if (!(answer instanceof Promise)) return this.#reply(call, answer)
    const later = answer.then(
      (settled) => this.#inTurn(() => this.#reply(call, settled)),
      (error: unknown) => this.#failure(call, error),
    )
    return { later }
  }

  /** A thousand that have waited for the same thing are answered together. */
  #inTurn<T>(work: () => T | Promise<T>): T | Promise<T> {
    const wait = this.#turnShare.step()
    return wait === undefined ? work() : wait.then(work)
  }

  #reply(call: Call, answer: Answer): Reply | Promise<Reply> {
    try {
      if (typeof answer === 'object' && responseCodec(call.served.api, call.header.apiVersion).isLong(answer))
        return this.#replyInSteps(call, answer)
      return this.#answered(call, answer, encode(call, answer, false))
    } catch (error) {
      return this.#failure(call, error)
    }
  }

  async #replyInSteps(call: Call, answer: object): Promise<Reply> {
    const { served, header } = call
    try {
      const chunks = await this.#turnShare.through(encodeResponseInSteps(served.api, header.apiVersion, header.correlationId, answer))
      return this.#answered(call, answer, { chunks, closes: false })
    } catch (error) {
      return this.#failure(call, error)
    }
  }

  #failure(call: Call, error: unknown): Reply {
    const isBug = !(error instanceof Refusal)
    if (isBug) this.#logBug(error, call.served.api.name)
    const refusal = isBug ? new Refusal('UNKNOWN_SERVER_ERROR') : error
    try {
      const answer = call.served.refuse(call.request, refusal, call.context)
      return this.#answered(call, answer, encode(call, answer, isBug))
    } catch (second) {
      this.#logBug(second, call.served.api.name)
      return CLOSE_BUG
    }
  }

  #answered({ counters, startMs }: Call, answer: Answer, reply: Reply): Reply {
    counters.answered(this.#clock.monotonic() - startMs, reply.chunks)
    if (typeof answer === 'object') counters.errorsOf(answer)
    return reply
  }

  #close(peer: Peer, fields: { reason: string; apiKey?: number; apiVersion?: number; clientId?: string | null }): Reply {
    this.#diagnostics.debug('closed a connection that sent what is no request', { client: peer.info.remoteAddress, ...fields })
    return CLOSE_MALFORMED
  }

  #logBug(error: unknown, what: string): void {
    const stack = error instanceof Error ? error.stack : String(error)
    this.#diagnostics.error(`bug: could not answer ${what}`, { stack })
  }
}

function encode({ served, header }: Call, answer: Answer, isBug: boolean): Reply {
  if (answer === CLOSE_CONNECTION) return isBug ? CLOSE_BUG : CLOSE_UNANSWERABLE
  if (answer === NO_RESPONSE) return isBug ? CLOSE_BUG : NO_REPLY
  const chunks = encodeResponse(served.api, header.apiVersion, header.correlationId, answer)
  return isBug ? { chunks, closes: true, reason: 'bug' } : { chunks, closes: false }
}
