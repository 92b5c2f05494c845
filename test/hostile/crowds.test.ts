// Crowds of hostile connections, while one client works: 2,000 that ask for a topic's data again and again and take none of it, 200 that send half of a Produce
// of 50 MB and wait, 2,000 that do nothing. Printed are the broker's memory and the client's latencies; checked is that the memory stays bounded, that the client
// is served, and that all of them are gone once they have been quiet for too long. Needs Linux, and 10,000 open files for a process (`ulimit -n`).

import { setTimeout } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { fetch } from '../../src/wire/messages/fetch.ts'
import { produce } from '../../src/wire/messages/produce.ts'
import { encodeRequest } from '../../src/wire/frame.ts'
import { encodeBatch } from '../../src/wire/records/record.ts'
import { startOttla, type OttlaProcess } from '../support/broker-process.ts'
import { createTopics } from '../support/create-topics.ts'
import { WireConnection } from '../support/wire-connection.ts'
import { WireReader } from '../support/wire-reader.ts'
import { Crowd, type Part } from './crowd.ts'
import { MemoryWatch, socketCount } from './process-figures.ts'
import { SteadyProducer } from './steady-producer.ts'

const DEAF = Number(process.env['OTTLA_HOSTILE_DEAF'] ?? 2000)
const HALVES = Number(process.env['OTTLA_HOSTILE_HALVES'] ?? 200)
const IDLE = Number(process.env['OTTLA_HOSTILE_IDLE'] ?? 2000)
const IDLE_MS = 60_000 // until all are there
const PHASE_MS = 10_000
const GONE_WITHIN_MS = 600_000
const RESIDENT_MB_MAX = 419 // 400 MiB
const KILLED_AT_MB = 1500
const BIG_TOPIC = 'big'
const BUSY_TOPIC = 'busy'

let broker: OttlaProcess | undefined
let crowds: Crowd[] = []

afterEach(async () => {
  for (const crowd of crowds) crowd.leave()
  crowds = []
  await broker?.kill()
})

async function fill(bootstrap: string): Promise<void> {
  const connection = await WireConnection.connect(bootstrap)
  await createTopics(connection, [BIG_TOPIC, BUSY_TOPIC])
  const records = await encodeBatch({ records: [{ timestamp: Date.now(), key: null, value: Buffer.alloc(1_000_000, 'x') }] })
  for (let count = 0; count < 40; count++) {
    const topicData = [{ name: BIG_TOPIC, partitionData: [{ index: 0, records }] }]
    await connection.request(produce, 9, { acks: -1, timeoutMs: 30_000, topicData })
  }
  connection.close()
}

/** Fifty requests for all of the data, sent at once. */
const fetches: readonly Part[] = [
  {
    bytes: Buffer.concat(
      encodeRequest(fetch, 12, 1, 'deaf', {
        maxWaitMs: 500,
        minBytes: 1,
        topics: [{ topic: BIG_TOPIC, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 50 << 20 }] }],
        forgottenTopicsData: [],
      }),
    ),
    times: 50,
  },
]

function halfOfAProduce(): readonly Part[] {
  const size = Buffer.alloc(4)
  size.writeInt32BE(50 << 20)
  const header = Buffer.from('0000000900000001000468616c6600', 'hex') // Produce v9, of the client "half"
  return [
    { bytes: Buffer.concat([size, header]), times: 1 },
    { bytes: Buffer.alloc(1 << 20), times: 25 },
  ]
}

describe('hostile crowds', () => {
  it('cost a bounded amount of memory, keep nobody from working, and are gone in the end', { timeout: 2 * GONE_WITHIN_MS }, async () => {
    broker = await startOttla({ flags: ['--set', `connections.max.idle.ms=${IDLE_MS}`] })
    const { bootstrap, pid } = broker
    await fill(bootstrap)
    const quietSockets = socketCount(pid)
    const watch = new MemoryWatch(pid, KILLED_AT_MB)
    const producer = await SteadyProducer.start(bootstrap, BUSY_TOPIC)
    let peakMb = 0
    const phase = async (title: string, begin: () => Promise<unknown>): Promise<void> => {
      await begin()
      await setTimeout(PHASE_MS)
      const { count, p50Ms, p99Ms, worstMs } = producer.takeLatencies()
      const phasePeakMb = watch.takePeakMb()
      peakMb = Math.max(peakMb, phasePeakMb)
      const figures = `${socketCount(pid)} sockets, ${phasePeakMb} MB at most, produce p50 ${p50Ms} ms, p99 ${p99Ms} ms, worst ${worstMs} ms (${count})`
      console.log(`${title}: ${figures}`)
    }
    const join = async (count: number, parts: readonly Part[], reads: boolean): Promise<void> => {
      const crowd = new Crowd(bootstrap)
      crowds.push(crowd)
      await crowd.open(count, { parts, reads })
    }
    await phase('alone', () => Promise.resolve())
    await phase(`${IDLE} idle`, () => join(IDLE, [], true))
    await phase(`${DEAF} more that do not read`, () => join(DEAF, fetches, false))
    await phase(`${HALVES} more with half a request`, () => join(HALVES, halfOfAProduce(), true))
    await phase('all of them', () => Promise.resolve())

    const startMs = performance.now()
    while (socketCount(pid) > quietSockets + 1 && performance.now() - startMs < GONE_WITHIN_MS) {
      await phase(`${Math.round((performance.now() - startMs) / 1000)} s later`, () => Promise.resolve())
    }
    watch.end()
    await producer.end()
    expect(socketCount(pid)).toBeLessThanOrEqual(quietSockets + 1)
    expect(peakMb).toBeLessThan(RESIDENT_MB_MAX)
    const reader = await WireReader.connect(bootstrap)
    expect(await reader.readAll(BUSY_TOPIC)).toHaveLength(producer.acknowledged)
    reader.close()
    await broker.stop()
  })
})
