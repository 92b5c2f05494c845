// Messages as they travel.
//
//   frame             int32 size of the rest, header, message
//   request header    int16 api key, int16 api version, int32 correlation id, nullable string client id; flexible: tagged fields
//   response header   int32 correlation id; flexible: tagged fields, except for ApiVersions, which everybody must be able to read (KIP-511)

import { responseCodec, requestCodec } from './compile.ts'
import { skipTaggedFields } from './decoder-source.ts'
import { apiVersions } from './messages/api-versions.ts'
import type { Reader } from './reader.ts'
import type { Api, Draft, Infer } from './schema.ts'
import { Writer } from './writer.ts'

const SIZE_BYTES = 4

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
  const writer = beginFrame()
  writer.int16(api.key)
  writer.int16(version)
  writer.int32(correlationId)
  if (clientId === null) writer.int16(-1)
  else writer.string(clientId)
  if (version >= api.firstFlexibleVersion) writer.unsignedVarint(0)
  requestCodec(api, version).encode(writer, request)
  return endFrame(writer)
}

/** The chunks of a whole frame, its size included. */
export function encodeResponse<A extends Api>(
  api: A,
  version: number,
  correlationId: number,
  response: NoInfer<Draft<A['response']>>,
): Buffer[] {
  const writer = beginResponse(api, version, correlationId)
  responseCodec(api, version).encode(writer, response)
  return endFrame(writer)
}

/** The same, a part at a time: somebody else may have a turn whenever it yields. */
export function* encodeResponseInSteps<A extends Api>(
  api: A,
  version: number,
  correlationId: number,
  response: NoInfer<Draft<A['response']>>,
): Generator<void, Buffer[]> {
  const writer = beginResponse(api, version, correlationId)
  yield* responseCodec(api, version).encodeInSteps(writer, response)
  return endFrame(writer)
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

function beginResponse(api: Api, version: number, correlationId: number): Writer {
  const writer = beginFrame()
  writer.int32(correlationId)
  if (hasTaggedResponseHeader(api, version)) writer.unsignedVarint(0)
  return writer
}

function beginFrame(): Writer {
  const writer = new Writer()
  writer.int32(0) // the size, known at the end
  return writer
}

function endFrame(writer: Writer): Buffer[] {
  const size = writer.size - SIZE_BYTES
  const chunks = writer.chunks()
  chunks[0]!.writeInt32BE(size)
  return chunks
}
