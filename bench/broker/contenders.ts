// The brokers that are measured: Ottla in each durability, and Kafka as it comes and with a sync of every append.

import { startKafka } from '../../test/support/kafka-process.ts'
import type { Figures } from './figures.ts'
import { type IdleProcess, startIdle } from './idle.ts'
import { startOttla } from './ottla.ts'

export type Contender = 'os' | 'each' | 'interval' | 'fsync' | 'kafka' | 'kafka-synced'

export interface MeasuredBroker {
  readonly bootstrap: string
  readonly pid: number
  readonly dataFolder: string
  /** The longest stalls of its event loop since the last call, and of an idle process beside it; none where it is not watched. */
  stalls(): Promise<Pick<Figures, 'stallMs' | 'ownStallMs' | 'idleStallMs'>>
  stop(): Promise<void>
  /** As a crash would end it. */
  kill(): Promise<void>
}

interface StartOptions {
  /** Kafka's names and values. */
  readonly settings: readonly string[]
  /** 0, and nothing, is a free one. */
  readonly port?: number
  /** Whether its event loop is, if it has one; that takes some time at the start. */
  readonly isWatched?: boolean
  /** Only what is watched can be. */
  readonly isProfiled?: boolean
}

interface ContenderRow {
  readonly title: string
  /** Resolves when it says that it is ready. */
  readonly start: (folder: string, options: StartOptions) => Promise<MeasuredBroker>
}

// as its start scripts have them
const KAFKA_HEAP_MB = 1024
const KAFKA_JAVA_FLAGS = [
  `-Xms${KAFKA_HEAP_MB}m`,
  '-server',
  '-XX:+UseG1GC',
  '-XX:MaxGCPauseMillis=20',
  '-XX:InitiatingHeapOccupancyPercent=35',
  '-XX:+ExplicitGCInvokesConcurrent',
  '-Djava.awt.headless=true',
]
/** With 10,000 partitions on disk that were not closed. */
const READY_WITHIN_MS = 600_000

export const CONTENDERS: Readonly<Record<Contender, ContenderRow>> = {
  os: { title: 'Ottla, os', start: ottlaWith('os') },
  each: { title: 'Ottla, flush.messages=1', start: ottlaWith('os', ['log.flush.interval.messages=1']) },
  interval: { title: 'Ottla, interval', start: ottlaWith('interval') },
  fsync: { title: 'Ottla, fsync', start: ottlaWith('fsync') },
  kafka: { title: 'Kafka', start: kafkaWith([]) },
  'kafka-synced': { title: 'Kafka, flush.messages=1', start: kafkaWith(['log.flush.interval.messages=1']) },
}

export const isOurs = (contender: Contender): boolean => !contender.startsWith('kafka')

function kafkaWith(ownSettings: readonly string[]): ContenderRow['start'] {
  return async (folder, { settings, port = 0 }) => {
    const options = { heapMb: KAFKA_HEAP_MB, javaFlags: KAFKA_JAVA_FLAGS, readyWithinMs: READY_WITHIN_MS, ...(port === 0 ? {} : { port }) }
    const kafka = await startKafka(folder, [...ownSettings, ...settings], options)
    return { ...kafka, stalls: () => Promise.resolve({}) }
  }
}

function ottlaWith(durability: string, ownSettings: readonly string[] = []): ContenderRow['start'] {
  return async (folder, { settings, port = 0, isWatched = false, isProfiled = false }) => {
    const broker = await startOttla({ folder, durability, settings: [...ownSettings, ...settings], port, isWatched, isProfiled })
    let idle: IdleProcess | undefined // from the first question on: before that it would take a core from a start that is timed
    const stalls = async (): ReturnType<MeasuredBroker['stalls']> => {
      if (!isWatched) return {}
      idle ??= startIdle()
      const idleStallMs = await idle.stallMs()
      const { stall, ownStall } = await broker.report()
      return { stallMs: stall.wallMs, ownStallMs: ownStall.ranMs + ownStall.diskMs, idleStallMs }
    }
    const withIdle = (end: () => Promise<void>) => async (): Promise<void> => {
      await end()
      await idle?.end()
    }
    return { ...broker, stalls, stop: withIdle(broker.stop), kill: withIdle(broker.kill) }
  }
}
