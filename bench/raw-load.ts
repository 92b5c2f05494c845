// How much a broker takes when the client costs next to nothing: the same encoded Produce requests, over and over, on pipelined connections.
// Works against any Kafka-compatible broker that leads all partitions of the topic itself; makes the topic when there is none. Every answer is
// looked at: the first error ends the run. With --pid (same machine, Linux) it prints what the broker took of CPU and memory.
//
//   npx tsc -p bench && node dist-bench/bench/raw-load.js --bootstrap localhost:9092 --partitions 8 --batch-bytes 65536 --pid $(pgrep -n ottla)

import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { parseArgs } from 'node:util'
import { errorName } from '../src/wire/error-codes.ts'
import { decodeResponse, encodeRequest } from '../src/wire/frame.ts'
import { FrameQueue } from '../src/wire/frame-queue.ts'
import { createTopics } from '../src/wire/messages/create-topics.ts'
import { metadata } from '../src/wire/messages/metadata.ts'
import { produce } from '../src/wire/messages/produce.ts'
import { Reader } from '../src/wire/reader.ts'
import { encodeBatch } from '../src/wire/records/record.ts'
import type { Api, Draft, Infer } from '../src/wire/schema.ts'

// Spoken by every broker since Kafka 2.8.
const VERSIONS = { produce: 9, metadata: 9, createTopics: 5 }
const FRAME_BYTES_MAX = 100 * 1024 * 1024
const CLIENT_ID = 'raw-load'
const CLOCK_TICK_MS = 10 // of /proc: 100 Hz on every Linux that we know

const { values } = parseArgs({
  options: {
    bootstrap: { type: 'string', default: 'localhost:9092' },
    topic: { type: 'string', default: 'raw-load' },
    partitions: { type: 'string', default: '8' },
    'partitions-per-request': { type: 'string' }, // default: all
    'batch-bytes': { type: 'string', default: '65536' },
    'record-bytes': { type: 'string', default: '1024' },
    connections: { type: 'string', default: '4' },
    'in-flight': { type: 'string', default: '5' },
    acks: { type: 'string', default: '-1' },
    'warm-up-seconds': { type: 'string', default: '2' },
    seconds: { type: 'string', default: '10' },
    pid: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})

const settings = {
  topic: values.topic,
  partitions: Number(values.partitions),
  partitionsPerRequest: Number(values['partitions-per-request'] ?? values.partitions),
  batchBytes: Number(values['batch-bytes']),
  recordBytes: Number(values['record-bytes']),
  connections: Number(values.connections),
  inFlight: Number(values['in-flight']),
  acks: Number(values.acks),
  warmUpMs: 1000 * Number(values['warm-up-seconds']),
  runMs: 1000 * Number(values.seconds),
}

const separator = values.bootstrap.lastIndexOf(':')
const address = { host: values.bootstrap.slice(0, separator).replaceAll(/[[\]]/g, ''), port: Number(values.bootstrap.slice(separator + 1)) }

let isOver = false
await makeTopic().catch(fail)
const recordsPerBatch = Math.max(1, Math.floor(settings.batchBytes / settings.recordBytes))
const frames = await encodeFrames()
const counts = { requests: 0, latenciesMs: [] as number[] }
const sockets = Array.from({ length: settings.connections }, (_, index) => load(index))
await sleep(settings.warmUpMs)
counts.requests = 0
counts.latenciesMs = []
const before = { timeMs: performance.now(), ...brokerUsage() }
await sleep(settings.runMs)
const after = { timeMs: performance.now(), ...brokerUsage() }
report()
isOver = true
for (const socket of sockets) socket.destroy()

/** One request on a connection of its own. */
async function ask<A extends Api>(api: A, version: number, request: Draft<A['request']>): Promise<Infer<A['response']>> {
  const socket = connect(address)
  const frameQueue = new FrameQueue(FRAME_BYTES_MAX)
  const answer = new Promise<Infer<A['response']>>((resolve, reject) => {
    socket.on('data', (chunk) => {
      for (const frame of frameQueue.take(chunk)) resolve(decodeResponse(api, version, new Reader(frame)).response)
    })
    socket.on('close', () => reject(new Error(`the broker closed the connection on ${api.name}`)))
    socket.on('error', reject)
  })
  socket.write(Buffer.concat(encodeRequest(api, version, 0, CLIENT_ID, request)))
  return answer.finally(() => socket.destroy())
}

async function makeTopic(): Promise<void> {
  const { topic, partitions } = settings
  const created = await ask(createTopics, VERSIONS.createTopics, {
    topics: [{ name: topic, numPartitions: partitions, replicationFactor: -1, assignments: [], configs: [] }],
  })
  const { errorCode, errorMessage } = created.topics[0]!
  if (errorCode !== 0 && errorName(errorCode) !== 'TOPIC_ALREADY_EXISTS') throw new Error(`cannot make the topic: ${errorMessage}`)
  for (let attempt = 0; attempt < 100; attempt++) {
    const answer = await ask(metadata, VERSIONS.metadata, { topics: [{ name: topic }], allowAutoTopicCreation: false })
    const led = answer.topics[0]!.partitions.filter((partition) => partition.leaderId >= 0).length
    if (led >= partitions) return sleep(1000 + 5 * partitions) // Kafka tells of leaders before they take records
    if (led > 0) throw new Error(`the topic ${topic} is there with ${led} partitions: choose another one with --topic`)
    await sleep(50)
  }
  throw new Error(`the topic ${topic} has no leaders after 5 s`)
}

/** Requests that together write to every partition. */
async function encodeFrames(): Promise<Buffer[]> {
  const { topic, partitions, partitionsPerRequest, recordBytes, acks } = settings
  const value = Buffer.alloc(Math.max(0, recordBytes - 10), 'the quick brown fox ') // a record takes about 10 bytes besides its value
  const timestamp = Date.now()
  const batch = await encodeBatch({ records: Array.from({ length: recordsPerBatch }, () => ({ timestamp, key: null, value })) })
  const groups = Array.from({ length: Math.ceil(partitions / partitionsPerRequest) }, (_, group) =>
    Array.from(
      { length: Math.min(partitionsPerRequest, partitions - group * partitionsPerRequest) },
      (_, i) => group * partitionsPerRequest + i,
    ),
  )
  return groups.map((indexes) => {
    const partitionData = indexes.map((index) => ({ index, records: batch }))
    const request = { transactionalId: null, acks, timeoutMs: 30_000, topicData: [{ name: topic, partitionData }] }
    return Buffer.concat(encodeRequest(produce, VERSIONS.produce, 0, CLIENT_ID, request))
  })
}

/** A connection that keeps `inFlight` requests on their way, or with acks=0 as many as the socket takes. */
function load(connection: number): Socket {
  const socket = connect({ ...address, noDelay: true })
  const frameQueue = new FrameQueue(FRAME_BYTES_MAX)
  const sentAtMs: number[] = []
  let next = connection
  const send = (): boolean => {
    sentAtMs.push(performance.now())
    return socket.write(frames[next++ % frames.length]!)
  }
  const sendWhileTaken = (): void => {
    do count(sentAtMs)
    while (send())
  }
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the broker closed a connection')))
  socket.on('data', (chunk) => {
    socket.cork()
    for (const frame of frameQueue.take(chunk)) {
      check(frame)
      count(sentAtMs)
      send()
    }
    socket.uncork()
  })
  if (settings.acks === 0) socket.on('connect', sendWhileTaken).on('drain', sendWhileTaken)
  else for (let request = 0; request < settings.inFlight; request++) send()
  return socket
}

function count(sentAtMs: number[]): void {
  const atMs = sentAtMs.shift()
  if (atMs === undefined) return
  counts.requests++
  counts.latenciesMs.push(performance.now() - atMs)
}

function check(frame: Buffer): void {
  const { response } = decodeResponse(produce, VERSIONS.produce, new Reader(frame))
  for (const { partitionResponses } of response.responses) {
    for (const { index, errorCode, errorMessage } of partitionResponses) {
      if (errorCode !== 0) fail(new Error(`partition ${index}: ${errorName(errorCode)} ${errorMessage ?? ''}`))
    }
  }
}

function fail(error: Error): void {
  if (isOver) return
  console.error(`error: ${error.message}`)
  process.exit(1)
}

function brokerUsage(): { cpuMs: number; peakBytes: number } {
  if (values.pid === undefined) return { cpuMs: 0, peakBytes: 0 }
  const stat = readFileSync(`/proc/${values.pid}/stat`, 'utf8')
  const [userTicks, systemTicks] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number)
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${values.pid}/status`, 'utf8'))
  return { cpuMs: (userTicks! + systemTicks!) * CLOCK_TICK_MS, peakBytes: Number(peak?.[1]) * 1024 }
}

function report(): void {
  const seconds = (after.timeMs - before.timeMs) / 1000
  const { requests } = counts
  const batches = (requests * settings.partitions) / frames.length
  const megabytes = (batches * settings.batchBytes) / 1e6
  const latencies = counts.latenciesMs.sort((a, b) => a - b)
  const latencyMs = (share: number): number => latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))] ?? NaN
  const cpuSeconds = (after.cpuMs - before.cpuMs) / 1000
  const result = {
    megabytesPerSecond: megabytes / seconds,
    requestsPerSecond: requests / seconds,
    recordsPerSecond: (batches * recordsPerBatch) / seconds,
    ...(settings.acks === 0 ? {} : { p50Ms: latencyMs(0.5), p99Ms: latencyMs(0.99), maxMs: latencyMs(1) }),
    ...(values.pid === undefined
      ? {}
      : {
          brokerCpuSeconds: cpuSeconds,
          brokerCpuSecondsPerGigabyte: cpuSeconds / (megabytes / 1000),
          brokerCpuMicrosecondsPerRequest: (cpuSeconds * 1e6) / requests,
          brokerPeakMegabytes: after.peakBytes / 1e6,
        }),
  }
  if (values.json) return console.log(JSON.stringify({ ...settings, ...result }))
  for (const [name, value] of Object.entries(result))
    console.log(`${name.padEnd(34)} ${value.toLocaleString('en', { maximumFractionDigits: 3 })}`)
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
