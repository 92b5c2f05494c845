// Messages by Kafka's own serializer (test/wire/data/golden.jsonl) of every API that is served: what the mutations start from.

import { readFileSync } from 'node:fs'
import { requestCodec, responseCodec, type Codec } from '../../src/wire/compile.ts'
import { apisByKey } from '../../src/wire/messages/all.ts'
import type { Api } from '../../src/wire/schema.ts'

export interface GoldenMessage {
  /** As in `Fetch request v12`. */
  readonly title: string
  readonly api: Api
  readonly kind: 'request' | 'response'
  readonly version: number
  readonly codec: Codec<unknown, never>
  readonly bytes: Buffer
}

const BYTES_MAX = 4000

export const goldenMessages: readonly GoldenMessage[] = readFileSync(new URL('../wire/data/golden.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .flatMap((line) => {
    const { apiKey, kind, version, hex } = JSON.parse(line) as Pick<GoldenMessage, 'kind' | 'version'> & { apiKey: number; hex: string }
    const api = apisByKey.get(apiKey)
    if (api === undefined || version < api.minVersion || version > api.maxVersion || hex.length > 2 * BYTES_MAX) return []
    const codec: Codec<unknown, never> = kind === 'request' ? requestCodec(api, version) : responseCodec(api, version)
    return [{ title: `${api.name} ${kind} v${version}`, api, kind, version, codec, bytes: Buffer.from(hex, 'hex') }]
  })

export const goldenRequests = goldenMessages.filter(({ kind }) => kind === 'request')

export const codecByTitle: ReadonlyMap<string, Codec<unknown, never>> = new Map(goldenMessages.map(({ title, codec }) => [title, codec]))
