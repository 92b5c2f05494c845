// One connection to a broker, on our own codecs: what a test needs to send exactly one request, as bytes or as a value, and see exactly the answer.

import { connect, type Socket } from 'node:net'
import { decodeResponse, encodeRequest } from '../../src/wire/frame.ts'
import { Reader } from '../../src/wire/reader.ts'
import type { Api, Draft, Infer } from '../../src/wire/schema.ts'

export class ConnectionClosed extends Error {
  override name = 'ConnectionClosed'
}

interface Waiting {
  readonly resolve: (frame: Buffer) => void
  readonly reject: (error: Error) => void
}

export class WireConnection {
  readonly #socket: Socket
  readonly #waiting: Waiting[] = []
  #received: Buffer = Buffer.alloc(0)
  #lastCorrelationId = 0

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#receive(chunk))
    socket.on('error', () => undefined) // 'close' follows
    socket.on('close', () => {
      for (const waiting of this.#waiting.splice(0)) waiting.reject(new ConnectionClosed('the broker closed the connection'))
    })
  }

  static connect(bootstrap: string): Promise<WireConnection> {
    const [host, port] = bootstrap.split(':') as [string, string]
    return WireConnection.connectTo(host, Number(port))
  }

  static connectTo(host: string, port: number): Promise<WireConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, host)
      socket.once('error', reject)
      socket.once('connect', () => resolve(new WireConnection(socket)))
    })
  }

  /** Several may be under way: the answers come in the order of the requests. */
  async request<A extends Api>(api: A, version: number, request: Draft<A['request']>): Promise<Infer<A['response']>> {
    const correlationId = ++this.#lastCorrelationId
    const frame = await this.exchange(Buffer.concat(encodeRequest(api, version, correlationId, 'ottla-test', request)))
    const answer = decodeResponse(api, version, new Reader(frame))
    if (answer.correlationId !== correlationId) throw new Error(`answer ${answer.correlationId} came for request ${correlationId}`)
    return answer.response
  }

  /** Sends a whole frame, its size included; answers the next frame that comes, without its size. */
  exchange(frame: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) return reject(new ConnectionClosed('the connection is closed'))
      this.#waiting.push({ resolve, reject })
      this.#socket.write(frame)
    })
  }

  /** For what gets no answer. */
  send(frame: Buffer): void {
    this.#socket.write(frame)
  }

  get isClosed(): boolean {
    return this.#socket.destroyed
  }

  close(): void {
    this.#socket.destroy()
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    for (;;) {
      if (this.#received.length < 4) return
      const end = 4 + this.#received.readInt32BE(0)
      if (this.#received.length < end) return
      const frame = this.#received.subarray(4, end)
      this.#received = this.#received.subarray(end)
      this.#waiting.shift()?.resolve(frame)
    }
  }
}
