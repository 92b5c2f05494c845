// The client that only wants to work: a small batch every few milliseconds, one after the other, each waited for and timed.

import { setTimeout } from 'node:timers/promises'
import { produce } from '../../src/wire/messages/produce.ts'
import { encodeBatch } from '../../src/wire/records/record.ts'
import { WireConnection } from '../support/wire-connection.ts'

const PAUSE_MS = 5

export interface Latencies {
  readonly count: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly worstMs: number
}

export class SteadyProducer {
  readonly #connection: WireConnection
  readonly #ended: Promise<void>
  #tookMs: number[] = []
  #isEnding = false
  /** Of the records, all of which must be there in the end. */
  acknowledged = 0

  static async start(bootstrap: string, topic: string): Promise<SteadyProducer> {
    return new SteadyProducer(await WireConnection.connect(bootstrap), topic)
  }

  private constructor(connection: WireConnection, topic: string) {
    this.#connection = connection
    this.#ended = this.#run(topic)
    this.#ended.catch(() => undefined) // `end` tells
  }

  /** Since this was last asked. */
  takeLatencies(): Latencies {
    const sorted = this.#tookMs.toSorted((a, b) => a - b)
    this.#tookMs = []
    const at = (part: number): number => Math.round(10 * (sorted[Math.floor(part * (sorted.length - 1))] ?? 0)) / 10
    return { count: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), worstMs: at(1) }
  }

  /** Rejects when a batch was refused, or the connection was lost. */
  async end(): Promise<void> {
    this.#isEnding = true
    await this.#ended
    this.#connection.close()
  }

  async #run(topic: string): Promise<void> {
    while (!this.#isEnding) {
      const records = await encodeBatch({ records: [{ timestamp: Date.now(), key: null, value: Buffer.alloc(1000) }] })
      const topicData = [{ name: topic, partitionData: [{ index: 0, records }] }]
      const startMs = performance.now()
      const { responses } = await this.#connection.request(produce, 9, { acks: -1, timeoutMs: 30_000, topicData })
      this.#tookMs.push(performance.now() - startMs)
      const { errorCode } = responses[0]!.partitionResponses[0]!
      if (errorCode !== 0) throw new Error(`a batch was refused with error ${errorCode}`)
      this.acknowledged++
      await setTimeout(PAUSE_MS)
    }
  }
}
