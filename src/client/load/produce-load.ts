// Produce requests, over and over: the same encoded batches on pipelined connections, as fast as the broker answers (a closed loop), or at a pace (an open one).
// Each connection writes to the partitions of one leader, in turn.

import { systemClock } from '../../lib/clock.ts'
import { encodeRequest } from '../../wire/frame.ts'
import { produce } from '../../wire/messages/produce.ts'
import type { Address } from '../connection.ts'
import { byLeader, type Cluster, type TopicMetadata } from '../cluster.ts'
import { LoadConnection } from './load-connection.ts'
import type { Measurement } from './measurement.ts'
import { PRODUCE_VERSION, produceAnswers } from './produce-answers.ts'

export interface ProduceLoadOptions {
  readonly cluster: Cluster
  readonly topic: TopicMetadata
  readonly connections: number
  /** Requests of each connection that have no answer yet, at most. */
  readonly inFlight: number
  /** 0, 1, or -1 for all. */
  readonly acks: number
  readonly partitionsPerRequest: number
  /** What a request has for each partition: an encoded batch. */
  readonly batch: Buffer
  readonly recordsPerBatch: number
  /** When requests are due. Not set: as many as are answered. */
  readonly pace?: Pace
  readonly measurement: Measurement
  /** Called before each request goes out, with when it was due. */
  readonly onSend?: (partitions: readonly number[], dueMs: number) => void
  /** It cannot go on: once. */
  readonly onEnd: (error: Error) => void
}

/** Calls `send` with the time at which each request was due, of the monotonic clock, until the answered function is called. */
export type Pace = (send: (dueMs: number) => void) => () => void

interface Frame {
  readonly bytes: Buffer
  readonly partitions: readonly number[]
}

const TIMEOUT_MS = 30_000
const ANSWERS_WITHIN_MS = 5000
const CLIENT_ID = 'ottla-bench'

export class ProduceLoad {
  readonly #options: ProduceLoadOptions
  #producers: Producer[] = []
  #dueMs: number[] = [] // what no connection had room for yet
  #stopPace: (() => void) | undefined
  #nextProducer = 0
  #whenQuiet: (() => void) | undefined // nothing is sent any more

  /** Rejects with Disconnected, or a Refusal. */
  static async start(options: ProduceLoadOptions): Promise<ProduceLoad> {
    const load = new ProduceLoad(options)
    await load.#connect()
    load.#begin()
    return load
  }

  private constructor(options: ProduceLoadOptions) {
    this.#options = options
  }

  /** Sends no more, and waits a while for the answers to what was sent: nothing is written after that. */
  async stop(): Promise<void> {
    this.#stopPace?.()
    await new Promise<void>((resolve) => {
      const timer = systemClock.after(ANSWERS_WITHIN_MS, resolve)
      this.#whenQuiet = () => {
        timer.cancel()
        resolve()
      }
      this.#noteQuiet()
    })
    for (const { connection } of this.#producers) connection.close()
  }

  #noteQuiet(): void {
    if (this.#producers.every(({ sent }) => sent.length === 0)) this.#whenQuiet?.()
  }

  async #connect(): Promise<void> {
    const { cluster, topic, connections } = this.#options
    const partitions = topic.partitions.map(({ partition }) => partition)
    const leaders = [...byLeader(topic, partitions)].map(([leaderId, led]) => ({ leaderId, frames: this.#encodeFrames(led) }))
    this.#producers = await Promise.all(
      Array.from({ length: connections }, async (_, index) => {
        const { leaderId, frames } = leaders[index % leaders.length]!
        return this.#open((await cluster.connectionTo(leaderId)).address, frames, index)
      }),
    )
  }

  #encodeFrames(partitions: readonly number[]): Frame[] {
    const { topic, acks, partitionsPerRequest, batch } = this.#options
    const frames: Frame[] = []
    for (let start = 0; start < partitions.length; start += partitionsPerRequest) {
      const partitionData = partitions.slice(start, start + partitionsPerRequest).map((index) => ({ index, records: batch }))
      const request = { transactionalId: null, acks, timeoutMs: TIMEOUT_MS, topicData: [{ name: topic.name, partitionData }] }
      frames.push({
        bytes: Buffer.concat(encodeRequest(produce, PRODUCE_VERSION, 0, CLIENT_ID, request)),
        partitions: partitionData.map(({ index }) => index),
      })
    }
    return frames
  }

  async #open(address: Address, frames: readonly Frame[], index: number): Promise<Producer> {
    const { topic, partitionsPerRequest, onEnd, acks } = this.#options
    const scan = produceAnswers(topic.name, partitionsPerRequest, () => {
      this.#answered(producer)
      this.#fill(producer)
    })
    const connection = await LoadConnection.open(address, {
      scan,
      onEnd: (error) => {
        producer.sent.length = 0 // no answer comes any more
        onEnd(error)
        this.#noteQuiet()
      },
    })
    const producer: Producer = { connection, frames, next: index, sent: [] }
    if (acks === 0) connection.onDrain(() => this.#fill(producer))
    return producer
  }

  #begin(): void {
    const { pace } = this.#options
    if (pace === undefined) {
      for (const producer of this.#producers) this.#fill(producer)
      return
    }
    this.#stopPace = pace((dueMs) => {
      this.#dueMs.push(dueMs)
      this.#fillAny()
    })
  }

  /** The connections take turns, as far as they have room. */
  #fillAny(): void {
    const producers = this.#producers
    for (let tried = 0; tried < producers.length && this.#dueMs.length > 0; tried++)
      this.#fill(producers[this.#nextProducer++ % producers.length]!)
  }

  /** Sends as much as may be on its way. */
  #fill(producer: Producer): void {
    const { inFlight, acks, pace, onSend } = this.#options
    if (this.#whenQuiet !== undefined) return this.#noteQuiet()
    while (producer.sent.length < inFlight) {
      const dueMs = pace === undefined ? systemClock.monotonic() : this.#dueMs.shift()
      if (dueMs === undefined) return
      const frame = producer.frames[producer.next++ % producer.frames.length]!
      producer.sent.push({ dueMs, frame })
      onSend?.(frame.partitions, dueMs)
      const isTaken = producer.connection.send(frame.bytes)
      if (acks !== 0) continue
      this.#answered(producer) // there will be none
      if (!isTaken) return
    }
  }

  #answered({ sent }: Producer): void {
    const { measurement, recordsPerBatch, batch } = this.#options
    const { dueMs, frame } = sent.shift()!
    measurement.answered(dueMs)
    const batches = frame.partitions.length
    measurement.count(batches * recordsPerBatch, batches * batch.length)
  }
}

interface Producer {
  readonly connection: LoadConnection
  readonly frames: readonly Frame[]
  next: number
  /** Without an answer yet, in order. */
  readonly sent: { readonly dueMs: number; readonly frame: Frame }[]
}
