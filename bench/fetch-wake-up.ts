// What it costs to wake a fetch of many idle partitions for one batch in one of them: an incremental fetch waits, a batch comes, the answer goes out; the
// next request tells the new position of that partition, as consumers do. A broker that gives no session (id 0) is sent all partitions each time.
// Prints the time from sending the batch until the fetch is answered, the broker's CPU time for each round (the append included, which the smallest row
// bounds), and the bytes of request and answer. Needs Linux (/proc).
//
//   npm run --silent build && npx tsc -p bench && node dist-bench/bench/fetch-wake-up.js
//
// On a machine of 2 cores that others used too (Node 22; a full fetch is what every client had to send before there were sessions):
//
//   partitions   median, session   median, full fetch   CPU, session   CPU, full fetch   request and answer, session   full fetch
//           10           0.21 ms              0.34 ms        0.39 ms           0.54 ms                  94 + 235 B    391 + 568 B
//        1,000           0.24 ms              0.95 ms        0.40 ms           2.1  ms                  94 + 235 B      33 + 37 kB
//       10,000           0.24 ms             22.6  ms        0.40 ms          30.9  ms                  94 + 235 B    330 + 370 kB

import { tmpdir } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { processUsage } from '../src/cli/bench/process-usage.ts'
import { decodeResponse, encodeRequest } from '../src/wire/frame.ts'
import { fetch } from '../src/wire/messages/fetch.ts'
import { produce } from '../src/wire/messages/produce.ts'
import { Reader } from '../src/wire/reader.ts'
import { encodeBatch } from '../src/wire/records/record.ts'
import { createTopics } from '../test/support/create-topics.ts'
import { WireConnection } from '../test/support/wire-connection.ts'
import { optionsOf } from './options.ts'
import { leaveNothingBehind, newFolder } from './broker/left-behind.ts'
import { startOttla } from './broker/ottla.ts'
import { spreadOf } from './broker/statistics.ts'

const values = optionsOf(import.meta.url, {
  partitions: { type: 'string', default: '10,1000,10000' },
  rounds: { type: 'string', default: '2000' },
  'warm-up-rounds': { type: 'string', default: '500' },
  slots: { type: 'string', default: '1000' }, // 0: no sessions
})

const TOPIC = 'wake-up'
const FETCH_VERSION = 12
const WRITTEN_PARTITIONS = 10 // of all: that many get records, in turns
const PARKED_AFTER_MS = 2

/** The client's side of a session, or of full fetches where the broker gives none. */
class Reading {
  readonly #connection: WireConnection
  readonly #offsets: number[]
  #sessionId = 0
  #epoch = 0
  #moved: readonly number[]
  requestBytes = 0
  responseBytes = 0

  constructor(connection: WireConnection, partitionCount: number) {
    this.#connection = connection
    this.#offsets = Array.from({ length: partitionCount }, () => 0)
    this.#moved = [...this.#offsets.keys()]
  }

  get hasSession(): boolean {
    return this.#sessionId !== 0
  }

  /** Resolves when the answer is there, with what takes it in. */
  async fetch(maxWaitMs: number): Promise<() => void> {
    const asked = this.hasSession ? this.#moved : [...this.#offsets.keys()]
    const partitions = asked.map((partition) => ({ partition, fetchOffset: this.#offsets[partition]!, partitionMaxBytes: 1 << 20 }))
    const session = { sessionId: this.#sessionId, sessionEpoch: this.#epoch, forgottenTopicsData: [] }
    const topics = asked.length === 0 ? [] : [{ topic: TOPIC, partitions }]
    const request = Buffer.concat(encodeRequest(fetch, FETCH_VERSION, 1, 'wake-up', { maxWaitMs, minBytes: 1, topics, ...session }))
    const frame = await this.#connection.exchange(request)
    return () => {
      this.requestBytes = request.length
      this.responseBytes = frame.length
      const { response } = decodeResponse(fetch, FETCH_VERSION, new Reader(frame))
      this.#sessionId = response.sessionId
      this.#epoch = this.hasSession ? this.#epoch + 1 : 0
      const read = response.responses.flatMap((topic) => topic.partitions).filter(({ records }) => records !== null && records.length > 0)
      for (const { partitionIndex, highWatermark } of read) this.#offsets[partitionIndex] = highWatermark
      this.#moved = read.map(({ partitionIndex }) => partitionIndex)
    }
  }
}

async function measure(partitionCount: number): Promise<Record<string, unknown>> {
  const broker = await startOttla({
    folder: newFolder(tmpdir()),
    durability: 'os',
    settings: [`max.incremental.fetch.session.cache.slots=${values.slots}`],
  })
  const [reader, writer] = [await WireConnection.connect(broker.bootstrap), await WireConnection.connect(broker.bootstrap)]
  const records = await encodeBatch({ records: [{ timestamp: Date.now(), key: null, value: Buffer.alloc(100) }] })
  const append = async (index: number): Promise<void> => {
    const topicData = [{ name: TOPIC, partitionData: [{ index, records }] }]
    await writer.request(produce, 9, { transactionalId: null, acks: -1, timeoutMs: 30_000, topicData })
  }
  await createTopics(writer, [TOPIC], partitionCount)
  for (let written = 0; written < WRITTEN_PARTITIONS; written++) await append(partitionOf(written, partitionCount))
  const reading = new Reading(reader, partitionCount)
  const take = await reading.fetch(0)
  take()
  const waits: number[] = []
  const round = async (index: number): Promise<void> => {
    const answer = reading.fetch(60_000)
    await setTimeout(PARKED_AFTER_MS)
    const sentMs = performance.now()
    const appended = append(partitionOf(index, partitionCount))
    const takeIn = await answer
    waits.push(performance.now() - sentMs)
    takeIn()
    await appended
  }
  for (let index = 0; index < Number(values['warm-up-rounds']); index++) await round(index)
  waits.length = 0
  const before = processUsage(broker.pid)
  for (let index = 0; index < Number(values.rounds); index++) await round(index)
  const cpuSeconds = processUsage(broker.pid).cpuSeconds - before.cpuSeconds
  reader.close()
  writer.close()
  await broker.stop()
  return {
    partitions: partitionCount,
    session: reading.hasSession,
    'median ms': Number(spreadOf(waits).median.toFixed(2)),
    'p99 ms': Number(waits.toSorted((a, b) => a - b)[Math.floor(waits.length * 0.99)]!.toFixed(2)),
    'broker CPU µs': Math.round((cpuSeconds * 1e6) / waits.length),
    'request bytes': reading.requestBytes,
    'answer bytes': reading.responseBytes,
  }
}

function partitionOf(index: number, partitionCount: number): number {
  return Math.floor(((index % WRITTEN_PARTITIONS) * partitionCount) / WRITTEN_PARTITIONS)
}

leaveNothingBehind()
const table: Record<string, unknown>[] = []
for (const partitionCount of values.partitions.split(',')) table.push(await measure(Number(partitionCount)))
console.table(table)
