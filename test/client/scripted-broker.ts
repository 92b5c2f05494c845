// A broker that answers as a test says: it speaks the frames and the protocol, and knows nothing of topics. One connection at a time is enough.

import { createServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { decodeRequestHeader, encodeResponse } from '../../src/wire/frame.ts'
import { FrameQueue } from '../../src/wire/frame-queue.ts'
import { requestCodec } from '../../src/wire/compile.ts'
import { apisByKey } from '../../src/wire/messages/all.ts'
import { apiVersions } from '../../src/wire/messages/api-versions.ts'
import { metadata } from '../../src/wire/messages/metadata.ts'
import { Reader } from '../../src/wire/reader.ts'
import { ZERO_UUID } from '../../src/wire/uuid.ts'
import type { Api, Draft, Infer } from '../../src/wire/schema.ts'

/** What to do with a request: answer, answer later, hold it for ever, or cut the connection. */
type Answer = object | Promise<object> | 'silence' | 'hang up'
type Script = (request: never, version: number) => Answer

export interface AskedRequest {
  readonly name: string
  readonly version: number
}

export class ScriptedBroker {
  readonly asked: AskedRequest[] = []
  readonly #scripts = new Map<number, Script>()
  readonly #versions = new Map<number, { minVersion: number; maxVersion: number }>()
  readonly #sockets = new Set<Socket>()
  readonly #server: Server
  connectionCount = 0

  static async start(): Promise<ScriptedBroker> {
    const broker = new ScriptedBroker()
    await new Promise<void>((resolve) => broker.#server.listen(0, '127.0.0.1', resolve))
    return broker
  }

  private constructor() {
    this.#server = createServer((socket) => this.#serve(socket))
  }

  get address(): { host: string; port: number } {
    return { host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port }
  }

  /** From now on requests of `api` are answered so. Its versions are what is advertised. */
  on<A extends Api>(
    api: A,
    script: (request: Infer<A['request']>, version: number) => Draft<A['response']> | Promise<Draft<A['response']>> | 'silence' | 'hang up',
    versions: { minVersion: number; maxVersion: number } = api,
  ): this {
    this.#scripts.set(api.key, script as Script)
    this.#versions.set(api.key, versions)
    return this
  }

  /** Has one topic, and leads it. */
  leads(topic: string, partitionCount: number): this {
    const partitions = Array.from({ length: partitionCount }, (_, partitionIndex) => ({
      errorCode: 0,
      partitionIndex,
      leaderId: 1,
      leaderEpoch: 0,
      replicaNodes: [1],
      isrNodes: [1],
      offlineReplicas: [],
    }))
    return this.on(metadata, () => ({
      brokers: [{ nodeId: 1, ...this.address }],
      topics: [{ errorCode: 0, name: topic, topicId: ZERO_UUID, partitions }],
      errorCode: 0,
    }))
  }

  /** Cuts every connection. */
  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async stop(): Promise<void> {
    this.hangUp()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #serve(socket: Socket): void {
    this.connectionCount++
    this.#sockets.add(socket)
    const frames = new FrameQueue(1 << 24)
    let earlier: Promise<unknown> = Promise.resolve()
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      for (const frame of frames.take(chunk)) earlier = this.#reply(socket, this.#answer(frame), earlier)
    })
  }

  /** In the order of the requests. */
  async #reply(socket: Socket, answer: Promise<Buffer[] | 'silence' | 'hang up'>, earlier: Promise<unknown>): Promise<void> {
    const reply = await answer
    await earlier
    if (reply === 'hang up') socket.destroy()
    else if (reply !== 'silence') socket.write(Buffer.concat(reply))
  }

  async #answer(frame: Buffer): Promise<Buffer[] | 'silence' | 'hang up'> {
    const reader = new Reader(frame)
    const { apiKey, apiVersion, correlationId } = decodeRequestHeader(
      reader,
      (key, version) => version >= apisByKey.get(key)!.firstFlexibleVersion,
    )
    const api = apisByKey.get(apiKey)!
    const request = requestCodec(api, apiVersion).decode(reader)
    this.asked.push({ name: api.name, version: apiVersion })
    if (apiKey === apiVersions.key)
      return encodeResponse(apiVersions, apiVersion, correlationId, { errorCode: 0, apiKeys: this.#apiKeys() })
    const answer = await this.#scripts.get(apiKey)!(request as never, apiVersion)
    return typeof answer === 'string' ? answer : encodeResponse(api, apiVersion, correlationId, answer as never)
  }

  #apiKeys(): { apiKey: number; minVersion: number; maxVersion: number }[] {
    return [...this.#versions].map(([apiKey, { minVersion, maxVersion }]) => ({ apiKey, minVersion, maxVersion }))
  }
}
