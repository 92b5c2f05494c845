// What a producer sent and what it was told, to be compared with what a reader finds: everything acknowledged at its offset, and nothing that was refused.

import { createTopics } from '../../src/wire/messages/create-topics.ts'
import { produce } from '../../src/wire/messages/produce.ts'
import { errorName } from '../../src/wire/error-codes.ts'
import { buildBatch } from '../support/batch-builder.ts'
import { WireConnection } from '../support/wire-connection.ts'
import { WireReader } from '../support/wire-reader.ts'

export interface Told {
  readonly error: string
  readonly message: string | null
}

export class Ledger {
  readonly #topic: string
  readonly #partitionCount: number
  readonly #acknowledged: Map<number, string>[]
  readonly #refused = new Set<string>()
  #connection: WireConnection
  #sentCount = 0

  private constructor(topic: string, partitionCount: number, connection: WireConnection) {
    this.#topic = topic
    this.#partitionCount = partitionCount
    this.#connection = connection
    this.#acknowledged = Array.from({ length: partitionCount }, () => new Map())
  }

  static async create(
    bootstrap: string,
    topic: string,
    partitionCount: number,
    configs: Readonly<Record<string, string>> = {},
  ): Promise<Ledger> {
    const connection = await WireConnection.connect(bootstrap)
    const asked = { name: topic, numPartitions: partitionCount, replicationFactor: 1, assignments: [] }
    const { topics } = await connection.request(createTopics, 7, {
      topics: [{ ...asked, configs: Object.entries(configs).map(([name, value]) => ({ name, value })) }],
    })
    if (topics[0]!.errorCode !== 0) throw new Error(`${topic}: ${errorName(topics[0]!.errorCode)} ${topics[0]!.errorMessage}`)
    return new Ledger(topic, partitionCount, connection)
  }

  get acknowledgedCount(): number {
    return this.#acknowledged.reduce((sum, { size }) => sum + size, 0)
  }

  /** One record; what the broker told of it. */
  async send(partition: number, size = 100, timeoutMs = 30_000): Promise<Told> {
    const value = `${this.#sentCount++} `.padEnd(size, 'x')
    const records = buildBatch({ records: [{ value }], baseTimestamp: BigInt(Date.now()) })
    const topicData = [{ name: this.#topic, partitionData: [{ index: partition, records }] }]
    const { responses } = await this.#connection.request(produce, 9, { acks: -1, timeoutMs, topicData })
    const { errorCode, errorMessage, baseOffset } = responses[0]!.partitionResponses[0]!
    if (errorCode === 0) this.#acknowledged[partition]!.set(baseOffset, value)
    else if (errorName(errorCode) !== 'REQUEST_TIMED_OUT') this.#refused.add(value) // what took too long may be written still
    return { error: errorName(errorCode), message: errorMessage }
  }

  /** Sends to all partitions, several requests at a time, until one is refused: what it was told. */
  async sendUntilRefused(size: number, countMax: number): Promise<Told> {
    for (let count = 0; count < countMax; count += this.#partitionCount) {
      const told = await Promise.all(Array.from({ length: this.#partitionCount }, (_, partition) => this.send(partition, size)))
      const refusal = told.find(({ error }) => error !== 'NONE')
      if (refusal !== undefined) return refusal
    }
    throw new Error(`${countMax} records were taken`)
  }

  /** Until one record is taken again. */
  async sendUntilTaken(partition: number, withinMs: number): Promise<void> {
    const endMs = Date.now() + withinMs
    while ((await this.send(partition)).error !== 'NONE') {
      if (Date.now() > endMs) throw new Error(`nothing was taken again within ${withinMs} ms`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  async reconnect(bootstrap: string): Promise<void> {
    this.#connection.close()
    this.#connection = await WireConnection.connect(bootstrap)
  }

  /** What readers find that is not as the producer was told, from `logStartOffset` on; none when all is well. */
  async broken(bootstrap: string, logStartOffset = 0): Promise<string[]> {
    const reader = await WireReader.connect(bootstrap)
    const broken: string[] = []
    for (const [partition, acknowledged] of this.#acknowledged.entries()) {
      const found = new Map<number, string>()
      for (const { offset, value } of await reader.readAll(this.#topic, partition, logStartOffset)) found.set(offset, value!)
      for (const [offset, value] of acknowledged) {
        if (offset >= logStartOffset && found.get(offset) !== value) broken.push(`${partition}: ${value.slice(0, 10)} is not at ${offset}`)
      }
      for (const [offset, value] of found)
        if (this.#refused.has(value)) broken.push(`${partition}: ${value.slice(0, 10)} at ${offset} was refused`)
    }
    reader.close()
    return broken.slice(0, 20)
  }

  close(): void {
    this.#connection.close()
  }
}
