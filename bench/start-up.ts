// How soon a broker is of use, and what it takes when nobody uses it.
// - The process: from spawn until a client that is running already, and tries the port again and again, has produced a record and fetched it, with 100 topics
//   on disk; and its resident memory some seconds later, idle.
// - In a program: `startBroker()` in memory, in a process that has done so before; and fifty of them at once. (Linux, for the memory.)
//
//   npm run bench:start-up -- --runs 20 --topics 100

import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { startBroker } from '../src/start-broker.ts'
import { createTopics } from '../test/support/create-topics.ts'
import { WireConnection } from '../test/support/wire-connection.ts'
import { residentMegabytes } from '../test/support/resident.ts'
import { optionsOf } from './options.ts'
import { leaveNothingBehind, newFolder } from './broker/left-behind.ts'
import { startOttla } from './broker/ottla.ts'
import { roundTrip, startAndAsk } from './broker/scenarios/round-trip.ts'
import { spreadOf } from './broker/statistics.ts'

const values = optionsOf(import.meta.url, {
  runs: { type: 'string', default: '20' },
  topics: { type: 'string', default: '100' },
  'idle-seconds': { type: 'string', default: '5' },
  'only-memory-of': { type: 'string' }, // so many brokers in a process of their own
})

const topicName = (index: number): string => `topic-${index}`

async function fillFolder(folder: string, topicCount: number): Promise<void> {
  const broker = await startOttla({ folder, durability: 'fsync' })
  const connection = await WireConnection.connect(broker.bootstrap)
  for (let index = 0; index < topicCount; index++) {
    await createTopics(connection, [topicName(index)])
    await roundTrip(connection, topicName(index))
  }
  connection.close()
  await broker.stop()
}

async function startOnce(folder: string, isIdleMeasured: boolean): Promise<{ usefulMs: number; idleMegabytes: number | undefined }> {
  const { broker, connection, answeredMs } = await startAndAsk(
    (port) => startOttla({ folder, durability: 'fsync', port }),
    (connection) => roundTrip(connection, topicName(0)),
  )
  connection.close()
  if (isIdleMeasured) await setTimeout(1000 * Number(values['idle-seconds']))
  const idleMegabytes = isIdleMeasured ? residentMegabytes(broker.pid) : undefined
  await broker.stop()
  return { usefulMs: answeredMs, idleMegabytes }
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
  const dataFolder = newFolder(tmpdir())
  await fillFolder(dataFolder, Number(values.topics))
  const useful: number[] = []
  for (let run = 0; run < runs; run++) useful.push((await startOnce(dataFolder, false)).usefulMs)
  const { idleMegabytes } = await startOnce(dataFolder, true)
  const { median, min, max } = spreadOf(useful)
  console.log(
    `spawn to first record back, ${values.topics} topics: median ${median.toFixed(0)} ms (${min.toFixed(0)} to ${max.toFixed(0)})`,
  )
  console.log(`resident when idle: ${idleMegabytes!.toFixed(1)} MB`)
  for (let run = 0; run < 3; run++) await startInMemory()
  const inMemory: number[] = []
  for (let run = 0; run < runs; run++) inMemory.push(await startInMemory())
  console.log(`startBroker in memory, warm: median ${spreadOf(inMemory).median.toFixed(1)} ms`)
  const child = spawn(process.execPath, [process.argv[1]!, '--only-memory-of', '50'], { stdio: 'inherit' })
  await new Promise((resolve) => child.once('exit', resolve))
}

leaveNothingBehind()
const only = values['only-memory-of']
await (only === undefined ? measureAll() : memoryOf(Number(only)))
