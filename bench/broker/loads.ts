// What a case does to a broker in one run, and what that tells. The load comes from `ottla bench`, in a process of its own.

import { execFile, spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { ottlaCommand } from '../../test/support/broker-process.ts'
import type { MeasuredBroker } from './contenders.ts'
import type { Figures } from './figures.ts'
import { endsWithUs } from './left-behind.ts'

interface Run {
  readonly broker: MeasuredBroker
  /** Of the topic, which no other run has. */
  readonly topic: string
  readonly seconds: number
}

/** Resolves to what it found; the warm-up's is thrown away. */
export type Load = (run: Run) => Promise<Figures>

interface Latency {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
}

interface BenchOutput {
  readonly records: number
  readonly megabytesPerSecond: number
  readonly requestsPerSecond: number
  readonly latency?: Latency
  readonly broker: { readonly cpuSecondsPerGigabyte: number; readonly cpuMicrosecondsPerRequest: number; readonly peakMegabytes: number }
}

const WARM_UP = ['--warm-up-seconds', '1']
const START_MS = 1500 // until another command runs at full speed

export const produce =
  (...flags: readonly string[]): Load =>
  async ({ broker, topic, seconds }) =>
    perGigabyte(await bench(broker, 'produce', topic, seconds, ...WARM_UP, ...flags))

/** One record a request: what matters is a request. */
export const produceSmall =
  (...flags: readonly string[]): Load =>
  async ({ broker, topic, seconds }) =>
    perRequest(await bench(broker, 'produce', topic, seconds, ...WARM_UP, '--record-bytes', '100', '--batch-bytes', '100', ...flags))

export const latency =
  (recordsPerSecond: number): Load =>
  async ({ broker, topic, seconds }) => {
    const rate = ['--rate', String(recordsPerSecond)]
    const { requestsPerSecond: _asked, ...figures } = perRequest(await bench(broker, 'latency', topic, seconds, ...WARM_UP, ...rate))
    return figures
  }

export interface ConsumeOptions {
  readonly megabytes: number
  readonly partitions: number
  /** Whether the files are dropped from the page cache first; then they are read once. */
  readonly isCold?: boolean
  /** Whether somebody reads along while it is written: that is what Ottla keeps in its own memory. */
  readonly isFollowed?: boolean
}

/** What was written just before, again and again. */
export const consume =
  ({ megabytes, partitions, isCold = false, isFollowed = false }: ConsumeOptions): Load =>
  async ({ broker, topic, seconds }) => {
    const fillSeconds = Math.max(1, Math.round(megabytes / 150))
    const rate = String((megabytes * 1e6) / 1024 / fillSeconds)
    await ottla('topic', 'create', topic, '--partitions', String(partitions), '--bootstrap', broker.bootstrap)
    const following = isFollowed ? bench(broker, 'consume', topic, fillSeconds + 2 * (START_MS / 1000), '--follow') : undefined
    if (isFollowed) await setTimeout(START_MS)
    await bench(broker, 'produce', topic, fillSeconds, '--warm-up-seconds', '0', '--rate', rate)
    await following
    if (isCold) dropFromCache(broker.dataFolder)
    const how = isCold ? [] : ['--repeat', '--warm-up-seconds', '1']
    try {
      return perGigabyte(await bench(broker, 'consume', topic, isCold ? 60 : seconds, ...how))
    } finally {
      await deleteTopic(broker, topic)
    }
  }

/** Produced and consumed at once; the rate is of both together. */
export const produceAndConsume =
  (consumeFlags: readonly string[], ...produceFlags: readonly string[]): Load =>
  async ({ broker, topic, seconds }) => {
    await ottla('topic', 'create', topic, '--partitions', '8', '--bootstrap', broker.bootstrap)
    await setTimeout(START_MS)
    try {
      const producing = bench(broker, 'produce', topic, seconds + 1, '--warm-up-seconds', '2', ...produceFlags)
      await setTimeout(START_MS)
      const consumed = await bench(broker, 'consume', topic, seconds, '--follow', ...WARM_UP, ...consumeFlags)
      const produced = await producing
      const megabytesPerSecond = produced.megabytesPerSecond + consumed.megabytesPerSecond
      const cpuSecondsPerGigabyte = (produced.broker.cpuSecondsPerGigabyte * produced.megabytesPerSecond) / megabytesPerSecond
      return { megabytesPerSecond, cpuSecondsPerGigabyte, peakMegabytes: consumed.broker.peakMegabytes }
    } finally {
      await deleteTopic(broker, topic)
    }
  }

export async function bench(
  broker: Pick<MeasuredBroker, 'bootstrap' | 'pid'>,
  command: string,
  topic: string,
  seconds: number,
  ...flags: readonly string[]
): Promise<BenchOutput> {
  const where = ['--bootstrap', broker.bootstrap, '--broker-pid', String(broker.pid)]
  const output = await ottla('bench', command, '--topic', topic, '--seconds', String(seconds), '--json', ...where, ...flags)
  return JSON.parse(output) as BenchOutput
}

export const ottla = (...commandLine: readonly string[]): Promise<string> => run(process.execPath, [ottlaCommand, ...commandLine])

/** What it printed. */
export async function run(command: string, commandArguments: readonly string[]): Promise<string> {
  const running = promisify(execFile)(command, commandArguments, { maxBuffer: 1 << 24 })
  endsWithUs(running.child)
  return (await running).stdout
}

export const deleteTopic = ({ bootstrap }: MeasuredBroker, topic: string): Promise<unknown> =>
  ottla('topic', 'delete', topic, '--bootstrap', bootstrap)

const perGigabyte = ({ megabytesPerSecond, latency, broker: { cpuSecondsPerGigabyte, peakMegabytes } }: BenchOutput): Figures => ({
  megabytesPerSecond,
  ...percentiles(latency),
  cpuSecondsPerGigabyte,
  peakMegabytes,
})

const perRequest = ({ requestsPerSecond, latency, broker: { cpuMicrosecondsPerRequest, peakMegabytes } }: BenchOutput): Figures => ({
  requestsPerSecond,
  ...percentiles(latency),
  cpuMicrosecondsPerRequest,
  peakMegabytes,
})

const percentiles = (latency: Latency | undefined): Figures =>
  latency === undefined ? {} : { p50Ms: latency.p50Ms, p99Ms: latency.p99Ms, p999Ms: latency.p999Ms }

/** dd of GNU coreutils tells the kernel that a file is not needed, which no call of Node does. */
export function dropFromCache(folder: string): void {
  spawnSync('sync')
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) spawnSync('dd', [`if=${join(entry.parentPath, entry.name)}`, 'iflag=nocache', 'count=0', 'status=none'])
}
