// How a scan reads a segment file from front to back, so much at a time. One that goes to the end reads ahead: while one chunk is looked at, the next is
// read, from where the batches in the first say that another begins, into memory that is used again. A guess that was wrong is read anew.

import type { DiskFile } from '../../disk/disk.ts'
import { BATCH_HEADER_SIZE, BatchView } from '../../wire/records/batch.ts'

export const CHUNK_SIZE = 1 << 20

interface Chunk {
  readonly bytes: Buffer
  /** How much of it the file held. */
  readonly filled: number
}

/** Reads so many bytes from a position on. */
export type ReadChunk = (position: number, size: number) => Promise<Chunk>

type ReadableFile = Pick<DiskFile, 'read'>

/** Each chunk is the reader's for good. */
export function newChunks(file: ReadableFile): ReadChunk {
  return (position, size) => readInto(file, Buffer.allocUnsafe(size), position)
}

/** A chunk is good until the next is asked for, and may be longer than asked for. */
export function chunksAhead(file: ReadableFile, end: number): ReadChunk {
  let buffer = Buffer.alloc(0)
  let spare = Buffer.alloc(0)
  let ahead: { readonly position: number; readonly reading: Promise<Chunk> } | undefined

  const read = (position: number, size: number): Promise<Chunk> => {
    if (spare.length < size) spare = Buffer.allocUnsafe(size)
    ;[buffer, spare] = [spare, buffer]
    return readInto(file, buffer.subarray(0, size), position)
  }

  return async (position, size) => {
    const guessed = ahead?.position === position ? await ahead.reading : void (await ahead?.reading.catch(() => undefined))
    const chunk = guessed !== undefined && guessed.bytes.length >= size ? guessed : await read(position, size)
    const nextPosition = position + endOfWholeBatches(chunk)
    const reading = nextPosition < end ? read(nextPosition, Math.min(CHUNK_SIZE, end - nextPosition)) : undefined
    reading?.catch(() => undefined) // for a scan that does not come there
    ahead = reading && { position: nextPosition, reading }
    return chunk
  }
}

async function readInto(file: ReadableFile, bytes: Buffer, position: number): Promise<Chunk> {
  return { bytes, filled: await file.read(bytes, position) }
}

/** By the sizes that the batches claim, which nobody has checked yet. */
function endOfWholeBatches({ bytes }: Chunk): number {
  let end = 0
  while (bytes.length - end >= BATCH_HEADER_SIZE) {
    const size = new BatchView(bytes, end).sizeInBytes
    if (size < BATCH_HEADER_SIZE || end + size > bytes.length) break
    end += size
  }
  return end
}
