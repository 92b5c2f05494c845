// How soon a broker is of use, and what it takes when nobody uses it.
// - The process: from spawn until a client that is running already, and tries the port again and again, has produced a record and fetched it, with 100 topics
//   on disk; and its resident memory some seconds later, idle.
// - In a program: `startBroker()` in memory, in a process that has done so before; and fifty of them at once. (Linux, for the memory.)
//
//   npm run bench:start-up -- --runs 20 --topics 100

import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { setTimeout } from 'node:timers/promises'
import { startBroker } from '../src/start-broker.ts'
import { ottlaCommand, startOttla, temporaryFolder } from '../test/support/broker-process.ts'
import { createTopics } from '../test/support/create-topics.ts'
import { WireConnection } from '../test/support/wire-connection.ts'
import { residentMegabytes } from '../test/support/resident.ts'
import { firstAnswer, roundTrip } from './broker/scenarios/round-trip.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    topics: { type: 'string', default: '100' },
    'idle-seconds': { type: 'string', default: '5' },
    'only-memory-of': { type: 'string' }, // so many brokers in a process of their own
  },
})

const PORT = 19_872
const topicName = (index: number): string => `topic-${index}`

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]!
}

async function fillFolder(dataFolder: string, topicCount: number): Promise<void> {
  const broker = await startOttla({ dataFolder })
  const connection = await WireConnection.connect(broker.bootstrap)
  for (let index = 0; index < topicCount; index++) {
    await createTopics(connection, [topicName(index)])
    await roundTrip(connection, topicName(index))
  }
  connection.close()
  await broker.stop()
}

async function startOnce(dataFolder: string, isIdleMeasured: boolean): Promise<{ usefulMs: number; idleMegabytes: number | undefined }> {
  const startMs = performance.now()
  const child = spawn(process.execPath, [ottlaCommand, 'start', '--port', String(PORT), '--data', dataFolder], { stdio: 'ignore' })
  const connection = await firstAnswer(PORT, (connection) => roundTrip(connection, topicName(0)))
  const usefulMs = performance.now() - startMs
  connection.close()
  if (isIdleMeasured) await setTimeout(1000 * Number(values['idle-seconds']))
  const idleMegabytes = isIdleMeasured ? residentMegabytes(child.pid!) : undefined
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
  return { usefulMs, idleMegabytes }
}

async function startInMemory(): Promise<number> {
  const startMs = performance.now()
  const broker = await startBroker({ port: 0, storage: 'memory' })
  const took = performance.now() - startMs
  await broker.close()
  return took
}

async function memoryOf(count: number): Promise<void> {
  const startMs = performance.now()
  const brokers = await Promise.all(Array.from({ length: count }, () => startBroker({ port: 0, storage: 'memory' })))
  const tookMs = performance.now() - startMs
  for (const { bootstrapServers } of brokers) {
    const connection = await WireConnection.connect(bootstrapServers)
    await createTopics(connection, ['orders'])
    await roundTrip(connection, 'orders')
    connection.close()
  }
  console.log(
    `${count} brokers in one process: started in ${tookMs.toFixed(0)} ms, each used once: ${residentMegabytes(process.pid).toFixed(0)} MB`,
  )
  await Promise.all(brokers.map((broker) => broker.close()))
}

async function measureAll(): Promise<void> {
  const runs = Number(values.runs)
  const dataFolder = temporaryFolder()
  await fillFolder(dataFolder, Number(values.topics))
  const useful: number[] = []
  for (let run = 0; run < runs; run++) useful.push((await startOnce(dataFolder, false)).usefulMs)
  const { idleMegabytes } = await startOnce(dataFolder, true)
  rmSync(dataFolder, { recursive: true })
  const [fastest, slowest] = [Math.min(...useful), Math.max(...useful)]
  console.log(
    `spawn to first record back, ${values.topics} topics: median ${median(useful).toFixed(0)} ms (${fastest.toFixed(0)} to ${slowest.toFixed(0)})`,
  )
  console.log(`resident when idle: ${idleMegabytes!.toFixed(1)} MB`)
  for (let run = 0; run < 3; run++) await startInMemory()
  const inMemory: number[] = []
  for (let run = 0; run < runs; run++) inMemory.push(await startInMemory())
  console.log(`startBroker in memory, warm: median ${median(inMemory).toFixed(1)} ms`)
  const child = spawn(process.execPath, [process.argv[1]!, '--only-memory-of', '50'], { stdio: 'inherit' })
  await new Promise((resolve) => child.once('exit', resolve))
}

const only = values['only-memory-of']
await (only === undefined ? measureAll() : memoryOf(Number(only)))
