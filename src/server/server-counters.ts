// What the server counts: connections, bytes, and for each API its requests, errors and times. broker-counters.ts has the names.

import { Counter, Labelled } from '../lib/counters.ts'
import { Histogram } from '../lib/histogram.ts'
import { errorName } from '../wire/error-codes.ts'
import { errorFields } from '../wire/error-fields.ts'
import type { Api } from '../wire/schema.ts'

/**
 * `client`: it ended the connection, or was gone. `malformed`: it sent what is no request, or one that is not served. `unanswerable`: an error on
 * acks=0. `bug`: one of ours. `stop`: the broker stopped. Quiet for too long: `idle`; within a large request, `half a request`; before it had taken an
 * answer, `takes no answer`.
 */
export type CloseReason = 'client' | 'malformed' | 'unanswerable' | 'bug' | 'stop' | 'idle' | 'half a request' | 'takes no answer'

const counter = (): Counter => new Counter()

export class ServerCounters {
  readonly connectionsOpened = new Counter()
  readonly connectionsRefused = new Counter()
  readonly connectionsClosed = new Labelled(['reason'], counter)
  readonly receivedBytes = new Counter()
  readonly sentBytes = new Counter()
  readonly requests = new Labelled(['api'], counter)
  readonly requestBytes = new Labelled(['api'], counter)
  readonly responseBytes = new Labelled(['api'], counter)
  readonly errors = new Labelled(['api', 'error'], counter)
  readonly durations = new Labelled(['api'], () => new Histogram())

  get openConnections(): number {
    const closed = this.connectionsClosed.samples().reduce((sum, { value }) => sum + Number(value), 0)
    return this.connectionsOpened.value - closed
  }

  ofApi(api: Api): ApiCounters {
    return new ApiCounters(this, api)
  }
}

/** Of one API, at hand for every request. */
export class ApiCounters {
  readonly #requests: Counter
  readonly #requestBytes: Counter
  readonly #responseBytes: Counter
  readonly #durations: Histogram
  readonly #eachError: (response: object, found: (code: number) => void) => void
  readonly #countError: (code: number) => void

  constructor(counters: ServerCounters, { name, response }: Api) {
    this.#requests = counters.requests.of(name)
    this.#requestBytes = counters.requestBytes.of(name)
    this.#responseBytes = counters.responseBytes.of(name)
    this.#durations = counters.durations.of(name)
    this.#eachError = errorFields(response)
    this.#countError = (code) => counters.errors.of(name, errorName(code)).add()
  }

  received(bytes: number): void {
    this.#requests.add()
    this.#requestBytes.add(bytes)
  }

  /** The response is ready, or there is none. */
  answered(durationMs: number, chunks: readonly Buffer[]): void {
    this.#durations.record(durationMs)
    for (const chunk of chunks) this.#responseBytes.add(chunk.length)
  }

  errorsOf(response: object): void {
    this.#eachError(response, this.#countError)
  }
}
