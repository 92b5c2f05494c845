// One connection to a broker: requests go out at once, answers come back in the order of the requests and are matched by correlation id.
// The version of each request is the highest that both sides speak. Whatever ends the connection fails every request that has no answer yet.

import { connect, type Socket } from 'node:net'
import { assert } from '../lib/assert.ts'
import { type Clock, systemClock, type Timer } from '../lib/clock.ts'
import { errorName, Refusal } from '../wire/error-codes.ts'
import { decodeResponse, encodeRequest } from '../wire/frame.ts'
import { FrameQueue } from '../wire/frame-queue.ts'
import { apiVersions } from '../wire/messages/api-versions.ts'
import { Reader } from '../wire/reader.ts'
import type { Api, Draft, Infer } from '../wire/schema.ts'

export interface Address {
  readonly host: string
  readonly port: number
}

export interface ConnectionOptions {
  readonly clientId?: string
  readonly connectTimeoutMs?: number
  /** A request that has no answer after this ends the connection. */
  readonly requestTimeoutMs?: number
  readonly clock?: Clock
}

/** The broker could not be reached, or is gone. `code` is Node's (ECONNREFUSED, ENOTFOUND, ETIMEDOUT, …) where there is one. */
export class Disconnected extends Error {
  override name = 'Disconnected'
  readonly address: Address
  readonly code: string

  constructor(address: Address, code: string, message: string) {
    super(message)
    this.address = address
    this.code = code
  }
}

export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

interface Pending {
  readonly api: Api
  readonly apiVersion: number
  readonly resolve: (response: never) => void
  readonly reject: (error: Error) => void
  readonly timer: Timer
}

const RESPONSE_BYTES_MAX = 2 ** 30
const CONNECT_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 40_000 // above the 30 s that brokers take at most by default

export class Connection {
  readonly address: Address
  readonly #socket: Socket
  readonly #clientId: string
  readonly #requestTimeoutMs: number
  readonly #clock: Clock
  readonly #frames = new FrameQueue(RESPONSE_BYTES_MAX)
  readonly #pending = new Map<number, Pending>() // in the order of their requests
  #versions = new Map<number, { minVersion: number; maxVersion: number }>([[apiVersions.key, { minVersion: 0, maxVersion: 0 }]])
  #nextCorrelationId = 0
  #ended: Disconnected | undefined

  /** Connects, and asks which versions the broker speaks. Rejects with Disconnected. */
  static async open(address: Address, options: ConnectionOptions = {}): Promise<Connection> {
    const socket = await openSocket(address, options)
    const connection = new Connection(address, socket, options)
    await connection.#negotiate()
    return connection
  }

  private constructor(
    address: Address,
    socket: Socket,
    { clientId = 'ottla', requestTimeoutMs = REQUEST_TIMEOUT_MS, clock = systemClock }: ConnectionOptions,
  ) {
    this.address = address
    this.#socket = socket
    this.#clientId = clientId
    this.#requestTimeoutMs = requestTimeoutMs
    this.#clock = clock
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('error', (error: NodeJS.ErrnoException) =>
      this.#end(error.code ?? 'EPIPE', `lost the connection to ${formatAddress(address)} (${error.code ?? error.message})`),
    )
    socket.on('close', () => this.#end('ECONNRESET', `${formatAddress(address)} closed the connection`))
  }

  get isOpen(): boolean {
    return this.#ended === undefined
  }

  /** The version that a request is sent in. Throws a Refusal with UNSUPPORTED_VERSION when there is none in common. */
  versionOf(api: Api): number {
    const theirs = this.#versions.get(api.key)
    const version = Math.min(api.maxVersion, theirs?.maxVersion ?? -1)
    if (theirs === undefined || version < Math.max(api.minVersion, theirs.minVersion)) {
      throw new Refusal(
        'UNSUPPORTED_VERSION',
        `${formatAddress(this.address)} does not speak ${api.name} in a version that this client knows`,
      )
    }
    return version
  }

  /** Rejects with Disconnected, or a Refusal when the API is not spoken; errors inside the response are the caller's to read. */
  async request<A extends Api>(api: A, request: Draft<A['request']>): Promise<Infer<A['response']>> {
    if (this.#ended !== undefined) throw this.#ended
    const apiVersion = this.versionOf(api)
    const correlationId = this.#nextCorrelationId
    this.#nextCorrelationId = (correlationId + 1) & 0x7fff_ffff
    const frame = encodeRequest(api, apiVersion, correlationId, this.#clientId, request)
    return new Promise<Infer<A['response']>>((resolve, reject) => {
      const timer = this.#clock.after(this.#requestTimeoutMs, () =>
        this.#end('ETIMEDOUT', `${formatAddress(this.address)} did not answer ${api.name} in ${this.#requestTimeoutMs} ms`),
      )
      this.#pending.set(correlationId, { api, apiVersion, resolve, reject, timer })
      this.#socket.cork()
      for (const chunk of frame) this.#socket.write(chunk)
      this.#socket.uncork()
    })
  }

  close(): void {
    this.#end('ECANCELED', `the connection to ${formatAddress(this.address)} was closed here`)
  }

  async #negotiate(): Promise<void> {
    try {
      const { errorCode, apiKeys } = await this.request(apiVersions, {}) // version 0, which every broker speaks
      if (errorCode !== 0) throw new Refusal(errorName(errorCode))
      this.#versions = new Map(apiKeys.map(({ apiKey, ...versions }) => [apiKey, versions]))
    } catch (error) {
      this.close()
      throw error
    }
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#frames.take(chunk)) this.#answer(frame)
    } catch (error) {
      this.#end('EPROTO', `${formatAddress(this.address)} sent what is no answer of a Kafka broker (${String(error)})`)
    }
  }

  #answer(frame: Buffer): void {
    const [first] = this.#pending
    assert(first !== undefined, () => 'an answer that nobody asked for')
    const [correlationId, { api, apiVersion, resolve, timer }] = first
    const answered = decodeResponse(api, apiVersion, new Reader(frame))
    assert(
      answered.correlationId === correlationId,
      () => `an answer to request ${answered.correlationId} in the place of ${correlationId}`,
    )
    this.#pending.delete(correlationId)
    timer.cancel()
    resolve(answered.response as never)
  }

  #end(code: string, message: string): void {
    if (this.#ended !== undefined) return
    this.#ended = new Disconnected(this.address, code, message)
    this.#socket.destroy()
    for (const { reject, timer } of this.#pending.values()) {
      timer.cancel()
      reject(this.#ended)
    }
    this.#pending.clear()
  }
}

export interface SocketOptions {
  readonly connectTimeoutMs?: number
  readonly clock?: Clock
  /** What is received is read into this buffer and handed over there, instead of coming as `data`. */
  readonly reading?: { readonly into: Buffer; readonly onRead: (chunk: Buffer) => void }
}

/** Rejects with Disconnected. */
export function openSocket(
  address: Address,
  { connectTimeoutMs = CONNECT_TIMEOUT_MS, clock = systemClock, reading }: SocketOptions,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const onread = reading && { buffer: reading.into, callback: (size: number) => (reading.onRead(reading.into.subarray(0, size)), true) }
    const socket = connect({ ...address, noDelay: true, ...(onread && { onread }) })
    const fail = (code: string): void => {
      timer.cancel()
      socket.destroy()
      reject(new Disconnected(address, code, `cannot reach a broker at ${formatAddress(address)} (${code})`))
    }
    const timer = clock.after(connectTimeoutMs, () => fail('ETIMEDOUT'))
    socket.once('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message))
    socket.once('connect', () => {
      timer.cancel()
      socket.removeAllListeners('error')
      resolve(socket)
    })
  })
}
