// What a handler is, seen from the server: a function from a decoded request to a response, and how the connection goes on meanwhile.
// The server knows nothing else of handlers, and handlers nothing of sockets.

import type { Api, Draft, Infer } from '../wire/schema.ts'
import type { Refusal } from '../wire/error-codes.ts'

export interface ConnectionInfo {
  readonly id: number
  readonly listenerName: string
  /** As the client reached us: what Metadata advertises unless `advertised.listeners` says otherwise. */
  readonly localAddress: string
  readonly localPort: number
  readonly remoteAddress: string
}

/** What a handler may tell of the memory that a request and its answer take. It need not. */
export interface RequestMemory {
  /** Nobody reads the request's bytes any more, and no write to disk is under way with them: they may hold another request. */
  releaseRequest(): void
  /** Calls `action` once the answer has been sent, or will never be: what it was made of is free then. */
  whenAnswerLeft(action: () => void): void
}

export interface RequestContext {
  readonly apiVersion: number
  readonly clientId: string | null
  readonly connection: ConnectionInfo
  /** Aborts when the connection is gone or the broker stops: parked work ends at once, answering what it has. */
  readonly signal: AbortSignal
  readonly memory: RequestMemory
}

/** The answer of a request that gets none (Produce with acks=0). */
export const NO_RESPONSE = Symbol('no response')
/** The answer of a request whose only possible answer is to close the connection (an error on acks=0). */
export const CLOSE_CONNECTION = Symbol('close connection')
export type Answer = object | typeof NO_RESPONSE | typeof CLOSE_CONNECTION

/** `answer` may be a promise while the connection's next request is already let in; answers leave in request order all the same. */
export interface Accepted {
  readonly answer: Answer | Promise<Answer>
}

export interface ServedApi {
  readonly api: Api
  /** The lowest version that is served; ApiVersions may advertise a lower one. */
  readonly minVersion: number
  readonly maxVersion: number
  /** The connection's next request starts once this has returned, or its promise has settled. `request` is what the API's codec decoded. */
  accept(request: object, context: RequestContext): Accepted | Promise<Accepted>
  /** The answer that says `refusal` for the whole request. */
  refuse(request: object, refusal: Refusal, context: RequestContext): Answer
}

export interface HandlerFunctions<A extends Api> {
  handle(request: Infer<A['request']>, context: RequestContext): NoInfer<Draft<A['response']>> | Promise<NoInfer<Draft<A['response']>>>
  refuse(request: Infer<A['request']>, refusal: Refusal, context: RequestContext): NoInfer<Draft<A['response']>>
}

/** An API whose requests are done before the connection's next one starts: every API but Produce. */
export function handler<A extends Api>(api: A, functions: HandlerFunctions<A>): ServedApi {
  return {
    api,
    minVersion: api.minVersion,
    maxVersion: api.maxVersion,
    accept(request, context) {
      const answer = functions.handle(request, context)
      return answer instanceof Promise ? answer.then((settled) => ({ answer: settled as object })) : { answer: answer as object }
    },
    refuse: (request, refusal, context) => functions.refuse(request, refusal, context) as object,
  }
}
