// Messages as they travel.
//
//   frame             int32 size of the rest, header, message
//   request header    int16 api key, int16 api version, int32 correlation id, nullable string client id; flexible: tagged fields
//   response header   int32 correlation id; flexible: tagged fields, except for ApiVersions, which everybody must be able to read (KIP-511)

import { responseCodec, requestCodec } from './compile.ts'
import { skipTaggedFields } from './decoder-source.ts'
import { apiVersions } from './messages/api-versions.ts'
import { Malformed } from './reader.ts'
import type { Reader } from './reader.ts'
import type { Api, Draft, Infer } from './schema.ts'
import { Writer } from './writer.ts'

const SIZE_BYTES = 4
const ASSEMBLY_BYTES_MIN = 64 * 1024
const ASSEMBLY_GROWTH = 4
const NO_BYTES: Buffer = Buffer.alloc(0)

export interface RequestHeader {
  readonly apiKey: number
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string | null
}

/** `isFlexible` says whether the header of that API and version ends with tagged fields; they are skipped. */
export function decodeRequestHeader(reader: Reader, isFlexible: (apiKey: number, apiVersion: number) => boolean): RequestHeader {
  const apiKey = reader.int16()
  const apiVersion = reader.int16()
  const correlationId = reader.int32()
  const clientIdSize = reader.int16()
  const clientId = clientIdSize < 0 ? null : reader.string(clientIdSize)
  if (isFlexible(apiKey, apiVersion)) skipTaggedFields(reader)
  return { apiKey, apiVersion, correlationId, clientId }
}

/** The chunks of a whole frame, its size included. */
export function encodeRequest<A extends Api>(
  api: A,
  version: number,
  correlationId: number,
  clientId: string | null,
  request: NoInfer<Draft<A['request']>>,
): Buffer[] {
  return frame((writer) => {
    writer.int16(api.key)
    writer.int16(version)
    writer.int32(correlationId)
    if (clientId === null) writer.int16(-1)
    else writer.string(clientId)
    if (version >= api.firstFlexibleVersion) writer.unsignedVarint(0)
    requestCodec(api, version).encode(writer, request)
  })
}

/** The chunks of a whole frame, its size included. */
export function encodeResponse<A extends Api>(
  api: A,
  version: number,
  correlationId: number,
  response: NoInfer<Draft<A['response']>>,
): Buffer[] {
  return frame((writer) => {
    writer.int32(correlationId)
    if (hasTaggedResponseHeader(api, version)) writer.unsignedVarint(0)
    responseCodec(api, version).encode(writer, response)
  })
}

/** From a frame without its size. */
export function decodeResponse<A extends Api>(
  api: A,
  version: number,
  reader: Reader,
): { correlationId: number; response: Infer<A['response']> } {
  const correlationId = reader.int32()
  if (hasTaggedResponseHeader(api, version)) skipTaggedFields(reader)
  return { correlationId, response: responseCodec(api, version).decode(reader) }
}

const hasTaggedResponseHeader = (api: Api, version: number): boolean => version >= api.firstFlexibleVersion && api.key !== apiVersions.key

function frame(write: (writer: Writer) => void): Buffer[] {
  const writer = new Writer()
  writer.int32(0) // the size, known at the end
  write(writer)
  const size = writer.size - SIZE_BYTES
  const chunks = writer.chunks()
  chunks[0]!.writeInt32BE(size)
  return chunks
}

/**
 * Cuts a stream into frames. A frame that lies inside one chunk is handed out as a view of it; any other is assembled in a buffer that grows with
 * what has arrived, so that announcing a large frame costs us nothing.
 */
export class FrameAssembler {
  readonly #frameBytesMax: number
  #beginning = NO_BYTES // the end of the last chunk, when it was too short for a size
  #pending: { readonly size: number; bytes: Buffer; filled: number } | undefined

  constructor(frameBytesMax: number) {
    this.#frameBytesMax = frameBytesMax
  }

  /** What the frame in progress will take when it is complete; 0 when none is in progress. */
  get pendingSize(): number {
    return this.#pending?.size ?? 0
  }

  /** Calls `onFrame` with each frame that `chunk` completes, without its size. Throws Malformed for a size out of range; the stream is lost then. */
  push(chunk: Buffer, onFrame: (frame: Buffer) => void): void {
    const bytes = this.#beginning.length === 0 ? chunk : Buffer.concat([this.#beginning, chunk])
    this.#beginning = NO_BYTES
    let position = this.#fill(bytes, 0, onFrame)
    while (bytes.length - position >= SIZE_BYTES) {
      const size = bytes.readInt32BE(position)
      if (size < 0 || size > this.#frameBytesMax) throw new Malformed(`frame size ${size} is not within 0 and ${this.#frameBytesMax}`)
      position += SIZE_BYTES
      if (size <= bytes.length - position) {
        onFrame(bytes.subarray(position, position + size))
        position += size
      } else {
        this.#pending = { size, bytes: NO_BYTES, filled: 0 }
        position = this.#fill(bytes, position, onFrame)
      }
    }
    if (position < bytes.length) this.#beginning = Buffer.from(bytes.subarray(position))
  }

  /** Takes what `bytes` has from `position` on for the frame in progress, and answers where the rest begins. */
  #fill(bytes: Buffer, position: number, onFrame: (frame: Buffer) => void): number {
    const pending = this.#pending
    if (pending === undefined) return position
    const end = Math.min(bytes.length, position + pending.size - pending.filled)
    const filled = pending.filled + end - position
    if (filled > pending.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(pending.size, ASSEMBLY_GROWTH * Math.max(filled, ASSEMBLY_BYTES_MIN)))
      larger.set(pending.bytes.subarray(0, pending.filled))
      pending.bytes = larger
    }
    bytes.copy(pending.bytes, pending.filled, position, end)
    pending.filled = filled
    if (filled === pending.size) {
      this.#pending = undefined
      onFrame(pending.bytes)
    }
    return end
  }
}
