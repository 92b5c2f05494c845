// What comes on an accepted connection is read straight to where it belongs. A socket of Node's makes a chunk of up to 64 KiB of each read, which is copied
// from there and becomes garbage: four times the CPU per byte of a broker that only reads, and V8 counts chunks as if they filled its heap. Node reads into
// memory of ours (`onread`) for those who connect, not for those who accept; so another socket is made around the handle of the accepted one.

import { Socket, type SocketConstructorOpts } from 'node:net'

export interface Input {
  /** Where the bytes that come next belong, if that is known. */
  readonly space: () => Buffer | undefined
  /** So many have come: in `chunk`, which is for use during the call only, or where there is none, in `space`. */
  readonly received: (count: number, chunk: Buffer | undefined) => void
}

const HANDLE = '_handle' // not documented; tried with Node.js 18 to 24: where it is missing, chunks are as good as they were
const CHUNK_BYTES = 32 << 10
const isReadWhenItHasCome = process.platform !== 'win32' // Windows has the memory of a read from before anything comes until it does
const commonChunk = Buffer.allocUnsafeSlow(isReadWhenItHasCome ? CHUNK_BYTES : 0)

/** A socket in the place of `accepted`, which was accepted with `pauseOnConnect` and is not to be used any more. */
export function adopt(accepted: Socket, { space, received }: Input): Socket {
  const handle = Reflect.get(accepted, HANDLE) as object | null | undefined
  if (handle === undefined || handle === null) {
    accepted.on('data', (chunk: Buffer) => received(chunk.length, chunk)).resume()
    return accepted
  }
  Reflect.set(accepted, HANDLE, null)
  accepted.destroy()
  const commonOrOwn = isReadWhenItHasCome ? commonChunk : Buffer.allocUnsafeSlow(CHUNK_BYTES)
  const onread = {
    buffer: () => space() ?? commonOrOwn,
    callback: (count: number, memory: Uint8Array): boolean => {
      received(count, memory === commonOrOwn ? commonOrOwn.subarray(0, count) : undefined)
      return true
    },
  }
  return new Socket({ handle, allowHalfOpen: true, onread } as SocketConstructorOpts)
}
