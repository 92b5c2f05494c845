// What a case does to a broker in one run, and what that tells. The load comes from `ottla bench`, in a process of its own.

import { execFile, spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ottlaCommand } from '../../test/support/broker-process.ts'
import type { MeasuredBroker } from './contenders.ts'

/** What a run found. Rates are higher the better, all others lower. */
export interface Figures {
  readonly megabytesPerSecond?: number
  readonly requestsPerSecond?: number
  readonly p50Ms?: number
  readonly p99Ms?: number
  readonly p999Ms?: number
  readonly cpuSecondsPerGigabyte?: number
  readonly cpuMicrosecondsPerRequest?: number
  readonly peakMegabytes?: number
  readonly stallMs?: number
  readonly seconds?: number
}

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
    figuresOf(await bench(broker, 'produce', topic, seconds, ...WARM_UP, ...flags))

/** One record a request: what matters is a request. */
export const produceSmall =
  (...flags: readonly string[]): Load =>
  async ({ broker, topic, seconds }) => {
    const {
      cpuSecondsPerGigabyte: _perGigabyte,
      megabytesPerSecond: _megabytes,
      ...figures
    } = figuresOf(await bench(broker, 'produce', topic, seconds, ...WARM_UP, '--record-bytes', '100', '--batch-bytes', '100', ...flags))
    return figures
  }

export const latency =
  (recordsPerSecond: number): Load =>
  async ({ broker, topic, seconds }) => {
    const { p50Ms, p99Ms, p999Ms, peakMegabytes, cpuMicrosecondsPerRequest } = figuresOf(
      await bench(broker, 'latency', topic, seconds, ...WARM_UP, '--rate', String(recordsPerSecond)),
    )
    return {
      p50Ms: p50Ms!,
      p99Ms: p99Ms!,
      p999Ms: p999Ms!,
      cpuMicrosecondsPerRequest: cpuMicrosecondsPerRequest!,
      peakMegabytes: peakMegabytes!,
    }
  }

export interface ConsumeOptions {
  readonly megabytes: number
  readonly partitions: number
  /** Whether the files are dropped from the page cache first; then they are read once. */
  readonly isCold?: boolean
}

/** What was written just before, again and again. */
export const consume =
  ({ megabytes, partitions, isCold = false }: ConsumeOptions): Load =>
  async ({ broker, topic, seconds }) => {
    const fillSeconds = Math.max(1, Math.round(megabytes / 150))
    const rate = String((megabytes * 1e6) / 1024 / fillSeconds)
    const filled = ['--partitions', String(partitions), '--keep-topic', '--warm-up-seconds', '0', '--rate', rate]
    await bench(broker, 'produce', topic, fillSeconds, ...filled)
    if (isCold) dropFromCache(broker.dataFolder)
    const how = isCold ? [] : ['--repeat', '--warm-up-seconds', '1']
    try {
      const {
        requestsPerSecond: _requests,
        cpuMicrosecondsPerRequest: _each,
        ...figures
      } = figuresOf(await bench(broker, 'consume', topic, isCold ? 60 : seconds, ...how))
      return figures
    } finally {
      await deleteTopic(broker, topic)
    }
  }

/** Produced and consumed at once; the rate is of both together. */
export const produceAndConsume =
  (consumeFlags: readonly string[], ...produceFlags: readonly string[]): Load =>
  async ({ broker, topic, seconds }) => {
    await ottla('topic', 'create', topic, '--partitions', '8', '--bootstrap', broker.bootstrap)
    await sleep(START_MS)
    try {
      const producing = bench(broker, 'produce', topic, seconds + 1, '--warm-up-seconds', '2', ...produceFlags)
      await sleep(START_MS)
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
  broker: MeasuredBroker,
  command: string,
  topic: string,
  seconds: number,
  ...flags: readonly string[]
): Promise<BenchOutput> {
  const where = ['--bootstrap', broker.bootstrap, '--broker-pid', String(broker.pid)]
  const { stdout } = await ottla('bench', command, '--topic', topic, '--seconds', String(seconds), '--json', ...where, ...flags)
  return JSON.parse(stdout) as BenchOutput
}

export const ottla = (...commandLine: readonly string[]): Promise<{ stdout: string }> =>
  promisify(execFile)(process.execPath, [ottlaCommand, ...commandLine], { maxBuffer: 1 << 24 })

export const deleteTopic = ({ bootstrap }: MeasuredBroker, topic: string): Promise<unknown> =>
  ottla('topic', 'delete', topic, '--bootstrap', bootstrap)

function figuresOf({ megabytesPerSecond, requestsPerSecond, latency: latencies, broker }: BenchOutput): Figures {
  const { cpuSecondsPerGigabyte, cpuMicrosecondsPerRequest, peakMegabytes } = broker
  const { p50Ms, p99Ms } = latencies ?? { p50Ms: NaN, p99Ms: NaN }
  const p999 = latencies === undefined ? {} : { p999Ms: latencies.p999Ms }
  return { megabytesPerSecond, requestsPerSecond, p50Ms, p99Ms, ...p999, cpuSecondsPerGigabyte, cpuMicrosecondsPerRequest, peakMegabytes }
}

/** dd of GNU coreutils tells the kernel that a file is not needed, which no call of Node does. */
export function dropFromCache(folder: string): void {
  spawnSync('sync')
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) spawnSync('dd', [`if=${join(entry.parentPath, entry.name)}`, 'iflag=nocache', 'count=0', 'status=none'])
}

const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
