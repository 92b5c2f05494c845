// What a connection has still to send. It goes out in pieces, the next one when the kernel has taken the one before, and only a few of all connections in a turn
// of the event loop: so large answers take turns with everything else, and it shows whether a client that takes its time takes anything at all. Small chunks
// are joined, since each buffer of its own costs more than copying it; large ones, which are record batches, go to the kernel from where they lie.

import type { Writable } from 'node:stream'
import { nextTurn, Turns } from '../lib/turns.ts'

const JOINED_BELOW_BYTES = 4 * 1024
// While the kernel takes all that it is given, more of it: each piece costs a turn of the event loop, and a consumer gets up to 1.4 times as much. The kernel
// copies a megabyte in 0.2 to 0.8 ms.
const PIECE_BYTES = 256 * 1024
const LARGE_PIECE_BYTES = 1024 * 1024
const PIECES_PER_TURN = 2

interface Mark {
  readonly position: number // of all bytes that were ever added
  readonly reached: () => void
}

export class Output {
  readonly #socket: Writable
  readonly #turns: Turns
  readonly #onTaken: () => void
  #waiting: Buffer[] = [] // behind what the socket has
  #waitingBytes = 0
  #addedBytes = 0
  #pieceBytes = PIECE_BYTES
  #marks: Mark[] = []
  #isEnding = false

  /** `turns` are of the pieces of all connections; `onTaken` is called each time the kernel has taken what it was given. */
  constructor(socket: Writable, turns: Turns, onTaken: () => void) {
    this.#socket = socket
    this.#turns = turns
    this.#onTaken = onTaken
  }

  /** What the kernel has not taken yet. */
  get unsentBytes(): number {
    return this.#waitingBytes + this.#socket.writableLength
  }

  get sentBytes(): number {
    return this.#addedBytes - this.unsentBytes
  }

  /** Goes out with the next `pump`. */
  add(chunks: readonly Buffer[]): void {
    for (const chunk of chunks) {
      this.#waiting.push(chunk)
      this.#waitingBytes += chunk.length
      this.#addedBytes += chunk.length
    }
  }

  /** Calls `reached` once everything that was added before is sent, or will never be. */
  mark(reached: () => void): void {
    this.#marks.push({ position: this.#addedBytes, reached })
  }

  /** Writes what was added, as far as the kernel takes it; the rest follows by itself. */
  pump(): void {
    if (this.#waiting.length > 0 && this.#socket.writableLength === 0) this.#write(this.#takePiece())
    if (this.#marks.length > 0) this.#reach(this.sentBytes)
    if (this.#isEnding && this.#waiting.length === 0) this.#socket.end()
  }

  /** Ends the socket when everything is written. */
  end(): void {
    this.#isEnding = true
    this.pump()
  }

  /** The socket is gone. */
  abandon(): void {
    this.#waiting = []
    this.#waitingBytes = 0
    this.#reach(Infinity)
  }

  #takePiece(): Buffer[] {
    const piece: Buffer[] = []
    let size = 0
    let count = 0
    for (; count < this.#waiting.length && size < this.#pieceBytes; count++) {
      const chunk = this.#waiting[count]!
      const room = this.#pieceBytes - size
      piece.push(chunk.length > room ? chunk.subarray(0, room) : chunk)
      size += Math.min(chunk.length, room)
      if (chunk.length <= room) continue
      this.#waiting[count] = chunk.subarray(room)
      break
    }
    if (count === this.#waiting.length) this.#waiting = []
    else this.#waiting.splice(0, count)
    this.#waitingBytes -= size
    return piece
  }

  #write(piece: readonly Buffer[]): void {
    const joined = joinSmall(piece)
    if (joined.length > 1) this.#socket.cork()
    for (const [index, chunk] of joined.entries()) {
      if (index < joined.length - 1) this.#socket.write(chunk)
      else this.#socket.write(chunk, this.#taken)
    }
    if (joined.length > 1) this.#socket.uncork()
    this.#pieceBytes = this.#socket.writableLength === 0 ? LARGE_PIECE_BYTES : PIECE_BYTES
  }

  // Not at 'drain', which comes only after more than the socket's high-water mark.
  readonly #taken = (error?: Error | null): void => {
    if (error) return // 'close' follows
    if (this.#waiting.length > 0) return void this.#pumpLater()
    this.pump()
    this.#onTaken()
  }

  async #pumpLater(): Promise<void> {
    await nextTurn()
    await this.#turns.take()
    this.pump()
  }

  #reach(position: number): void {
    let count = 0
    while (count < this.#marks.length && this.#marks[count]!.position <= position) count++
    for (const { reached } of this.#marks.splice(0, count)) reached()
  }
}

/** Of the pieces of all connections. */
export const pieceTurns = (): Turns => new Turns(PIECES_PER_TURN)

function joinSmall(chunks: readonly Buffer[]): readonly Buffer[] {
  if (chunks.length <= 1) return chunks
  const joined: Buffer[] = []
  for (let index = 0; index < chunks.length;) {
    const start = index
    let size = 0
    while (index < chunks.length && chunks[index]!.length < JOINED_BELOW_BYTES) size += chunks[index++]!.length
    if (index - start > 1) joined.push(Buffer.concat(chunks.slice(start, index), size))
    else if (index > start) joined.push(chunks[start]!)
    if (index < chunks.length) joined.push(chunks[index++]!)
  }
  return joined
}
