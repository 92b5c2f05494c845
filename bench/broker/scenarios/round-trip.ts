// A client that is there before the broker is: it tries the port again and again, until it is answered.

import { setTimeout } from 'node:timers/promises'
import { fetch } from '../../../src/wire/messages/fetch.ts'
import { produce } from '../../../src/wire/messages/produce.ts'
import { encodeBatch } from '../../../src/wire/records/record.ts'
import { freePorts } from '../../../test/support/free-ports.ts'
import { WireConnection } from '../../../test/support/wire-connection.ts'

const POLL_MS = 1
const PATIENCE_MS = 600_000 // of a Kafka with 10,000 partitions that it did not close

/** One record written to partition 0 of the topic, and read. */
export async function roundTrip(connection: WireConnection, topic: string): Promise<void> {
  const records = await encodeBatch({ records: [{ timestamp: Date.now(), key: null, value: Buffer.from('hello') }] })
  const request = { acks: -1, timeoutMs: 1000, topicData: [{ name: topic, partitionData: [{ index: 0, records }] }] }
  const produced = await connection.request(produce, 9, request)
  const { errorCode, baseOffset } = produced.responses[0]!.partitionResponses[0]!
  if (errorCode !== 0) throw new Error(`produce answered error ${errorCode}`)
  const partitions = [{ partition: 0, fetchOffset: baseOffset, partitionMaxBytes: 1 << 20 }]
  const fetched = await connection.request(fetch, 12, { maxWaitMs: 1000, minBytes: 1, topics: [{ topic, partitions }] })
  if (!fetched.responses[0]!.partitions[0]!.records?.length) throw new Error('fetched nothing')
}

/** Resolves once `ask` does, on a connection that stays open. What refuses, or is not there yet, is asked again. */
function firstAnswer(port: number, ask: (connection: WireConnection) => Promise<void>, signal?: AbortSignal): Promise<WireConnection> {
  return askAgain(async () => {
    const connection = await WireConnection.connectTo('127.0.0.1', port)
    try {
      await ask(connection)
      return connection
    } catch (error) {
      connection.close()
      throw error
    }
  }, signal)
}

/** Until it is not refused. */
export async function askAgain<T>(ask: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const deadlineMs = performance.now() + PATIENCE_MS
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (performance.now() > deadlineMs) throw error
      await setTimeout(POLL_MS, undefined, { signal })
    }
  }
}

interface Started<B> {
  readonly broker: B
  /** The one that was answered. */
  readonly connection: WireConnection
  /** From the start of the process until then. */
  readonly answeredMs: number
}

export async function startAndAsk<B>(
  start: (port: number) => Promise<B>,
  ask: (connection: WireConnection) => Promise<void>,
): Promise<Started<B>> {
  const [port] = (await freePorts(1)) as [number]
  const hasFailed = new AbortController()
  const startMs = performance.now()
  const starting = start(port)
  starting.catch(() => hasFailed.abort())
  const connection = await firstAnswer(port, ask, hasFailed.signal).catch(async (error: unknown) => {
    await starting // says why
    throw error
  })
  const answeredMs = performance.now() - startMs
  return { broker: await starting, connection, answeredMs }
}
