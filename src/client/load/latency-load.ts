// End to end: one record a request at a pace, read by a consumer that waits for it. The latency of a record is from when it was due until the consumer has it.
// A partition is written by one connection, so that its records come in the order in which they were sent: offsets tell which is which.

import { byLeader, type Cluster, type TopicMetadata } from '../cluster.ts'
import { FetchLoad, FOLLOWING, type Range } from './fetch-load.ts'
import { Measurement } from './measurement.ts'
import { type Pace, ProduceLoad } from './produce-load.ts'

export interface LatencyLoadOptions {
  readonly cluster: Cluster
  readonly topic: TopicMetadata
  /** By partition, where its records of now end. Nobody else may write to it. */
  readonly endOffsets: ReadonlyMap<number, number>
  readonly acks: number
  /** An encoded batch of one record. */
  readonly batch: Buffer
  readonly pace: Pace
  /** Of the records from end to end. */
  readonly measurement: Measurement
  /** Of the acknowledgements. */
  readonly acknowledgements: Measurement
  readonly onEnd: (error: Error) => void
}

const IN_FLIGHT_MAX = 10_000 // a broker that stalls for a second is still sent what is due

export class LatencyLoad {
  readonly #consuming: FetchLoad
  readonly #producing: ProduceLoad

  /** Rejects with Disconnected, or a Refusal. */
  static async start(options: LatencyLoadOptions): Promise<LatencyLoad> {
    const { cluster, topic, endOffsets, measurement, onEnd } = options
    const partitions = topic.partitions.map(({ partition }) => partition)
    const due = new Map(partitions.map((partition): [number, number[]] => [partition, []]))
    const connections = byLeader(topic, partitions).size
    const ranges = partitions.map((partition): Range => ({ partition, begin: endOffsets.get(partition)!, end: Infinity }))
    const consuming = await FetchLoad.start({
      cluster,
      topic,
      ranges,
      ...FOLLOWING,
      measurement: new Measurement(), // of its requests, which nobody asks for
      onBatch: ({ partition, bytes }) => {
        measurement.answered(due.get(partition)!.shift()!)
        measurement.count(1, bytes)
      },
      onEnd,
    })
    const producing = await ProduceLoad.start({
      cluster,
      topic,
      connections,
      inFlight: IN_FLIGHT_MAX,
      acks: options.acks,
      partitionsPerRequest: 1,
      batch: options.batch,
      recordsPerBatch: 1,
      pace: options.pace,
      measurement: options.acknowledgements,
      onSend: ([partition], dueMs) => due.get(partition!)!.push(dueMs),
      onEnd,
    })
    return new LatencyLoad(consuming, producing)
  }

  private constructor(consuming: FetchLoad, producing: ProduceLoad) {
    this.#consuming = consuming
    this.#producing = producing
  }

  async stop(): Promise<void> {
    await this.#producing.stop()
    this.#consuming.stop()
  }
}
