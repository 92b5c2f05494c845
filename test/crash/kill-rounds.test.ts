// Rounds of kill -9 under load. Before each round, what the rounds before have left is read and judged (test/support/crash-verdict.ts).
// OTTLA_CRASH_ROUNDS says how many rounds there are for each durability (20, so 40 in all), OTTLA_CRASH_SEED repeats the choices of an earlier run,
// OTTLA_TEST_KEEP=1 keeps the data folders to look into.

import { setTimeout } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { initProducerId } from '../../src/wire/messages/init-producer-id.ts'
import { createTopics } from '../../src/wire/messages/create-topics.ts'
import { killOttlaWhileItStarts, newTopic, startOttla, temporaryFolder, type OttlaProcess } from '../support/broker-process.ts'
import { brokenPromises, type PartitionHistory } from '../support/crash-verdict.ts'
import { randomFrom } from '../support/random.ts'
import { WireConnection } from '../support/wire-connection.ts'
import { WireReader } from '../support/wire-reader.ts'
import { LoadProducer } from './load-producer.ts'

const ROUNDS = Number(process.env['OTTLA_CRASH_ROUNDS'] ?? 20)
const SEED = Number(process.env['OTTLA_CRASH_SEED'] ?? Date.now() % 1_000_000)
const ROUNDS_PER_TOPIC = 10
const PARTITIONS = 4
const LOAD_MS_MAX = 400
const KILLED_STARTS = 1 / 4
const START_MS_MAX = 500
const ROUND_WITHIN_MS = 60_000

interface LoadedTopic {
  readonly name: string
  readonly producers: readonly LoadProducer[]
}

async function loadedTopic(bootstrap: string, random: () => number): Promise<LoadedTopic> {
  const name = newTopic('killed')
  const connection = await WireConnection.connect(bootstrap)
  const configs = [
    { name: 'segment.bytes', value: String(1 << 20) },
    { name: 'index.interval.bytes', value: '1024' },
  ]
  await connection.request(createTopics, 7, {
    topics: [{ name, numPartitions: PARTITIONS, replicationFactor: 1, assignments: [], configs }],
  })
  const newProducerId = async (): Promise<number> =>
    (await connection.request(initProducerId, 4, { transactionalId: null, transactionTimeoutMs: 60_000 })).producerId
  const producers = [
    { name: 'idempotent', partitions: [0, 1, 2], producerId: await newProducerId() },
    { name: 'idempotent too', partitions: [1, 2, 3], producerId: await newProducerId() },
    { name: 'plain', partitions: [0, 1, 2, 3], producerId: undefined },
    { name: 'plain too', partitions: [2, 3], producerId: undefined },
  ]
  connection.close()
  return { name, producers: producers.map((options) => new LoadProducer({ ...options, topic: name, random })) }
}

async function killUnderLoad(broker: OttlaProcess, topic: LoadedTopic, afterMs: number): Promise<void> {
  const loads = topic.producers.map((producer) => producer.sendUntilKilled(broker.bootstrap))
  await setTimeout(afterMs)
  await broker.kill()
  await Promise.all(loads)
}

async function brokenPromisesOf(topics: readonly LoadedTopic[], bootstrap: string): Promise<string[]> {
  const reader = await WireReader.connect(bootstrap)
  const broken: string[] = []
  for (const topic of topics) {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const promises = brokenPromises(await historyOf(topic, partition, reader))
      broken.push(...promises.map((promise) => `${topic.name}-${partition}: ${promise}`))
    }
  }
  reader.close()
  return broken.slice(0, 20)
}

async function historyOf(topic: LoadedTopic, partition: number, reader: WireReader): Promise<PartitionHistory> {
  const records = await reader.readAll(topic.name, partition)
  const lanes = topic.producers.flatMap(({ name, lanes }) =>
    lanes.filter((lane) => lane.partition === partition).map((lane) => ({ name, lane })),
  )
  return {
    acknowledged: lanes.flatMap(({ lane }) => lane.acknowledged),
    sentCounts: new Map(lanes.map(({ name, lane }) => [name, lane.sentCount])),
    idempotent: new Set(topic.producers.filter(({ isIdempotent }) => isIdempotent).map(({ name }) => name)),
    found: records.map(({ offset, key, value }) => ({ offset, producer: key!, number: Number.parseInt(value!, 10) })),
  }
}

function acknowledgedCount(topics: readonly LoadedTopic[]): number {
  const lanes = topics.flatMap(({ producers }) => producers.flatMap((producer) => producer.lanes))
  return lanes.reduce((sum, lane) => sum + lane.acknowledged.length, 0)
}

console.log(`kill rounds: ${ROUNDS} for each durability, OTTLA_CRASH_SEED=${SEED}`)

describe.each(['fsync', 'os'] as const)('a broker killed under load, durability %s', (durability) => {
  const random = randomFrom(SEED + (durability === 'os' ? 1 : 0))
  const options = { dataFolder: temporaryFolder(), durability }
  const topics: LoadedTopic[] = []
  let broker: OttlaProcess | undefined

  afterAll(() => broker?.kill())

  it(
    `keeps every acknowledged record at its offset, once and in order, over ${ROUNDS} rounds`,
    async () => {
      for (let round = 0; round < ROUNDS; round++) {
        if (random() < KILLED_STARTS) await killOttlaWhileItStarts(options, random() * START_MS_MAX)
        broker = await startOttla(options)
        expect(await brokenPromisesOf(topics.slice(-1), broker.bootstrap), `after ${round} rounds`).toEqual([])
        if (round % ROUNDS_PER_TOPIC === 0) topics.push(await loadedTopic(broker.bootstrap, random))
        await killUnderLoad(broker, topics.at(-1)!, random() * LOAD_MS_MAX)
      }
      expect(acknowledgedCount(topics)).toBeGreaterThan(100 * ROUNDS)
    },
    ROUNDS * ROUND_WITHIN_MS,
  )

  it('has all of it after the last start, and takes what idempotent producers send again', async () => {
    await broker?.kill()
    broker = await startOttla(options)
    for (const { producers } of topics) for (const producer of producers) await producer.sendAgain(broker.bootstrap)
    expect(await brokenPromisesOf(topics, broker.bootstrap)).toEqual([])
    const idempotent = topics.flatMap(({ producers }) => producers).filter(({ isIdempotent }) => isIdempotent)
    for (const { lanes } of idempotent) expect(lanes.map((lane) => lane.acknowledged.length)).toEqual(lanes.map((lane) => lane.sentCount))
    await broker.stop()
  })
})
