// What many partitions with data cost: how soon a broker is ready after kill -9 and after a clean stop, its memory and open files, how long it takes to stop,
// and the throughput of one partition among them beside that of one alone. (Linux.) Fills a folder through the protocol, and removes it.
//
//   npm run bench:many-partitions -- --partitions 10000 --kilobytes 1000 --durability os --open-files 1024
//   npm run bench:many-partitions -- --partitions 1 --kilobytes 1000000 --ask-all --no-load     # 1 GB in one active segment

import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createTopics } from '../src/wire/messages/create-topics.ts'
import { fetch } from '../src/wire/messages/fetch.ts'
import { listOffsets } from '../src/wire/messages/list-offsets.ts'
import { produce } from '../src/wire/messages/produce.ts'
import { encodeBatch } from '../src/wire/records/record.ts'
import { ottlaCommand } from '../test/support/broker-process.ts'
import { WireConnection } from '../test/support/wire-connection.ts'

const { values } = parseArgs({
  allowNegative: true,
  options: {
    partitions: { type: 'string', default: '1000' },
    'partitions-per-topic': { type: 'string', default: '100' },
    kilobytes: { type: 'string', default: '1000' }, // in each
    durability: { type: 'string', default: 'os' }, // of the filled topics: with os, kill -9 leaves most to recover
    'open-files': { type: 'string', default: '1024' },
    'settle-seconds': { type: 'string', default: '60' },
    'ask-all': { type: 'boolean', default: false }, // for the offsets of all partitions as soon as the broker is ready
    load: { type: 'boolean', default: true },
    folder: { type: 'string', default: tmpdir() },
  },
})

const partitionCount = Number(values.partitions)
const partitionsPerTopic = Math.min(partitionCount, Number(values['partitions-per-topic']))
const partitionBytes = 1000 * Number(values.kilobytes)
const BATCH_BYTES = 50_000
const topicNames = Array.from({ length: Math.ceil(partitionCount / partitionsPerTopic) }, (_, index) => `filled-${index}`)
const partitionsOf = (topicIndex: number): number => Math.min(partitionsPerTopic, partitionCount - topicIndex * partitionsPerTopic)

interface Running {
  readonly child: ChildProcess
  readonly bootstrap: string
  readonly readyMs: number
}

/** With a limit on open files, as a shell sets it. */
async function start(dataFolder: string): Promise<Running> {
  const command = `ulimit -n ${values['open-files']} && exec "$@"`
  const ottla = [process.execPath, ottlaCommand, 'start', '--port', '0', '--data', dataFolder]
  const startMs = performance.now()
  const child = spawn('sh', ['-c', command, 'sh', ...ottla], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      const found = / is ready on \S+:(\d+)/.exec((output += String(chunk)))
      if (found !== null) resolve(found[1]!)
    })
    child.once('exit', () => reject(new Error(`it ended before it was ready: ${output}`)))
  })
  return { child, bootstrap: `127.0.0.1:${port}`, readyMs: performance.now() - startMs }
}

async function end({ child }: Running, signal: 'SIGTERM' | 'SIGKILL'): Promise<number> {
  const startMs = performance.now()
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  await ended
  return performance.now() - startMs
}

const residentMegabytes = ({ child }: Running): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]) / 1024
const openFiles = ({ child }: Running): number => readdirSync(`/proc/${child.pid}/fd`).length

function uncheckedPartitions(dataFolder: string): number {
  const status = spawnSync(process.execPath, [ottlaCommand, 'status', '--data', dataFolder, '--json'], { encoding: 'utf8' })
  return (JSON.parse(status.stdout) as { uncountedPartitions: number }).uncountedPartitions
}

async function fill(broker: Running): Promise<void> {
  const connections = await Promise.all(Array.from({ length: 4 }, () => WireConnection.connect(broker.bootstrap)))
  for (const [index, name] of topicNames.entries()) {
    const configs = [{ name: 'durability', value: values.durability }]
    const topic = { name, numPartitions: partitionsOf(index), replicationFactor: 1, assignments: [], configs }
    const { topics } = await connections[0]!.request(createTopics, 7, { topics: [topic], timeoutMs: 60_000 })
    if (topics[0]!.errorCode !== 0) throw new Error(`error ${topics[0]!.errorCode} for topic ${name}`)
  }
  const value = Buffer.alloc(990, 'the quick brown fox ')
  const record = { timestamp: Date.now(), key: null, value }
  const records = await encodeBatch({ records: Array.from({ length: BATCH_BYTES / 1000 }, () => record) })
  const indexes = topicNames.flatMap((name, topic) => Array.from({ length: partitionsOf(topic) }, (_, index) => ({ name, index }))).values()
  const work = async (connection: WireConnection): Promise<void> => {
    for (const { name, index } of indexes) {
      const request = { acks: -1, timeoutMs: 60_000, topicData: [{ name, partitionData: [{ index, records }] }] }
      for (let bytes = 0; bytes < partitionBytes; bytes += BATCH_BYTES) {
        const { responses } = await connection.request(produce, 9, request)
        const { errorCode } = responses[0]!.partitionResponses[0]!
        if (errorCode !== 0) throw new Error(`error ${errorCode} for ${name}-${index}`)
      }
    }
  }
  await Promise.all(connections.map(work))
  for (const connection of connections) connection.close()
}

/** From the end of a partition in the middle of them. */
async function fetchOne({ bootstrap }: Running): Promise<number> {
  const startMs = performance.now()
  const connection = await WireConnection.connect(bootstrap)
  const topicIndex = topicNames.length >> 1
  const [topic, partition] = [topicNames[topicIndex]!, partitionsOf(topicIndex) >> 1]
  const asked = { name: topic, partitions: [{ partitionIndex: partition, timestamp: -1 }] }
  const { topics } = await connection.request(listOffsets, 7, { replicaId: -1, topics: [asked] })
  const fetchOffset = topics[0]!.partitions[0]!.offset - 1
  const { responses } = await connection.request(fetch, 12, {
    maxWaitMs: 1000,
    minBytes: 1,
    topics: [{ topic, partitions: [{ partition, fetchOffset, partitionMaxBytes: 1 << 20 }] }],
  })
  if (!responses[0]!.partitions[0]!.records?.length) throw new Error('fetched nothing')
  connection.close()
  return performance.now() - startMs
}

async function askAll({ bootstrap }: Running): Promise<number> {
  const startMs = performance.now()
  const connection = await WireConnection.connect(bootstrap)
  const topics = topicNames.map((name, topic) => ({
    name,
    partitions: Array.from({ length: partitionsOf(topic) }, (_, partitionIndex) => ({ partitionIndex, timestamp: -1 })),
  }))
  const answer = await connection.request(listOffsets, 7, { replicaId: -1, topics })
  const offsets = answer.topics.flatMap(({ partitions }) => partitions.map(({ offset }) => offset))
  if (offsets.some((offset) => offset < partitionBytes / 1000)) throw new Error(`a partition is too short: ${Math.min(...offsets)} records`)
  connection.close()
  return performance.now() - startMs
}

/** Megabytes a second into one partition of a topic of its own. */
function loadOne({ bootstrap }: Running): string {
  const rates = (['65536', '1024'] as const).map((batchBytes) => {
    const load = [ottlaCommand, 'bench', 'produce', '--json', '--bootstrap', bootstrap, '--topic', `hot-${batchBytes}`, '--partitions', '1']
    const run = spawnSync(process.execPath, [...load, '--batch-bytes', batchBytes, '--seconds', '5'], { encoding: 'utf8' })
    if (run.status !== 0) throw new Error(run.stderr)
    return JSON.parse(run.stdout) as { megabytesPerSecond: number; requestsPerSecond: number }
  })
  return `${rates[0]!.megabytesPerSecond.toFixed(0)} MB/s in batches of 64 kB, ${rates[1]!.requestsPerSecond.toFixed(0)} requests/s of 1 kB`
}

function print(what: string, figures: string): void {
  console.log(`${what.padEnd(28)} ${figures}`)
}

async function measureStart(dataFolder: string, what: string): Promise<Running> {
  const broker = await start(dataFolder)
  const megabytes = residentMegabytes(broker)
  const first = await fetchOne(broker)
  const all = values['ask-all'] ? `, all partitions asked in ${(await askAll(broker)).toFixed(0)} ms` : ''
  print(what, `ready in ${broker.readyMs.toFixed(0)} ms with ${megabytes.toFixed(0)} MB, first record ${first.toFixed(0)} ms later${all}`)
  await setTimeout(1000 * Number(values['settle-seconds']))
  const later = `${values['settle-seconds']} s later ${residentMegabytes(broker).toFixed(0)} MB, ${openFiles(broker)} open files`
  print('', `${later}, ${uncheckedPartitions(dataFolder)} partitions still to be checked`)
  return broker
}

async function measureAlone(): Promise<void> {
  const dataFolder = mkdtempSync(join(values.folder, 'ottla-alone-'))
  const broker = await start(dataFolder)
  print('one partition alone', loadOne(broker))
  await end(broker, 'SIGTERM')
  rmSync(dataFolder, { recursive: true })
}

async function measure(dataFolder: string): Promise<void> {
  let broker = await start(dataFolder)
  await fill(broker)
  print(
    `${partitionCount} partitions`,
    `${values.kilobytes} kB each, durability ${values.durability}, at most ${values['open-files']} open files`,
  )
  print('filled', `${residentMegabytes(broker).toFixed(0)} MB, ${openFiles(broker)} open files`)
  await end(broker, 'SIGKILL')
  broker = await measureStart(dataFolder, 'after kill -9')
  print('stopped', `in ${(await end(broker, 'SIGTERM')).toFixed(0)} ms`)
  broker = await measureStart(dataFolder, 'after a clean stop')
  if (values.load) print('one partition among them', loadOne(broker))
  print('stopped', `in ${(await end(broker, 'SIGTERM')).toFixed(0)} ms`)
}

const { bavail, bsize } = statfsSync(values.folder)
if (bavail * bsize < 1.5 * partitionCount * partitionBytes + 20e9) throw new Error(`there is too little room in ${values.folder}`)
const dataFolder = mkdtempSync(join(values.folder, 'ottla-many-'))
try {
  await measure(dataFolder)
  if (values.load) await measureAlone()
} finally {
  rmSync(dataFolder, { recursive: true, force: true })
}
