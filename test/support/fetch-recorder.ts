// Stands between real clients and a broker, which tells them its address, and keeps what they ask in Fetch requests: to see whether a client uses sessions.

import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { requestCodec } from '../../src/wire/compile.ts'
import { decodeRequestHeader } from '../../src/wire/frame.ts'
import { FrameQueue } from '../../src/wire/frame-queue.ts'
import { fetch } from '../../src/wire/messages/fetch.ts'
import { Reader } from '../../src/wire/reader.ts'
import { startOttla, type OttlaProcess } from './broker-process.ts'

export interface RecordedFetch {
  readonly version: number
  readonly sessionId: number
  readonly sessionEpoch: number
  readonly partitionCount: number
  readonly size: number
}

const REQUEST_BYTES_MAX = 100 << 20
const isFlexible = (apiKey: number, version: number): boolean => apiKey === fetch.key && version >= fetch.firstFlexibleVersion

export class FetchRecorder {
  readonly fetches: RecordedFetch[] = []
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #broker: OttlaProcess | undefined

  private constructor() {
    this.#server = createServer((client) => this.#relay(client))
  }

  static async start(flags: readonly string[] = []): Promise<FetchRecorder> {
    const recorder = new FetchRecorder()
    await new Promise<void>((resolve) => recorder.#server.listen(0, '127.0.0.1', resolve))
    recorder.#broker = await startOttla({ durability: 'os', flags: ['--advertise', recorder.bootstrap, ...flags] })
    return recorder
  }

  get bootstrap(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await this.#broker?.stop()
  }

  #relay(client: Socket): void {
    const [host, port] = this.#broker!.bootstrap.split(':') as [string, string]
    const broker = connect(Number(port), host)
    const frames = new FrameQueue(REQUEST_BYTES_MAX)
    for (const [socket, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.setNoDelay(true)
      socket.pipe(other)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        other.destroy()
        this.#sockets.delete(socket)
      })
    }
    client.on('data', (chunk: Buffer) => {
      frames.push(chunk)
      for (let frame = frames.next(); frame !== undefined; frame = frames.next()) this.#record(frame)
    })
  }

  #record(frame: Buffer): void {
    if (frame.readInt16BE(0) !== fetch.key) return
    const reader = new Reader(frame)
    const { apiVersion } = decodeRequestHeader(reader, isFlexible)
    const { sessionId, sessionEpoch, topics } = requestCodec(fetch, apiVersion).decode(reader)
    const partitionCount = topics.reduce((sum, { partitions }) => sum + partitions.length, 0)
    this.fetches.push({ version: apiVersion, sessionId, sessionEpoch, partitionCount, size: frame.length })
  }
}
