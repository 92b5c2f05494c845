// A connection for load: requests are bytes that were encoded beforehand, answers are scanned where they lie in one buffer that is read into again and
// again. What is sent while answers are scanned goes out together.

import type { Socket } from 'node:net'
import { type Address, Disconnected, formatAddress, openSocket } from '../connection.ts'
import { type Scan, Scanner } from './scanner.ts'

const READ_BYTES = 256 << 10

export interface LoadConnectionOptions {
  /** Of all answers, one after the other, each with its size in front. */
  readonly scan: Scan
  /** The connection is lost, or an answer is none: once. */
  readonly onEnd: (error: Error) => void
}

export class LoadConnection {
  readonly #socket: Socket
  readonly #onEnd: (error: Error) => void
  #isClosed = false

  /** Rejects with Disconnected. */
  static async open(address: Address, options: LoadConnectionOptions): Promise<LoadConnection> {
    const scanner = new Scanner(options.scan)
    const onRead = (chunk: Buffer): void => connection.#scan(scanner, chunk)
    const socket = await openSocket(address, { reading: { into: Buffer.allocUnsafeSlow(READ_BYTES), onRead } })
    const connection = new LoadConnection(address, socket, options.onEnd)
    return connection
  }

  private constructor(address: Address, socket: Socket, onEnd: (error: Error) => void) {
    this.#socket = socket
    this.#onEnd = onEnd
    socket.on('error', (error: NodeJS.ErrnoException) => this.#end(lost(address, error.code ?? error.message)))
    socket.on('close', () => this.#end(new Disconnected(address, 'ECONNRESET', `${formatAddress(address)} closed the connection`)))
  }

  /** Whether more may be sent without piling up here; `onDrain` is told when it may again. */
  send(frame: Buffer): boolean {
    return this.#socket.write(frame)
  }

  onDrain(listener: () => void): void {
    this.#socket.on('drain', listener)
  }

  close(): void {
    this.#isClosed = true
    this.#socket.destroy()
  }

  #scan(scanner: Scanner, chunk: Buffer): void {
    this.#socket.cork()
    try {
      scanner.take(chunk)
    } catch (error) {
      this.#end(error as Error)
    }
    this.#socket.uncork()
  }

  #end(error: Error): void {
    if (this.#isClosed) return
    this.close()
    this.#onEnd(error)
  }
}

function lost(address: Address, code: string): Disconnected {
  return new Disconnected(address, code, `lost the connection to ${formatAddress(address)} (${code})`)
}
