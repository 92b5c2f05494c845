// A producer under whose load the broker is killed: requests of one batch for each of its partitions, five under way at once, acks=all.
// It remembers what it sent and what was acknowledged. An idempotent one sends again, in the same batches, what was not; another goes on with new records.

import { produce } from '../../src/wire/messages/produce.ts'
import { errorName } from '../../src/wire/error-codes.ts'
import { buildBatch } from '../support/batch-builder.ts'
import type { AcknowledgedRecord } from '../support/crash-verdict.ts'
import { ConnectionClosed, WireConnection } from '../support/wire-connection.ts'

const IN_FLIGHT_MAX = 5
const RECORDS_MAX = 20
const VALUE_BYTES_MAX = 400

interface Lane {
  readonly partition: number
  sentCount: number
  readonly acknowledged: AcknowledgedRecord[]
}

interface Sent {
  readonly batches: readonly { lane: Lane; firstNumber: number; count: number; bytes: Buffer }[]
}

export interface LoadProducerOptions {
  readonly name: string
  readonly topic: string
  readonly partitions: readonly number[]
  /** undefined: not idempotent. */
  readonly producerId: number | undefined
  readonly random: () => number
}

export class LoadProducer {
  readonly name: string
  readonly isIdempotent: boolean
  readonly lanes: readonly Lane[]
  readonly #options: LoadProducerOptions
  #unanswered: Sent[] = [] // oldest first

  constructor(options: LoadProducerOptions) {
    this.#options = options
    this.name = options.name
    this.isIdempotent = options.producerId !== undefined
    this.lanes = options.partitions.map((partition) => ({ partition, sentCount: 0, acknowledged: [] }))
  }

  /** Sends until the broker is gone. Throws when a request is refused. */
  async sendUntilKilled(bootstrap: string): Promise<void> {
    await this.#send(bootstrap, () => true)
  }

  /** Settles when everything that must be sent again is acknowledged. */
  async sendAgain(bootstrap: string): Promise<void> {
    if (this.isIdempotent) await this.#send(bootstrap, () => false)
  }

  async #send(bootstrap: string, sendsMore: () => boolean): Promise<void> {
    const again = this.isIdempotent ? this.#unanswered : []
    this.#unanswered = [...again]
    const connection = await WireConnection.connect(bootstrap).catch(() => undefined)
    if (connection === undefined) return // killed before it was reached
    try {
      const next = (): Sent | undefined => again.shift() ?? (sendsMore() ? this.#newRequest() : undefined)
      await Promise.all(Array.from({ length: IN_FLIGHT_MAX }, () => this.#sendInTurn(connection, next)))
    } finally {
      connection.close()
    }
  }

  async #sendInTurn(connection: WireConnection, next: () => Sent | undefined): Promise<void> {
    for (let sent = next(); sent !== undefined; sent = next()) {
      try {
        await this.#request(connection, sent)
      } catch (error) {
        if (error instanceof ConnectionClosed) return
        throw error
      }
    }
  }

  async #request(connection: WireConnection, sent: Sent): Promise<void> {
    const partitionData = sent.batches.map(({ lane, bytes }) => ({ index: lane.partition, records: bytes }))
    const topicData = [{ name: this.#options.topic, partitionData }]
    const response = await connection.request(produce, 9, { acks: -1, timeoutMs: 30_000, topicData })
    for (const { index, errorCode, baseOffset } of response.responses[0]!.partitionResponses) {
      if (errorCode !== 0) throw new Error(`${this.name} was refused on partition ${index}: ${errorName(errorCode)}`)
      const { lane, firstNumber, count } = sent.batches.find(({ lane }) => lane.partition === index)!
      for (let place = 0; place < count; place++)
        lane.acknowledged.push({ producer: this.name, number: firstNumber + place, offset: baseOffset + place })
    }
    this.#unanswered.splice(this.#unanswered.indexOf(sent), 1)
  }

  #newRequest(): Sent {
    const { random, producerId = -1 } = this.#options
    const batches = this.lanes.map((lane) => {
      const count = 1 + Math.floor(random() * RECORDS_MAX)
      const firstNumber = lane.sentCount
      lane.sentCount += count
      const padding = 'x'.repeat(random() * VALUE_BYTES_MAX)
      const records = Array.from({ length: count }, (_, place) => ({ key: this.name, value: `${firstNumber + place} ${padding}` }))
      const identity = this.isIdempotent ? { producerId, producerEpoch: 0, baseSequence: firstNumber } : {}
      return { lane, firstNumber, count, bytes: buildBatch({ records, baseTimestamp: BigInt(Date.now()), ...identity }) }
    })
    const sent = { batches }
    this.#unanswered.push(sent)
    return sent
  }
}
