// What many partitions with data cost: how soon a broker is ready after kill -9 and after a clean stop, its memory and open files, how long it takes to stop,
// and the throughput of one partition among them beside that of one alone. (Linux.) Fills a folder through the protocol, and removes it.
//
//   npm run bench:many-partitions -- --partitions 10000 --kilobytes 1000 --durability os --open-files 1024
//   npm run bench:many-partitions -- --partitions 1 --kilobytes 1000000 --ask-all --no-load     # 1 GB in one active segment

import { readdirSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { WireConnection } from '../test/support/wire-connection.ts'
import { residentMegabytes } from '../test/support/resident.ts'
import { optionsOf } from './options.ts'
import { leaveNothingBehind, newFolder, removeFolder } from './broker/left-behind.ts'
import { bench, ottla } from './broker/loads.ts'
import { type Ottla, startOttla } from './broker/ottla.ts'
import { askAll, createAll, fetchOne, fillAll, filledTopics } from './partitions/filled-topics.ts'

const values = optionsOf(import.meta.url, {
  partitions: { type: 'string', default: '1000' },
  'partitions-per-topic': { type: 'string', default: '100' },
  kilobytes: { type: 'string', default: '1000' }, // in each
  durability: { type: 'string', default: 'os' }, // of the filled topics: with os, kill -9 leaves most to recover
  'open-files': { type: 'string', default: '1024' },
  'settle-seconds': { type: 'string', default: '60' },
  'ask-all': { type: 'boolean', default: false }, // for the offsets of all partitions as soon as the broker is ready
  load: { type: 'boolean', default: true },
  folder: { type: 'string', default: tmpdir() },
})

const LOAD_SECONDS = 5
const partitionCount = Number(values.partitions)
const partitionBytes = 1000 * Number(values.kilobytes)
const topics = filledTopics(partitionCount, Number(values['partitions-per-topic']))

interface Running {
  readonly broker: Ottla
  readonly readyMs: number
}

async function start(folder: string): Promise<Running> {
  const startMs = performance.now()
  const broker = await startOttla({ folder, durability: 'fsync', openFiles: Number(values['open-files']) })
  return { broker, readyMs: performance.now() - startMs }
}

/** Milliseconds that it takes. */
async function timed(work: () => Promise<void>): Promise<number> {
  const startMs = performance.now()
  await work()
  return performance.now() - startMs
}

const openFiles = ({ pid }: Ottla): number => readdirSync(`/proc/${pid}/fd`).length

async function uncheckedPartitions(dataFolder: string): Promise<number> {
  const status = await ottla('status', '--data', dataFolder, '--json')
  return (JSON.parse(status) as { uncountedPartitions: number }).uncountedPartitions
}

/** How long it takes, with a connection of its own. */
const timedAsking = ({ bootstrap }: Ottla, ask: (connection: WireConnection) => Promise<void>): Promise<number> =>
  timed(async () => {
    const connection = await WireConnection.connect(bootstrap)
    await ask(connection)
    connection.close()
  })

/** Megabytes a second into one partition of a topic of its own. */
async function loadOne(broker: Ottla): Promise<string> {
  const load = (batchBytes: string): ReturnType<typeof bench> =>
    bench(broker, 'produce', `hot-${batchBytes}`, LOAD_SECONDS, '--partitions', '1', '--batch-bytes', batchBytes)
  const [large, small] = [await load('65536'), await load('1024')]
  return `${large.megabytesPerSecond.toFixed(0)} MB/s in batches of 64 kB, ${small.requestsPerSecond.toFixed(0)} requests/s of 1 kB`
}

function print(what: string, figures: string): void {
  console.log(`${what.padEnd(28)} ${figures}`)
}

async function measureStart(dataFolder: string, what: string): Promise<Ottla> {
  const { broker, readyMs } = await start(dataFolder)
  const megabytes = residentMegabytes(broker.pid)
  const first = await timedAsking(broker, (connection) => fetchOne(connection, topics))
  const askForAll = (connection: WireConnection): Promise<void> => askAll(connection, topics, partitionBytes)
  const all = values['ask-all'] ? `, all partitions asked in ${(await timedAsking(broker, askForAll)).toFixed(0)} ms` : ''
  print(what, `ready in ${readyMs.toFixed(0)} ms with ${megabytes.toFixed(0)} MB, first record ${first.toFixed(0)} ms later${all}`)
  await setTimeout(1000 * Number(values['settle-seconds']))
  const later = `${values['settle-seconds']} s later ${residentMegabytes(broker.pid).toFixed(0)} MB, ${openFiles(broker)} open files`
  print('', `${later}, ${await uncheckedPartitions(dataFolder)} partitions still to be checked`)
  return broker
}

async function measureAlone(): Promise<void> {
  const dataFolder = newFolder(values.folder)
  const { broker } = await start(dataFolder)
  print('one partition alone', await loadOne(broker))
  await broker.stop()
  removeFolder(dataFolder)
}

async function measure(dataFolder: string): Promise<void> {
  let { broker } = await start(dataFolder)
  await createAll(broker.bootstrap, topics, values.durability)
  await fillAll(broker.bootstrap, topics, partitionBytes)
  print(
    `${partitionCount} partitions`,
    `${values.kilobytes} kB each, durability ${values.durability}, at most ${values['open-files']} open files`,
  )
  print('filled', `${residentMegabytes(broker.pid).toFixed(0)} MB, ${openFiles(broker)} open files`)
  await broker.kill()
  broker = await measureStart(dataFolder, 'after kill -9')
  print('stopped', `in ${(await timed(() => broker.stop())).toFixed(0)} ms`)
  broker = await measureStart(dataFolder, 'after a clean stop')
  if (values.load) print('one partition among them', await loadOne(broker))
  print('stopped', `in ${(await timed(() => broker.stop())).toFixed(0)} ms`)
}

const { bavail, bsize } = statfsSync(values.folder)
if (bavail * bsize < 1.5 * partitionCount * partitionBytes + 20e9) throw new Error(`there is too little room in ${values.folder}`)
leaveNothingBehind()
const dataFolder = newFolder(values.folder)
await measure(dataFolder)
removeFolder(dataFolder)
if (values.load) await measureAlone()
