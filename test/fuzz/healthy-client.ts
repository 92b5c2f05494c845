// The client that does nothing wrong, between the others: whatever they do, it produces and gets its records back, all of them, and nobody else's.

import { produce } from '../../src/wire/messages/produce.ts'
import { encodeBatch } from '../../src/wire/records/record.ts'
import { WireConnection } from '../support/wire-connection.ts'
import { WireReader } from '../support/wire-reader.ts'

const KEPT_RECORDS = 1000

export class HealthyClient {
  readonly #bootstrap: string
  readonly #topic: string
  #sent = 0

  constructor(bootstrap: string, topic: string) {
    this.#bootstrap = bootstrap
    this.#topic = topic
  }

  /** Rejects with what is wrong. */
  async check(): Promise<void> {
    const connection = await WireConnection.connect(this.#bootstrap)
    const reader = await WireReader.connect(this.#bootstrap)
    try {
      await this.#produce(connection)
      const firstOffset = Math.max(0, this.#sent - KEPT_RECORDS)
      const records = await reader.readAll(this.#topic, 0, firstOffset)
      const isRight = records.every(({ offset, value }, index) => offset === firstOffset + index && value === `record ${offset}`)
      if (records.length !== this.#sent - firstOffset || !isRight)
        throw new Error(`of ${this.#sent} records not all were there, or not as they were sent`)
    } finally {
      connection.close()
      reader.close()
    }
  }

  async #produce(connection: WireConnection): Promise<void> {
    const values = Array.from({ length: 10 }, (_, index) => `record ${this.#sent + index}`)
    const records = await encodeBatch({ records: values.map((value) => ({ timestamp: Date.now(), key: null, value: Buffer.from(value) })) })
    const topicData = [{ name: this.#topic, partitionData: [{ index: 0, records }] }]
    const { responses } = await connection.request(produce, 9, { acks: -1, timeoutMs: 30_000, topicData })
    const { errorCode, baseOffset } = responses[0]!.partitionResponses[0]!
    if (errorCode !== 0 || baseOffset !== this.#sent)
      throw new Error(`record ${this.#sent} was answered with error ${errorCode}, offset ${baseOffset}`)
    this.#sent += values.length
  }
}
