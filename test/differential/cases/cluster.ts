// Metadata, ApiVersions, InitProducerId, and frames that no client of ours would send.

import { encodeRequest } from '../../../src/wire/frame.ts'
import { apiVersions } from '../../../src/wire/messages/api-versions.ts'
import { initProducerId } from '../../../src/wire/messages/init-producer-id.ts'
import { metadata } from '../../../src/wire/messages/metadata.ts'
import { decodeResponse } from '../../../src/wire/frame.ts'
import { Reader } from '../../../src/wire/reader.ts'
import type { Draft } from '../../../src/wire/schema.ts'
import type { AskedBroker } from '../broker.ts'
import { ZERO_ID } from '../normalise.ts'
import { requests, UNKNOWN_ID, type Case } from './case.ts'

type MetadataRequest = Draft<typeof metadata.request>

const named = (name: string | null, topicId = ZERO_ID): MetadataRequest => ({ topics: [{ name, topicId }], allowAutoTopicCreation: false })
const creating = (name: string): MetadataRequest => ({ topics: [{ name, topicId: ZERO_ID }], allowAutoTopicCreation: true })

/** Every topic, reduced to those that each run has in the same state. */
const allTopics = (version: number, request: MetadataRequest): Case => ({
  title: `Metadata v${version}: ${request.topics === null ? 'null topics' : 'no topics'}`,
  async ask(broker) {
    const response = await broker.request(metadata, version, request)
    const topics = response.topics.filter(({ name }) => name === 'records' || name === 'empty')
    return broker.comparable({ ...response, topics })
  },
})

/** A topic may take a moment to have a leader. */
const afterCreation: Case = {
  title: 'Metadata v12: a topic that the last request made',
  async ask(broker) {
    const request = creating('made-by-asking')
    for (;;) {
      const response = await broker.request(metadata, 12, request)
      if (response.topics[0]!.errorCode === 0) return broker.comparable(response)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  },
}

const clusters: Case[] = [
  ...[0, 1, 4, 7, 9, 12, 13].flatMap((version) => [
    ...(version === 0 ? [] : [allTopics(version, { topics: null })]),
    allTopics(version, { topics: [] }),
  ]),
  ...[0, 1, 4, 8, 10, 12, 13].flatMap((version) =>
    requests(metadata, version, { 'a topic': named('records'), ...(version >= 4 && { 'an unknown topic': named('unknown') }) }),
  ),
  ...requests(metadata, 12, {
    'a topic by id': (broker) => named(null, broker.topicIds.get('records')),
    'an unknown id': named(null, UNKNOWN_ID),
    'a name and its id': (broker) => named('records', broker.topicIds.get('records')),
    'a name and an unknown id': named('records', UNKNOWN_ID),
    'neither name nor id': named(null),
    'an empty name': named(''),
    'an illegal name': named('a/b'),
    'an illegal name, to be made': creating('a/b'),
    'an internal topic, not to be made': named('__consumer_offsets'),
    'the same topic twice': {
      topics: [
        { name: 'records', topicId: ZERO_ID },
        { name: 'records', topicId: ZERO_ID },
      ],
      allowAutoTopicCreation: false,
    },
    'known and unknown ones': {
      topics: [
        { name: 'records', topicId: ZERO_ID },
        { name: 'unknown', topicId: ZERO_ID },
      ],
      allowAutoTopicCreation: false,
    },
    'with authorized operations': { ...named('records'), includeTopicAuthorizedOperations: true },
  }),
  ...requests(metadata, 8, { 'with the authorized operations of the cluster': { topics: [], includeClusterAuthorizedOperations: true } }),
  ...requests(metadata, 12, { 'an unknown topic, to be made': creating('made-by-asking') }),
  afterCreation,
]

const software = (clientSoftwareName: string, clientSoftwareVersion: string) => ({ clientSoftwareName, clientSoftwareVersion })
const OURS = new Set([0, 1, 2, 3, 16, 18, 19, 20, 21, 22, 23, 32, 33, 37, 44, 60, 74, 75])

/** Which APIs, as far as this broker means to have them; features are those of a whole cluster. */
async function apis(broker: AskedBroker, version: number): Promise<unknown> {
  const { errorCode, apiKeys, throttleTimeMs } = await broker.request(apiVersions, version, software('test', '1'))
  return broker.comparable({ errorCode, throttleTimeMs, apiKeys: apiKeys.filter(({ apiKey }) => OURS.has(apiKey)) })
}

const refusedApiVersions: Case = {
  title: 'ApiVersions v9: answered in the form of version 0',
  async ask(broker) {
    const answer = await broker.exchange(frame(18, 9, Buffer.of(0)))
    if (typeof answer === 'string') return answer
    const { response } = decodeResponse(apiVersions, 0, new Reader(answer))
    return broker.comparable({ errorCode: response.errorCode, apiKeys: response.apiKeys })
  },
}

const versions: Case[] = [
  ...[0, 1, 2, 3, 4].map((version) => ({
    title: `ApiVersions v${version}: the APIs`,
    ask: (broker: AskedBroker) => apis(broker, version),
  })),
  refusedApiVersions,
  ...['', ' ', 'a b', '-a', 'ü'].map((name) => ({
    title: `ApiVersions v3: the client software "${name}"`,
    async ask(broker: AskedBroker) {
      const { errorCode } = await broker.request(apiVersions, 3, software(name, '1'))
      return broker.comparable({ errorCode })
    },
  })),
]

const producers: Case[] = [
  ...requests(initProducerId, 5, {
    'without transactional id': { transactionalId: null, transactionTimeoutMs: 60_000 },
    'without transactional id, with timeout 0': { transactionalId: null, transactionTimeoutMs: 0 },
    'without transactional id, with a negative timeout': { transactionalId: null, transactionTimeoutMs: -1 },
    'an empty transactional id': { transactionalId: '', transactionTimeoutMs: 60_000 },
    'a new epoch for a producer id': { transactionalId: null, transactionTimeoutMs: 60_000, producerId: 5, producerEpoch: 3 },
    'a producer id without epoch': { transactionalId: null, transactionTimeoutMs: 60_000, producerId: 5 },
    'an epoch without producer id': { transactionalId: null, transactionTimeoutMs: 60_000, producerEpoch: 5 },
  }),
  ...requests(initProducerId, 0, { 'without transactional id': { transactionalId: null, transactionTimeoutMs: 60_000 } }),
]

function frame(apiKey: number, version: number, body: Buffer): Buffer {
  const head = Buffer.alloc(14)
  head.writeInt32BE(10 + body.length, 0)
  head.writeInt16BE(apiKey, 4)
  head.writeInt16BE(version, 6)
  head.writeInt32BE(1, 8)
  head.writeInt16BE(-1, 12) // no client id
  return Buffer.concat([head, body])
}

function sized(size: number): Buffer {
  const bytes = Buffer.alloc(64)
  bytes.writeInt32BE(size)
  return bytes
}

const metadataFrame = Buffer.concat(encodeRequest(metadata, 8, 1, null, named('records')))
const frames: Readonly<Record<string, Buffer>> = {
  'an unknown API': frame(999, 0, Buffer.alloc(0)),
  'a negative API': frame(-1, 0, Buffer.alloc(0)),
  'Produce v2': frame(0, 2, Buffer.alloc(32)),
  'Fetch v3': frame(1, 3, Buffer.alloc(32)),
  'Metadata v99': frame(3, 99, Buffer.alloc(32)),
  'a request that ends early': frame(3, 8, Buffer.of(0, 0, 0, 1, 0, 200)),
  'a request with bytes left over': Buffer.concat([sizedBy(metadataFrame, 5), metadataFrame.subarray(4), Buffer.alloc(5)]),
  'an array of a billion elements': frame(3, 8, Buffer.from('3b9aca00', 'hex')),
  'an array of -2 elements': frame(3, 8, Buffer.from('fffffffe', 'hex')),
  'a negative frame size': sized(-1),
  'a frame size of 0': sized(0),
  'a frame of 7 bytes': sized(7),
  'a frame size of 2 GB': sized(0x7fff_ffff),
  text: Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
}

function sizedBy(whole: Buffer, more: number): Buffer {
  const size = Buffer.alloc(4)
  size.writeInt32BE(whole.length - 4 + more)
  return size
}

const rawFrames: Case[] = Object.entries(frames).map(([title, bytes]) => ({
  title: `Frame: ${title}`,
  async ask(broker) {
    const answer = await broker.exchange(bytes)
    return typeof answer === 'string' ? answer : 'it is answered'
  },
}))

export const clusterCases: Case[] = [...clusters, ...versions, ...producers, ...rawFrames]
