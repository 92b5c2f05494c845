// Many keys, overwritten and deleted in batches of every codec, compacted while they are written, over a kill: after that Kafka's DumpLogSegments has nothing
// to complain about, and the last value of every key is what it must be by a computation that knows nothing of logs. With OTTLA_CAMPAIGN_KEYS=1000000 it is
// the long form (about ten minutes); with OTTLA_CAMPAIGN_KEYS=50000000 OTTLA_CAMPAIGN_MAP_BYTES=67108864 OTTLA_CAMPAIGN_WRITES_PER_KEY=1.2 the largest one.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { processUsage } from '../../src/cli/bench/process-usage.ts'
import { createTopics } from '../../src/wire/messages/create-topics.ts'
import { fetch } from '../../src/wire/messages/fetch.ts'
import { produce } from '../../src/wire/messages/produce.ts'
import { BatchView } from '../../src/wire/records/batch.ts'
import { CODECS, decompress } from '../../src/wire/records/codecs.ts'
import { encodeBatch, readRecords } from '../../src/wire/records/record.ts'
import { newTopic, type OttlaProcess, startOttla, temporaryFolder } from '../support/broker-process.ts'
import { describeWith } from '../support/test-clients.ts'
import { WireConnection } from '../support/wire-connection.ts'
import { ottlaCommandLine } from './drivers/ottla-cli.ts'
import { complaintsAbout, segmentFiles } from './drivers/segment-dump.ts'

const KEYS = Number(process.env['OTTLA_CAMPAIGN_KEYS'] ?? 30_000)
const WRITES_PER_KEY = Number(process.env['OTTLA_CAMPAIGN_WRITES_PER_KEY'] ?? 2.5)
const MAP_BYTES = Number(process.env['OTTLA_CAMPAIGN_MAP_BYTES'] ?? 24 * Math.ceil(KEYS / 3)) // several passes
const TOMBSTONE_SHARE = 0.1
const BATCH_RECORDS = KEYS > 1_000_000 ? 5000 : 500
const PRODUCER_ID = 4711
const PATIENCE_MS = Math.max(120_000, KEYS * 2)

const FLAGS = [
  'log.cleaner.backoff.ms=200',
  `log.cleaner.dedupe.buffer.size=${MAP_BYTES}`,
  'log.retention.check.interval.ms=500',
  'log.segment.delete.delay.ms=1000',
].flatMap((setting) => ['--set', setting])
const SEGMENTS = { 'segment.bytes': String(Math.min(1 << 28, Math.max(1 << 20, KEYS * 8))), 'index.interval.bytes': '4096' }
const COMPACTED = { ...SEGMENTS, 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.2', 'delete.retention.ms': '0' }
const AGED = { ...SEGMENTS, 'retention.bytes': String(3 << 20) }

/** The same for ever. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** What the n-th write of all says, so that nothing need be remembered but which was the last of each key. */
function valueOf(write: number): string | null {
  const random = numbersFrom(write)
  return random(1000) < 1000 * TOMBSTONE_SHARE ? null : `${write} ${'x'.repeat(random(60))}`
}

const NEVER = -1
const TOMBSTONE = -2

describeWith('kafka')('a campaign of compaction and retention', () => {
  const dataFolder = temporaryFolder()
  const [compacted, aged] = [newTopic('compacted'), newTopic('aged')]
  const lastWrites = new Int32Array(KEYS)
  let broker: OttlaProcess
  let connection: WireConnection
  let written = 0
  let sequence = 0

  beforeAll(async () => {
    await start()
    for (const [name, configs] of [
      [compacted, COMPACTED],
      [aged, AGED],
    ] as const) {
      const topic = { name, numPartitions: 1, replicationFactor: 1, assignments: [] }
      const list = Object.entries(configs).map(([config, value]) => ({ name: config, value }))
      await connection.request(createTopics, 7, { topics: [{ ...topic, configs: list }], timeoutMs: 10_000 })
    }
    await write()
    await settleCompaction()
  }, 2 * PATIENCE_MS)

  afterAll(async () => {
    connection?.close()
    await broker?.kill()
  })

  async function start(): Promise<void> {
    broker = await startOttla({ dataFolder, durability: 'os', flags: FLAGS })
    connection = await WireConnection.connect(broker.bootstrap)
  }

  async function write(): Promise<void> {
    const random = numbersFrom(1)
    const total = Math.ceil(KEYS * WRITES_PER_KEY)
    while (written < total) {
      const records = Array.from({ length: Math.min(BATCH_RECORDS, total - written) }, (_, index) => {
        const key = written + index < KEYS ? written + index : random(KEYS) // each at least once
        lastWrites[key] = written + index
        const value = valueOf(written + index)
        return { timestamp: Date.now(), key: Buffer.from(`key ${key}`), value: value === null ? null : Buffer.from(value) }
      })
      const isIdempotent = (written / BATCH_RECORDS) % 2 === 0
      const producer = isIdempotent ? { producerId: PRODUCER_ID, producerEpoch: 0, baseSequence: sequence } : {}
      if (isIdempotent) sequence += records.length
      const codec = CODECS[(written / BATCH_RECORDS) % CODECS.length]!
      await send(compacted, await encodeBatch({ records, codec, ...producer }))
      await send(aged, await encodeBatch({ records, codec }))
      if (written < total / 2 && written + records.length >= total / 2) {
        connection.close()
        await broker.kill()
        await start()
      }
      written += records.length
    }
  }

  async function send(name: string, records: Buffer): Promise<void> {
    const topicData = [{ name, partitionData: [{ index: 0, records }] }]
    const { responses } = await connection.request(produce, 9, { acks: -1, timeoutMs: 30_000, topicData })
    expect(responses[0]!.partitionResponses[0]!.errorCode).toBe(0)
  }

  /** Closes what is active, by age, and waits until all of it is compacted, its tombstones gone. */
  async function settleCompaction(): Promise<void> {
    const configs = ['max.compaction.lag.ms=1000', 'min.cleanable.dirty.ratio=0'].flatMap((config) => ['--set', config])
    expect(ottlaCommandLine('topic', 'alter', compacted, '--bootstrap', broker.bootstrap, ...configs)).toMatchObject({ status: 0 })
    for (let waitedMs = 0; cleanedTo() < written; waitedMs += 200) {
      if (waitedMs > PATIENCE_MS) throw new Error(`compaction came to ${cleanedTo()} of ${written}:\n${broker.output}`)
      await setTimeout(200)
    }
    await setTimeout(2500) // the replaced files go
  }

  function cleanedTo(): number {
    const lines = readFileSync(join(dataFolder, 'cleaner-offset-checkpoint'), { encoding: 'utf8', flag: 'a+' }).split('\n')
    return Number(lines.find((line) => line.startsWith(`${compacted} 0 `))?.split(' ')[2] ?? 0)
  }

  /** By key: the write whose value is there last. */
  async function readKeys(): Promise<{ seen: Int32Array; count: number }> {
    const seen = new Int32Array(KEYS).fill(NEVER)
    let count = 0
    for (let offset = 0; offset < written;) {
      const topics = [{ topic: compacted, partitions: [{ partition: 0, fetchOffset: offset, partitionMaxBytes: 8 << 20 }] }]
      const answer = await connection.request(fetch, 11, { replicaId: -1, maxWaitMs: 100, minBytes: 1, maxBytes: 8 << 20, topics })
      const bytes = answer.responses[0]!.partitions[0]!.records ?? Buffer.alloc(0)
      for (let position = 0; position < bytes.length;) {
        const view = new BatchView(bytes, position)
        if (position + view.sizeInBytes > bytes.length) break
        for (const { key, value, offset: at } of readRecords(await decompress(view.codec, view.packedRecords, 64 << 20), view)) {
          if (at < offset) continue
          const text = value?.toString()
          const write = text === undefined ? TOMBSTONE : Number.parseInt(text, 10)
          if (text !== undefined && text !== valueOf(write)) throw new Error(`offset ${at} has a value that was never written: ${text}`)
          seen[Number(key!.toString().slice('key '.length))] = write
          count++
        }
        offset = view.lastOffset + 1
        position += view.sizeInBytes
      }
    }
    return { seen, count }
  }

  it('keeps the last value of every key, and nothing else', { timeout: PATIENCE_MS }, async () => {
    connection.close() // the broker may have: the largest form has nothing to say for longer than connections.max.idle.ms
    connection = await WireConnection.connect(broker.bootstrap)
    const { seen, count } = await readKeys()
    const wrong: string[] = []
    const counts = { values: 0, tombstones: 0 }
    for (let key = 0; key < KEYS; key++) {
      const [found, last] = [seen[key]!, lastWrites[key]!]
      if (found >= 0) counts.values++
      if (found === TOMBSTONE) counts.tombstones++
      const isRight = valueOf(last) === null ? found === NEVER || found === TOMBSTONE : found === last
      if (!isRight && wrong.push(`key ${key}: write ${found}, not ${last}`) === 10) break
    }
    expect(wrong).toEqual([])
    console.log(`${KEYS} keys, ${written} records written: ${count} left, ${counts.tombstones} of them tombstones; ${peakMemory()}`)
    expect(count).toBe(counts.values + counts.tombstones)
  })

  /** Of the broker, since it was started again halfway. */
  function peakMemory(): string {
    return `the broker's peak memory: ${Math.round(processUsage(broker.pid).peakBytes / 1e6)} MB`
  }

  it('leaves files that Kafka has nothing to complain about, and ottla verify neither', { timeout: 2 * PATIENCE_MS }, async () => {
    connection.close()
    await broker.stop()
    for (const topic of [compacted, aged]) {
      const files = segmentFiles(join(dataFolder, `${topic}-0`), '.log', '.index', '.timeindex', '.snapshot')
      expect(files.length).toBeGreaterThan(2)
      const { dumped, complaints } = await complaintsAbout(files)
      expect(dumped).toEqual(files)
      expect(complaints).toEqual([])
    }
    expect(ottlaCommandLine('verify', dataFolder)).toMatchObject({ status: 0, stdout: expect.stringMatching(/: sound\n$/) })
    await start()
  })

  it('has removed the oldest of the topic whose size is limited', async () => {
    const bytes = segmentFiles(join(dataFolder, `${aged}-0`), '.log').reduce((sum, file) => sum + readFileSync(file).length, 0)
    expect(bytes).toBeLessThan((3 << 20) + 2 * Number(SEGMENTS['segment.bytes']))
  })
})
