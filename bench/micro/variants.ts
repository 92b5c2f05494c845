// What is measured in the small: each variant prepares itself, and answers the function that is called over and over.

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { checkBatch } from '../../src/log/batches/check-batch.ts'
import { OffsetIndex } from '../../src/log/segments/offset-index.ts'
import type { RequestContext, ServedApi } from '../../src/handlers/handler.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { requestCodec, responseCodec } from '../../src/wire/compile.ts'
import { apisByKey } from '../../src/wire/messages/all.ts'
import { fetch } from '../../src/wire/messages/fetch.ts'
import { heartbeat } from '../../src/wire/messages/heartbeat.ts'
import { joinGroup } from '../../src/wire/messages/join-group.ts'
import { offsetCommit } from '../../src/wire/messages/offset-commit.ts'
import { produce } from '../../src/wire/messages/produce.ts'
import { syncGroup } from '../../src/wire/messages/sync-group.ts'
import { Reader } from '../../src/wire/reader.ts'
import { BatchView } from '../../src/wire/records/batch.ts'
import { type Codec, CODECS } from '../../src/wire/records/codecs.ts'
import { crc32c } from '../../src/wire/records/crc32c.ts'
import { encodeBatch } from '../../src/wire/records/record.ts'
import type { Api, Draft, Infer } from '../../src/wire/schema.ts'
import { Writer } from '../../src/wire/writer.ts'
import { openServicesAt } from '../../test/support/test-services.ts'

/** May be asynchronous; `bytes` is what one call handles, where that says something. */
export interface Variant {
  readonly call: () => unknown
  readonly bytes?: number
}

const TOPIC = 'bench'
const KILOBYTE = 1024

const text = (bytes: number): Buffer => Buffer.alloc(bytes, 'the quick brown fox jumps over the lazy dog 0123456789 ')

async function batchOf(recordBytes: number, count: number, codec: Codec = 'none'): Promise<Buffer> {
  const records = Array.from({ length: count }, (_, index) => ({ timestamp: index, key: null, value: text(recordBytes - 10) }))
  return encodeBatch({ records, codec })
}

const crc = (bytes: number) => (): Variant => {
  const buffer = text(bytes)
  return { call: () => crc32c(buffer), bytes }
}

const validation = (recordBytes: number, count: number, codec: Codec) => async (): Promise<Variant> => {
  const batch = await batchOf(recordBytes, count, codec)
  const rules = {
    maxMessageBytes: 1 << 20,
    maxDecompressedBytes: 1 << 26,
    transactionalId: null,
    compressionType: 'producer',
    timestampType: 'CreateTime',
    timestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
    timestampAfterMaxMs: Number.MAX_SAFE_INTEGER,
    isCompacted: false,
    nowMs: 0,
  } as const
  return { call: () => checkBatch(batch, rules), bytes: recordBytes * count }
}

function indexLookUp(): Variant {
  const entries = 1_000_000
  const index = new OffsetIndex(0, entries * 8)
  for (let entry = 1; entry <= entries; entry++) index.append(entry * 100, entry * 4096)
  let offset = 0
  return { call: () => index.entryAtOrBelow((offset = (offset + 7_919_317) % (entries * 100))) }
}

/** Handlers over logs in memory, each request decoded anew, each answer encoded: everything but the socket. */
async function handlers(): Promise<{ ask: (api: Api, version: number, request: Buffer) => Promise<Buffer> }> {
  const { served, catalog } = await openServicesAt(systemClock, {})
  await catalog.create([{ name: TOPIC, partitionCount: 8, replicationFactor: -1, assignments: [], configs: {} }])
  const byKey = new Map(served.map((one): [number, ServedApi] => [one.api.key, one]))
  const connection = { id: 1, listenerName: 'PLAINTEXT', localAddress: '127.0.0.1', localPort: 9092, remoteAddress: '127.0.0.1' }
  const { signal } = new AbortController()
  return {
    async ask(api, apiVersion, request) {
      const left: (() => void)[] = []
      const memory = { releaseRequest: () => undefined, whenAnswerLeft: (action: () => void) => void left.push(action) }
      const context: RequestContext = { apiVersion, clientId: 'bench', connection, signal, memory }
      const { answer } = await byKey.get(api.key)!.accept(requestCodec(api, apiVersion).decode(new Reader(request)) as object, context)
      const bytes = encoded(responseCodec(api, apiVersion), (await answer) as object)
      for (const action of left) action()
      return bytes
    },
  }
}

function encoded(codec: { encode: (writer: Writer, value: never) => void }, value: object): Buffer {
  const writer = new Writer()
  codec.encode(writer, value as never)
  return Buffer.concat(writer.chunks())
}

const requestBytes = <A extends Api>(api: A, version: number, request: Draft<A['request']>): Buffer =>
  encoded(requestCodec(api, version), request as object)

/** The log in memory is as large as what was appended: a variant begins a new broker before it is too much. */
const APPENDED_MAX = 512 * KILOBYTE * KILOBYTE

const append = (recordBytes: number, count: number) => async (): Promise<Variant> => {
  const batch = await batchOf(recordBytes, count)
  const topicData = [{ name: TOPIC, partitionData: [{ index: 0, records: batch }] }]
  const request = requestBytes(produce, 9, { acks: -1, timeoutMs: 1000, topicData })
  let { ask } = await handlers()
  let appended = 0
  return {
    async call() {
      if ((appended += batch.length) > APPENDED_MAX) {
        ask = (await handlers()).ask
        appended = 0
      }
      await ask(produce, 9, Buffer.from(request)) // the log patches and keeps it
    },
    bytes: batch.length,
  }
}

const fetched = (batches: number) => async (): Promise<Variant> => {
  const { ask } = await handlers()
  const records = await batchOf(KILOBYTE, 64)
  const topicData = [{ name: TOPIC, partitionData: [{ index: 0, records }] }]
  for (let batch = 0; batch < batches; batch++) await ask(produce, 9, requestBytes(produce, 9, { acks: -1, timeoutMs: 1000, topicData }))
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }]
  const request = requestBytes(fetch, 11, { maxWaitMs: 0, minBytes: 1, topics: [{ topic: TOPIC, partitions }], forgottenTopicsData: [] })
  return { call: () => ask(fetch, 11, request), bytes: records.length * batches }
}

async function groupCommit(): Promise<Variant> {
  const { ask } = await handlers()
  const partitions = [{ partitionIndex: 0, committedOffset: 1, committedMetadata: '' }]
  const request = requestBytes(offsetCommit, 8, { groupId: 'bench', memberId: '', topics: [{ name: TOPIC, partitions }] })
  return { call: () => ask(offsetCommit, 8, request) }
}

async function groupHeartbeat(): Promise<Variant> {
  const { ask } = await handlers()
  const asked = async <A extends Api>(api: A, version: number, request: Draft<A['request']>): Promise<Infer<A['response']>> =>
    responseCodec(api, version).decode(new Reader(await ask(api, version, requestBytes(api, version, request))))
  const joining = { groupId: 'bench', sessionTimeoutMs: 60_000, rebalanceTimeoutMs: 1000, protocolType: 'consumer' }
  const protocols = [{ name: 'range', metadata: Buffer.alloc(0) }]
  const { memberId } = await asked(joinGroup, 5, { ...joining, memberId: '', protocols })
  const { generationId } = await asked(joinGroup, 5, { ...joining, memberId, protocols })
  await asked(syncGroup, 3, { groupId: 'bench', generationId, memberId, assignments: [{ memberId, assignment: Buffer.alloc(10) }] })
  const request = requestBytes(heartbeat, 4, { groupId: 'bench', generationId, memberId })
  return { call: () => ask(heartbeat, 4, request) }
}

/** Of each API, in its newest version: Kafka's own messages for it, the largest of them. */
function codecVariants(): Record<string, () => Variant> {
  const lines = readFileSync(resolve('test/wire/data/golden.jsonl'), 'utf8').trim().split('\n')
  const largest = new Map<string, { version: number; bytes: Buffer }>()
  for (const line of lines) {
    const { apiKey, kind, version, hex } = JSON.parse(line) as { apiKey: number; kind: string; version: number; hex: string }
    const [name, bytes] = [`${apiKey} ${kind}`, Buffer.from(hex, 'hex')]
    const known = largest.get(name)
    if (known === undefined || version > known.version || (version === known.version && bytes.length > known.bytes.length))
      largest.set(name, { version, bytes })
  }
  return Object.fromEntries(
    [...apisByKey.values()].flatMap((api) =>
      (['request', 'response'] as const).flatMap((kind): [string, () => Variant][] => {
        const sample = largest.get(`${api.key} ${kind}`)
        if (sample === undefined) return []
        const codec = kind === 'request' ? requestCodec(api, sample.version) : responseCodec(api, sample.version)
        return [
          [`decode ${api.name} ${kind}`, () => ({ call: () => codec.decode(new Reader(sample.bytes)) })],
          [
            `encode ${api.name} ${kind}`,
            () => {
              const value = codec.decode(new Reader(sample.bytes)) as object
              return { call: () => encoded(codec, value) }
            },
          ],
        ]
      }),
    ),
  )
}

export const VARIANTS: Readonly<Record<string, () => Variant | Promise<Variant>>> = {
  'crc32c 100 B': crc(100),
  'crc32c 64 KB': crc(64 * KILOBYTE),
  'batch header of 64 KB': async () => {
    const batch = await batchOf(KILOBYTE, 64)
    return { call: () => new BatchView(batch).lastOffset }
  },
  'check one record of 100 B': validation(100, 1, 'none'),
  ...Object.fromEntries(CODECS.map((codec) => [`check 64 records of 1 KB, ${codec}`, validation(KILOBYTE, 64, codec)])),
  'offset index of a million entries': indexLookUp,
  'produce one record of 100 B': append(100, 1),
  'produce 64 records of 1 KB': append(KILOBYTE, 64),
  'fetch 64 KB': fetched(1),
  'fetch 1 MB': fetched(16),
  'group commit': groupCommit,
  'group heartbeat': groupHeartbeat,
  ...codecVariants(),
}
