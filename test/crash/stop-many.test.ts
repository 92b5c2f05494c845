// SIGTERM with a thousand connections: 500 with a parked fetch, 250 that produce all the time, 250 idle. Prints how long the broker took to end.

import { setTimeout } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { createTopics } from '../../src/wire/messages/create-topics.ts'
import { fetch } from '../../src/wire/messages/fetch.ts'
import { metadata } from '../../src/wire/messages/metadata.ts'
import { produce } from '../../src/wire/messages/produce.ts'
import { buildBatch } from '../support/batch-builder.ts'
import { startOttla, type OttlaProcess } from '../support/broker-process.ts'
import { ConnectionClosed, WireConnection } from '../support/wire-connection.ts'
import { WireReader } from '../support/wire-reader.ts'

const PARKED = 500
const PRODUCING = 250
const IDLE = 250
const PRODUCED_FOR_MS = 500
const SILENT_TOPIC = 'silent'
const BUSY_TOPIC = 'busy'

let broker: OttlaProcess | undefined

afterEach(() => broker?.kill())

async function connectMany(bootstrap: string, count: number): Promise<WireConnection[]> {
  const connections = await Promise.all(Array.from({ length: count }, () => WireConnection.connect(bootstrap)))
  for (const one of connections) await one.request(metadata, 9, { topics: [] }) // or some may still wait to be accepted
  return connections
}

const parkedFetch = {
  maxWaitMs: 600_000,
  minBytes: 1,
  topics: [{ topic: SILENT_TOPIC, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }] }],
  forgottenTopicsData: [],
}

/** Until the broker ends the connection; answers how many batches were acknowledged. */
async function produceUntilClosed(connection: WireConnection): Promise<number> {
  for (let acknowledged = 0; ; acknowledged++) {
    try {
      const topicData = [{ name: BUSY_TOPIC, partitionData: [{ index: 0, records: buildBatch() }] }]
      const { responses } = await connection.request(produce, 9, { acks: -1, timeoutMs: 30_000, topicData })
      expect(responses[0]!.partitionResponses[0]!.errorCode).toBe(0)
    } catch (error) {
      if (error instanceof ConnectionClosed) return acknowledged
      throw error
    }
  }
}

describe('a broker with a thousand connections that gets SIGTERM', () => {
  it('answers everything that it accepted, parked fetches at once, and ends with exit code 0', async () => {
    broker = await startOttla()
    const { bootstrap, dataFolder } = broker
    const admin = await WireConnection.connect(bootstrap)
    const topics = [SILENT_TOPIC, BUSY_TOPIC].map((name) => ({
      name,
      numPartitions: 1,
      replicationFactor: 1,
      assignments: [],
      configs: [],
    }))
    await admin.request(createTopics, 7, { topics })
    await connectMany(bootstrap, IDLE)
    const fetches = (await connectMany(bootstrap, PARKED)).map((one) => one.request(fetch, 12, parkedFetch))
    const loads = (await connectMany(bootstrap, PRODUCING)).map(produceUntilClosed)
    await setTimeout(PRODUCED_FOR_MS)

    const startMs = performance.now()
    await broker.stop() // rejects when the exit code is not 0
    console.log(`ended ${Math.round(performance.now() - startMs)} ms after SIGTERM`)
    const fetched = await Promise.all(fetches)
    expect(fetched.filter(({ responses }) => responses[0]?.partitions[0]?.errorCode === 0)).toHaveLength(PARKED)
    const acknowledged = (await Promise.all(loads)).reduce((sum, count) => sum + count, 0)

    broker = await startOttla({ dataFolder })
    const reader = await WireReader.connect(broker.bootstrap)
    expect(await reader.readAll(BUSY_TOPIC)).toHaveLength(acknowledged)
    expect(acknowledged).toBeGreaterThan(PRODUCING)
    reader.close()
  })
})
