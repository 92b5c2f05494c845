// What a broker owes for a stream of bytes: an answer for each whole frame, in order, or the end of the connection at the first that is no request.
// It is told with the broker's own decoders (which are fuzzed by themselves), and the list of what is served.

import type { ServedApi } from '../../src/handlers/handler.ts'
import { requestCodec } from '../../src/wire/compile.ts'
import { decodeRequestHeader, decodeResponse, type RequestHeader } from '../../src/wire/frame.ts'
import { apisByKey } from '../../src/wire/messages/all.ts'
import { apiVersions } from '../../src/wire/messages/api-versions.ts'
import { produce } from '../../src/wire/messages/produce.ts'
import { Reader } from '../../src/wire/reader.ts'
import type { Api } from '../../src/wire/schema.ts'
import { unlessMalformed } from './decoder-targets.ts'

/** `silence`: no answer, or, when it is refused, the end of the connection. */
type Expected =
  | { readonly kind: 'answer'; readonly api: Api; readonly version: number; readonly correlationId: number }
  | { readonly kind: 'silence' | 'end' }

export type ServedVersions = ReadonlyMap<number, Pick<ServedApi, 'minVersion' | 'maxVersion'>>

export interface DecodedRequest {
  readonly header: RequestHeader
  readonly api: Api
  readonly request: unknown
}

/** Undefined when it is no request to this broker. */
export function decodedRequest(frame: Buffer, served: ServedVersions): DecodedRequest | undefined {
  const reader = new Reader(frame)
  return unlessMalformed(() => {
    const header = decodeRequestHeader(
      reader,
      (apiKey, apiVersion) => apiVersion >= (apisByKey.get(apiKey)?.firstFlexibleVersion ?? Infinity),
    )
    const versions = served.get(header.apiKey)
    if (versions === undefined || header.apiVersion < versions.minVersion || header.apiVersion > versions.maxVersion) return undefined
    const api = apisByKey.get(header.apiKey)!
    return { header, api, request: requestCodec(api, header.apiVersion).decode(reader) }
  })
}

function expectedAnswer(frame: Buffer, served: ServedVersions): Expected {
  const decoded = decodedRequest(frame, served)
  if (decoded === undefined) return answerToOtherVersion(frame)
  const { header, api, request } = decoded
  if (api.key === produce.key && (request as { acks: number }).acks === 0) return { kind: 'silence' }
  return { kind: 'answer', api, version: header.apiVersion, correlationId: header.correlationId }
}

/** ApiVersions in a version that is not served is answered in version 0. */
function answerToOtherVersion(frame: Buffer): Expected {
  const header = unlessMalformed(() =>
    decodeRequestHeader(new Reader(frame), (apiKey, version) => apiKey === apiVersions.key && version >= apiVersions.firstFlexibleVersion),
  )
  const isOther =
    header !== undefined && header.apiKey === apiVersions.key && (header.apiVersion < 0 || header.apiVersion > apiVersions.maxVersion)
  return isOther ? { kind: 'answer', api: apiVersions, version: 0, correlationId: header.correlationId } : { kind: 'end' }
}

/**
 * What is wrong with `answers`, the frames that came before the connection ended; undefined when nothing is. `isWhole` says that the bytes behind the last frame
 * are none of a size out of range.
 */
export function wrongAnswer(frames: readonly Buffer[], answers: readonly Buffer[], served: ServedVersions): string | undefined {
  let answered = 0
  let mayEnd = false
  for (const frame of frames) {
    const expected = expectedAnswer(frame, served)
    if (expected.kind === 'end') return answered === answers.length ? undefined : 'something was answered behind what is no request'
    if (expected.kind === 'silence') mayEnd = true
    if (expected.kind !== 'answer') continue
    const answer = answers[answered]
    if (answer === undefined) return mayEnd ? undefined : `no answer to ${expected.api.name} v${expected.version}, the ${answered + 1}th`
    const wrong = wrongAnswerTo(expected, answer)
    if (wrong !== undefined) return wrong
    answered++
  }
  return answered === answers.length ? undefined : `${answers.length - answered} answers that nobody asked for`
}

function wrongAnswerTo({ api, version, correlationId }: Extract<Expected, { kind: 'answer' }>, answer: Buffer): string | undefined {
  const what = `${api.name} v${version}`
  const reader = new Reader(answer)
  const decoded = unlessMalformed(() => decodeResponse(api, version, reader))
  if (decoded === undefined) return `the answer to ${what} cannot be read: ${answer.toString('hex')}`
  if (decoded.correlationId !== correlationId) return `an answer to ${decoded.correlationId} where ${what} of ${correlationId} was next`
  return reader.remaining === 0 ? undefined : `${reader.remaining} bytes too many in the answer to ${what}`
}
