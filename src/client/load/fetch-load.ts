// Fetch requests, over and over: each connection reads its partitions onwards, one request at a time, and asks again while the last answer is not decoded by anyone.

import { systemClock } from '../../lib/clock.ts'
import { encodeRequest } from '../../wire/frame.ts'
import { fetch } from '../../wire/messages/fetch.ts'
import type { Address } from '../connection.ts'
import { byLeader, type Cluster, type TopicMetadata } from '../cluster.ts'
import { FETCH_VERSION, fetchAnswers, type FetchedBatch } from './fetch-answers.ts'
import { LoadConnection } from './load-connection.ts'
import type { Measurement } from './measurement.ts'

export interface Range {
  readonly partition: number
  readonly begin: number
  /** Exclusive; Infinity to wait for more. */
  readonly end: number
}

export interface FetchLoadOptions {
  readonly cluster: Cluster
  readonly topic: TopicMetadata
  readonly ranges: readonly Range[]
  readonly connections: number
  /** Whether each connection reads all ranges; else they are shared out. */
  readonly eachReadsAll: boolean
  /** Whether to begin again at the end of a range. */
  readonly repeats: boolean
  /** Of each partition in an answer. */
  readonly partitionBytesMax: number
  readonly maxWaitMs: number
  readonly measurement: Measurement
  readonly onBatch?: (batch: FetchedBatch) => void
  /** It cannot go on: once. */
  readonly onEnd: (error: Error) => void
}

interface Reading extends Range {
  nextOffset: number
}

const CLIENT_ID = 'ottla-bench'

/** Of one who waits at the end for what comes. */
export const FOLLOWING = {
  connections: 1,
  eachReadsAll: true,
  repeats: false,
  partitionBytesMax: 1 << 20,
  maxWaitMs: 500,
} as const satisfies Partial<FetchLoadOptions>

export class FetchLoad {
  readonly #options: FetchLoadOptions
  readonly #connections: LoadConnection[] = []
  /** Resolves when every range was read to its end. */
  readonly done: Promise<void>
  #readers = 0
  #finish!: () => void

  /** Rejects with Disconnected, or a Refusal. */
  static async start(options: FetchLoadOptions): Promise<FetchLoad> {
    const load = new FetchLoad(options)
    await load.#connect()
    return load
  }

  private constructor(options: FetchLoadOptions) {
    this.#options = options
    this.done = new Promise((resolve) => {
      this.#finish = resolve
    })
  }

  stop(): void {
    for (const connection of this.#connections) connection.close()
  }

  async #connect(): Promise<void> {
    const { cluster, topic, ranges } = this.#options
    const shares = this.#shares()
    const opened = shares.map(async (share) => {
      const leaders = byLeader(
        topic,
        share.map(({ partition }) => partition),
      )
      for (const [leaderId, led] of leaders) {
        const { address } = await cluster.connectionTo(leaderId)
        await this.#read(
          address,
          ranges.filter(({ partition }) => led.includes(partition)),
        )
      }
    })
    await Promise.all(opened)
    if (this.#readers === 0) this.#finish()
  }

  /** What each connection reads; those without anything are left out. */
  #shares(): (readonly Range[])[] {
    const { ranges, connections, eachReadsAll } = this.#options
    if (eachReadsAll) return Array.from({ length: connections }, () => ranges)
    const shares = Array.from({ length: Math.min(connections, ranges.length) }, (): Range[] => [])
    for (const [index, range] of ranges.entries()) shares[index % shares.length]!.push(range)
    return shares
  }

  async #read(address: Address, ranges: readonly Range[]): Promise<void> {
    const { measurement, repeats, onBatch, onEnd } = this.#options
    let readings = ranges.filter(({ begin, end }) => begin < end).map((range): Reading => ({ ...range, nextOffset: range.begin }))
    if (readings.length === 0) return
    this.#readers++
    const byPartition = new Map(readings.map((reading) => [reading.partition, reading]))
    let askedMs = 0
    const ask = (): void => {
      askedMs = systemClock.monotonic()
      connection.send(this.#encode(readings))
    }
    const scan = fetchAnswers({
      batch: (batch) => {
        const reading = byPartition.get(batch.partition)!
        measurement.count(batch.nextOffset - Math.max(batch.baseOffset, reading.nextOffset), batch.bytes)
        reading.nextOffset = batch.nextOffset
        onBatch?.(batch)
      },
      answered: () => {
        measurement.answered(askedMs)
        if (repeats) for (const reading of readings) if (reading.nextOffset >= reading.end) reading.nextOffset = reading.begin
        readings = readings.filter(({ nextOffset, end }) => nextOffset < end)
        readings.push(...readings.splice(0, 1)) // the first is served first
        if (readings.length > 0) return ask()
        connection.close()
        if (--this.#readers === 0) this.#finish()
      },
    })
    const connection = await LoadConnection.open(address, { scan, onEnd })
    this.#connections.push(connection)
    ask()
  }

  #encode(readings: readonly Reading[]): Buffer {
    const { topic, partitionBytesMax, maxWaitMs } = this.#options
    const partitions = readings.map(({ partition, nextOffset }) => ({
      partition,
      fetchOffset: nextOffset,
      partitionMaxBytes: partitionBytesMax,
    }))
    const request = { maxWaitMs, minBytes: 1, topics: [{ topic: topic.name, partitions }], forgottenTopicsData: [] }
    return Buffer.concat(encodeRequest(fetch, FETCH_VERSION, 0, CLIENT_ID, request))
  }
}
