// Writes a list of buffers to a socket in one go. Runs of small ones are joined, since each buffer of its own costs more than copying it;
// large ones, which are record batches, go to the kernel from where they lie.

import type { Writable } from 'node:stream'

const JOINED_BELOW_BYTES = 4 * 1024

export function writeChunks(socket: Writable, chunks: readonly Buffer[]): void {
  const joined = joinSmall(chunks)
  if (joined.length === 1) socket.write(joined[0])
  if (joined.length <= 1) return
  socket.cork()
  for (const chunk of joined) socket.write(chunk)
  socket.uncork()
}

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
