// One client's conversation with the broker: bytes, cut into chunks that are sent with pauses between them, and how the client leaves. Every conversation ends:
// the client that stays says that it has finished, upon which the broker answers everything, also what is parked.

import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { FrameQueue } from '../../src/wire/frame-queue.ts'
import { unlessMalformed } from './decoder-targets.ts'

/** `finish`: half-closes and waits. `read late`: the same, and takes the answers only then. `hang up`, `reset`: leaves without waiting. */
export const LEAVES = ['finish', 'read late', 'hang up', 'reset'] as const
type Leave = (typeof LEAVES)[number]

export interface Conversation {
  readonly bytes: Buffer
  readonly cuts: readonly number[]
  readonly leave: Leave
}

const ANSWER_BYTES_MAX = 1 << 30
const TURNS_READ_LATE = 5
const ENDS_WITHIN_MS = 20_000

/** The frames that were answered before the broker closed; undefined when the client left first. Rejects when the broker does not close. */
export async function converse(port: number, chunks: readonly Buffer[], leave: Leave): Promise<Buffer[] | undefined> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  const answers: Buffer[] = []
  const queue = new FrameQueue(ANSWER_BYTES_MAX)
  socket.on('error', () => undefined) // a reset is an end
  socket.on('data', (chunk: Buffer) => {
    for (const frame of queue.take(chunk)) answers.push(frame)
  })
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  await once(socket, 'connect')
  if (leave === 'read late') socket.pause()
  for (const chunk of chunks) {
    if (socket.destroyed || socket.writableEnded) break // the broker has had enough
    socket.write(chunk)
    await setImmediate()
  }
  if (leave === 'hang up' || leave === 'reset') {
    if (leave === 'reset') socket.resetAndDestroy()
    else socket.destroy()
    await closed
    return undefined
  }
  socket.end()
  if (leave === 'read late') {
    for (let turn = 0; turn < TURNS_READ_LATE; turn++) await setImmediate()
    socket.resume()
  }
  await closedInTime(socket, closed)
  return answers
}

async function closedInTime(socket: Socket, closed: Promise<unknown>): Promise<void> {
  const timer = setTimeout(() => socket.destroy(new Error('late')), ENDS_WITHIN_MS)
  let isLate = false
  socket.once('error', (error) => (isLate = error.message === 'late'))
  await closed
  clearTimeout(timer)
  if (isLate) throw new Error(`the broker did not end the connection within ${ENDS_WITHIN_MS} ms of the client's end`)
}

/** The whole frames of a stream, up to the first size out of range, where the broker stops reading. */
export function framesIn(bytes: Buffer, frameBytesMax: number): Buffer[] {
  const frames: Buffer[] = []
  unlessMalformed(() => {
    for (const frame of new FrameQueue(frameBytesMax).take(bytes)) frames.push(frame)
  })
  return frames
}
