// Loads of real clients: Kafka's own performance tools, kafkajs and @platformatic/kafka. On two cores they measure mostly themselves; the broker's CPU tells more.

import { fileURLToPath } from 'node:url'
import { processUsage } from '../../src/cli/bench/process-usage.ts'
import { javaArguments } from '../../test/support/kafka-jars.ts'
import type { MeasuredBroker } from './contenders.ts'
import type { Figures } from './figures.ts'
import { bench, deleteTopic, dropFromCache, type Load, ottla, run } from './loads.ts'

const MEBI = 2 ** 20
const CLIENT_HEAP_MB = 512
const PRODUCER = ['acks=all', 'batch.size=65536', 'linger.ms=5']
const RECORD_BYTES = 1024
/** Clients write and read a number of records, and not for a time: this many bytes for each second asked for, and no more in a warm-up than in a run. */
const BYTES_PER_SECOND = 200e6
const SMALL_BYTES_PER_SECOND = 100e6 // of records of 100 B
const NODE_BYTES_PER_SECOND = 60e6
const SECONDS_MOST = 5

const recordsFor = (seconds: number, recordBytes: number, bytesPerSecond = BYTES_PER_SECOND): number =>
  Math.round((bytesPerSecond * Math.min(seconds, SECONDS_MOST)) / recordBytes)

/** ProducerPerformance, as fast as it goes. */
export const javaProduce =
  (recordBytes: number, partitions: number): Load =>
  async ({ broker, topic, seconds }) =>
    inNewTopic(broker, topic, partitions, async () => {
      const records = recordsFor(seconds, recordBytes, recordBytes < 1000 ? SMALL_BYTES_PER_SECOND : BYTES_PER_SECOND)
      const what = ['--topic', topic, '--num-records', String(records), '--record-size', String(recordBytes), '--throughput', '-1']
      const properties = ['--bootstrap-server', broker.bootstrap, '--command-property', ...PRODUCER]
      const { result, cost } = await costing(broker, records * recordBytes, () => java('ProducerPerformance', ...what, ...properties))
      const last = result.trimEnd().split('\n').at(-1)!
      const found = /\(([\d.]+) MB\/sec\).*?(\d+) ms 50th.*?(\d+) ms 99th/.exec(last)
      if (found === null) throw new Error(`ProducerPerformance printed no result:\n${result}`)
      const [mebibytesPerSecond, p50Ms, p99Ms] = found.slice(1).map(Number) as [number, number, number]
      return { megabytesPerSecond: (mebibytesPerSecond * MEBI) / 1e6, p50Ms, p99Ms, ...cost }
    })

/** ConsumerPerformance; the time in which its group forms is not counted. */
export const javaConsume =
  (partitions: number, { isCold = false } = {}): Load =>
  async ({ broker, topic, seconds }) =>
    inNewTopic(broker, topic, partitions, async () => {
      const records = await fill(broker, topic, recordsFor(seconds, RECORD_BYTES))
      if (isCold) dropFromCache(broker.dataFolder)
      const what = ['--topic', topic, '--num-records', String(records), '--group', topic, '--hide-header']
      const { result, cost } = await costing(broker, records * RECORD_BYTES, () =>
        java('ConsumerPerformance', '--bootstrap-server', broker.bootstrap, ...what),
      )
      const fields = result.trimEnd().split('\n').at(-1)!.split(', ')
      const mebibytesPerSecond = Number(fields[8])
      if (!(mebibytesPerSecond > 0)) throw new Error(`ConsumerPerformance printed no result:\n${result}`)
      return { megabytesPerSecond: (mebibytesPerSecond * MEBI) / 1e6, ...cost }
    })

/** A client of Node's (node-client.ts) that writes, or reads, records of 1 KB. */
export const nodeClient =
  (client: 'kafkajs' | 'platformatic', what: 'produce' | 'consume'): Load =>
  async ({ broker, topic, seconds }) =>
    inNewTopic(broker, topic, 8, async () => {
      const asMany = recordsFor(seconds, RECORD_BYTES, NODE_BYTES_PER_SECOND)
      const records = what === 'consume' ? await fill(broker, topic, asMany) : asMany
      const program = fileURLToPath(new URL('node-client.js', import.meta.url))
      const asked = ['--client', client, '--bootstrap', broker.bootstrap, '--topic', topic, '--records', String(records), '--what', what]
      const { result, cost } = await costing(broker, records * RECORD_BYTES, () => run(process.execPath, [program, ...asked]))
      return { megabytesPerSecond: (records * RECORD_BYTES) / 1e6 / (JSON.parse(result) as { seconds: number }).seconds, ...cost }
    })

/** Resolves to how many it wrote, which is about what was asked. */
async function fill(broker: MeasuredBroker, topic: string, records: number): Promise<number> {
  const seconds = Math.ceil((records * RECORD_BYTES) / BYTES_PER_SECOND)
  return (await bench(broker, 'produce', topic, seconds, '--warm-up-seconds', '0', '--rate', String(records / seconds))).records
}

async function inNewTopic(broker: MeasuredBroker, topic: string, partitions: number, use: () => Promise<Figures>): Promise<Figures> {
  await ottla('topic', 'create', topic, '--partitions', String(partitions), '--bootstrap', broker.bootstrap)
  try {
    return await use()
  } finally {
    await deleteTopic(broker, topic)
  }
}

async function costing(
  { pid }: MeasuredBroker,
  bytes: number,
  work: () => Promise<string>,
): Promise<{ result: string; cost: Pick<Figures, 'cpuSecondsPerGigabyte' | 'peakMegabytes'> }> {
  const before = processUsage(pid)
  const result = await work()
  const after = processUsage(pid)
  const cpuSecondsPerGigabyte = (after.cpuSeconds - before.cpuSeconds) / (bytes / 1e9)
  return { result, cost: { cpuSecondsPerGigabyte, peakMegabytes: after.peakBytes / 1e6 } }
}

const java = (tool: string, ...commandLine: readonly string[]): Promise<string> =>
  run('java', [...javaArguments(CLIENT_HEAP_MB), `org.apache.kafka.tools.${tool}`, ...commandLine])
