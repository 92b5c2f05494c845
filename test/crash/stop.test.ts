// How a broker process ends when it is told to: what SIGTERM promises, and what a second one does.

import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createTopics } from '../../src/wire/messages/create-topics.ts'
import { fetch } from '../../src/wire/messages/fetch.ts'
import { metadata } from '../../src/wire/messages/metadata.ts'
import { produce } from '../../src/wire/messages/produce.ts'
import { encodeRequest } from '../../src/wire/frame.ts'
import { encodeBatch } from '../../src/wire/records/record.ts'
import { ottlaCommand, temporaryFolder } from '../support/broker-process.ts'
import { StartedProcess } from '../support/started-process.ts'
import { WireConnection } from '../support/wire-connection.ts'

const TOPIC = 'records'
const fetchOf = (maxWaitMs: number, minBytes = 1) => ({
  replicaId: -1,
  maxWaitMs,
  minBytes,
  topics: [{ topic: TOPIC, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 26 }] }],
})

let broker: StartedProcess
let connection: WireConnection
let bootstrap: string

async function start(): Promise<void> {
  broker = new StartedProcess(process.execPath, [ottlaCommand, 'start', '--port', '0', '--data', temporaryFolder()])
  bootstrap = await broker.waitForOutput((output) => {
    const port = / is ready on \S+:(\d+)/.exec(output)?.[1]
    return port === undefined ? undefined : `127.0.0.1:${port}`
  })
  connection = await WireConnection.connect(bootstrap)
  await connection.request(createTopics, 7, {
    topics: [{ name: TOPIC, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
  })
}

async function send(bytes: number): Promise<number> {
  const records = await encodeBatch({ records: [{ timestamp: 1, key: null, value: Buffer.alloc(bytes) }] })
  const request = { acks: -1, timeoutMs: 1000, topicData: [{ name: TOPIC, partitionData: [{ index: 0, records }] }] }
  const { responses } = await connection.request(produce, 9, request)
  return responses[0]!.partitionResponses[0]!.errorCode
}

/** A client that asks for much and takes none of it. */
async function connectDeaf(): Promise<Socket> {
  const [host, port] = bootstrap.split(':') as [string, string]
  const deaf = connect(Number(port), host).pause()
  deaf.on('error', () => undefined)
  for (let request = 0; request < 4; request++) for (const chunk of encodeRequest(fetch, 12, request, 'deaf', fetchOf(0))) deaf.write(chunk)
  return deaf
}

afterEach(async () => {
  connection.close()
  await broker.end('SIGKILL')
})

describe('a broker that gets SIGTERM', () => {
  it('answers what it accepted, parked fetches at once, and ends with exit code 0', async () => {
    await start()
    const parked = await Promise.all(Array.from({ length: 50 }, () => WireConnection.connect(bootstrap)))
    for (const one of parked) await one.request(metadata, 9, { topics: [] }) // or some may still wait to be accepted
    const fetches = parked.map((one) => one.request(fetch, 12, fetchOf(600_000)))
    const produced = Promise.allSettled(Array.from({ length: 50 }, () => send(10_000)))
    const ended = broker.end('SIGTERM')
    const answers = await Promise.all(fetches)
    expect(answers.every(({ responses }) => responses[0]!.partitions[0]!.errorCode === 0)).toBe(true)
    const outcomes = await produced // what came after the signal may be unanswered, but nothing that is answered has failed
    expect(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : 0)).filter((errorCode) => errorCode !== 0)).toEqual(
      [],
    )
    expect(await ended).toBe(0)
  })

  it('ends at once when it gets a second one, whoever it still waits for', async () => {
    await start()
    for (let count = 0; count < 40; count++) await send(1_000_000)
    const deaf = await connectDeaf()
    await connection.request(metadata, 9, { topics: [] })
    const ended = broker.end('SIGTERM')
    await expect
      .poll(
        () =>
          WireConnection.connect(bootstrap).then(
            (late) => late.close(),
            (error: unknown) => (error as { code: string }).code,
          ),
        { timeout: 10_000 },
      )
      .toBe('ECONNREFUSED')
    process.kill(broker.pid, 'SIGTERM')
    expect(await ended).toBe(1)
    expect(broker.output).toContain('ended at once')
    deaf.destroy()
  })
})
