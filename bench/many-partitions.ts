// What many partitions with data cost: how soon a broker is ready after kill -9 and after a clean stop, its memory and open files, how long it takes to stop,
// and the throughput of one partition among them beside that of one alone. (Linux.) Fills a folder through the protocol, and removes it.
//
//   npm run bench:many-partitions -- --partitions 10000 --kilobytes 1000 --durability os --open-files 1024
//   npm run bench:many-partitions -- --partitions 1 --kilobytes 1000000 --ask-all --no-load     # 1 GB in one active segment

import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { ottlaCommand } from '../test/support/broker-process.ts'
import { WireConnection } from '../test/support/wire-connection.ts'
import { residentMegabytes } from '../test/support/resident.ts'
import { askAll, createAll, fetchOne, fillAll, filledTopics } from './partitions/filled-topics.ts'

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
const partitionBytes = 1000 * Number(values.kilobytes)
const topics = filledTopics(partitionCount, Number(values['partitions-per-topic']))

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

const openFiles = ({ child }: Running): number => readdirSync(`/proc/${child.pid}/fd`).length

function uncheckedPartitions(dataFolder: string): number {
  const status = spawnSync(process.execPath, [ottlaCommand, 'status', '--data', dataFolder, '--json'], { encoding: 'utf8' })
  return (JSON.parse(status.stdout) as { uncountedPartitions: number }).uncountedPartitions
}

/** How long it takes, with a connection of its own. */
async function timed({ bootstrap }: Running, ask: (connection: WireConnection) => Promise<void>): Promise<number> {
  const startMs = performance.now()
  const connection = await WireConnection.connect(bootstrap)
  await ask(connection)
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
  const megabytes = residentMegabytes(broker.child.pid!)
  const first = await timed(broker, (connection) => fetchOne(connection, topics))
  const askForAll = (connection: WireConnection): Promise<void> => askAll(connection, topics, partitionBytes)
  const all = values['ask-all'] ? `, all partitions asked in ${(await timed(broker, askForAll)).toFixed(0)} ms` : ''
  print(what, `ready in ${broker.readyMs.toFixed(0)} ms with ${megabytes.toFixed(0)} MB, first record ${first.toFixed(0)} ms later${all}`)
  await setTimeout(1000 * Number(values['settle-seconds']))
  const later = `${values['settle-seconds']} s later ${residentMegabytes(broker.child.pid!).toFixed(0)} MB, ${openFiles(broker)} open files`
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
  await createAll(broker.bootstrap, topics, values.durability)
  await fillAll(broker.bootstrap, topics, partitionBytes)
  print(
    `${partitionCount} partitions`,
    `${values.kilobytes} kB each, durability ${values.durability}, at most ${values['open-files']} open files`,
  )
  print('filled', `${residentMegabytes(broker.child.pid!).toFixed(0)} MB, ${openFiles(broker)} open files`)
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
