// A client that is nothing but a socket: sends what a test says, byte for byte, and cuts what comes back into frames.

import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { FrameQueue } from '../../src/wire/frame-queue.ts'

export class TestClient {
  readonly socket: Socket
  readonly #frames = new FrameQueue(2 ** 31 - 1)
  readonly #chunks: AsyncIterator<Buffer>

  static async connect({ host, port }: { host: string; port: number }, options: { allowHalfOpen?: boolean } = {}): Promise<TestClient> {
    const socket = connect({ host, port, noDelay: true, ...options })
    await once(socket, 'connect')
    return new TestClient(socket)
  }

  private constructor(socket: Socket) {
    this.socket = socket
    this.#chunks = socket.iterator({ destroyOnReturn: false })
    socket.on('error', () => {}) // a reset is an end: `next` says so
  }

  send(...chunks: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(chunks))
  }

  /** The next frame without its size; undefined when the server has ended the connection. */
  async next(): Promise<Buffer | undefined> {
    for (;;) {
      const frame = this.#frames.next()
      if (frame !== undefined) return frame
      const { done, value } = await this.#chunks.next().catch(() => ({ done: true, value: undefined }))
      if (done === true || value === undefined) return undefined
      this.#frames.push(value)
    }
  }

  /** Every frame until the server ends the connection. */
  async rest(): Promise<Buffer[]> {
    const frames: Buffer[] = []
    for (let frame = await this.next(); frame !== undefined; frame = await this.next()) frames.push(frame)
    return frames
  }
}
