// Frames of every kind that a client might send by mistake or on purpose, from requests that are right to nothing but noise.

import { readFileSync } from 'node:fs'
import { encodeRequest } from '../../src/wire/frame.ts'
import { apisByKey } from '../../src/wire/messages/all.ts'
import { createPartitions } from '../../src/wire/messages/create-partitions.ts'
import { createTopics } from '../../src/wire/messages/create-topics.ts'
import { metadata } from '../../src/wire/messages/metadata.ts'
import { produce } from '../../src/wire/messages/produce.ts'
import type { Api, Infer } from '../../src/wire/schema.ts'
import { Writer } from '../../src/wire/writer.ts'
import { below, pick, pickWeighted, type Random } from '../support/random.ts'
import { decodedRequest, type ServedVersions } from './expected-answers.ts'
import { goldenRequests } from './golden-messages.ts'
import { mutated, noise } from './mutated.ts'
import { randomRequest, type RequestWords } from './random-request.ts'

const CLIENT_IDS = ['fuzz', '', 'größe', null]
const NOISE_BYTES_MAX = 300
const LONG_LIST = 3000
const VERY_LONG_LIST = 120_000
const NEW_TOPICS_MAX = 20
const NEW_PARTITIONS_MAX = 50

/** What real clients sent (record-traffic.ts). */
const traffic: readonly Buffer[] = readFileSync(new URL('traffic.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => Buffer.from((JSON.parse(line) as { hex: string }).hex, 'hex'))

export interface FrameWords extends RequestWords {
  readonly served: ServedVersions
}

interface FrameMaker {
  readonly weight: number
  make(random: Random, words: FrameWords): Buffer
}

const MAKERS: readonly FrameMaker[] = [
  { weight: 6, make: randomRequestFrame },
  { weight: 0.1, make: (random, words) => randomRequestFrame(random, words, LONG_LIST) },
  { weight: 3, make: (random, words) => resized(mutated(randomRequestFrame(random, words).subarray(4), random)) },
  { weight: 3, make: (random) => goldenFrame(random, (body) => body) },
  { weight: 6, make: (random) => goldenFrame(random, (body) => mutated(body, random)) },
  { weight: 1, make: (random) => pick(random, traffic) },
  { weight: 3, make: (random) => resized(mutated(pick(random, traffic).subarray(4), random)) },
  { weight: 1, make: (random) => resized(mutated(goldenFrame(random, (body) => body).subarray(4), random)) },
  { weight: 0.3, make: (random) => resized(noise(random, below(random, NOISE_BYTES_MAX))) },
  { weight: 0.2, make: (random, words) => mutated(randomRequestFrame(random, words), random) }, // its size, too
  { weight: 0.1, make: (random) => noise(random, below(random, NOISE_BYTES_MAX)) },
]

/** One that does not make the broker do much work that it was rightly asked for. */
export function randomFrame(random: Random, words: FrameWords): Buffer {
  for (;;) {
    const frame = pickWeighted(random, MAKERS).make(random, words)
    if (!createsMuch(frame.subarray(4), words.served)) return frame
  }
}

/** A request that was made to cost its receiver more than its sender. */
export function veryLongFrame(random: Random, words: FrameWords): Buffer {
  const key = pick(
    random,
    [...words.served.keys()].filter((key) => key !== produce.key),
  ) // of which each element is a batch to check
  const served = new Map([[key, words.served.get(key)!]])
  for (;;) {
    const frame = randomRequestFrame(random, { topicIds: words.topicIds, served }, VERY_LONG_LIST)
    if (!createsMuch(frame.subarray(4), served)) return frame
  }
}

/** The bytes with their size in front. */
function resized(bytes: Buffer): Buffer {
  const size = Buffer.alloc(4)
  size.writeInt32BE(bytes.length)
  return Buffer.concat([size, bytes])
}

function randomRequestFrame(random: Random, words: FrameWords, longList?: number): Buffer {
  const [key, { minVersion, maxVersion }] = pick(random, [...words.served])
  const api = apisByKey.get(key)!
  const version = Math.max(api.minVersion, minVersion) + below(random, maxVersion - Math.max(api.minVersion, minVersion) + 1)
  const request = randomRequest(api, version, random, words, longList)
  return Buffer.concat(encodeRequest(api, version, below(random, 1 << 30), pick(random, CLIENT_IDS), request as never))
}

function goldenFrame(random: Random, damage: (body: Buffer) => Buffer): Buffer {
  const { api, version, bytes } = pick(random, goldenRequests)
  return resized(Buffer.concat([header(api, version, random), damage(bytes)]))
}

function header(api: Api, version: number, random: Random): Buffer {
  const writer = new Writer()
  const clientId = pick(random, CLIENT_IDS)
  writer.int16(api.key)
  writer.int16(version)
  writer.int32(below(random, 1 << 30))
  if (clientId === null) writer.int16(-1)
  else writer.string(clientId)
  if (version >= api.firstFlexibleVersion) writer.unsignedVarint(0)
  return Buffer.concat(writer.chunks())
}

/** How many partitions a request makes, by topic. */
const NEW_PARTITIONS: Readonly<Record<number, (request: unknown) => readonly number[]>> = {
  [createTopics.key](request) {
    const { topics, validateOnly } = request as Infer<typeof createTopics.request>
    return validateOnly ? [] : topics.map(({ numPartitions, assignments }) => Math.max(numPartitions, assignments.length))
  },
  [createPartitions.key](request) {
    const { topics, validateOnly } = request as Infer<typeof createPartitions.request>
    return validateOnly ? [] : topics.map(({ count }) => count)
  },
}

function createsMuch(frame: Buffer, served: ServedVersions): boolean {
  const decoded = decodedRequest(frame, served)
  if (decoded === undefined) return false
  if (decoded.api.key === metadata.key) {
    const { topics, allowAutoTopicCreation } = decoded.request as Infer<typeof metadata.request>
    return allowAutoTopicCreation && (topics?.length ?? 0) > NEW_TOPICS_MAX
  }
  const partitionCounts = NEW_PARTITIONS[decoded.api.key]?.(decoded.request) ?? []
  return partitionCounts.reduce((sum, count) => sum + Math.max(count, 1), 0) > NEW_PARTITIONS_MAX
}
