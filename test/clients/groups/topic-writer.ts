// Writes to every partition of a topic, a record at a time, for as long as groups read it, and over restarts of the broker.

import { setTimeout } from 'node:timers/promises'
import { Partitioners, type Producer } from 'kafkajs'
import { WireReader } from '../../support/wire-reader.ts'
import { createTopic, kafkaJs } from '../drivers/kafkajs.ts'

const EVERY_MS = 100

export class TopicWriter {
  readonly topic: string
  readonly #bootstrap: string
  readonly #producer: Producer
  readonly #ends: number[]
  readonly #stopped = new AbortController()
  #writing: Promise<void> = Promise.resolve()
  #sending: Promise<unknown> = Promise.resolve()
  #pauseCount = 0

  private constructor(bootstrap: string, topic: string, partitions: number) {
    this.topic = topic
    this.#bootstrap = bootstrap
    this.#ends = Array.from({ length: partitions }, () => 0)
    this.#producer = kafkaJs(bootstrap).producer({ createPartitioner: Partitioners.DefaultPartitioner })
  }

  static async start(bootstrap: string, topic: string, partitions: number): Promise<TopicWriter> {
    await createTopic(bootstrap, topic, partitions)
    const writer = new TopicWriter(bootstrap, topic, partitions)
    await writer.#producer.connect()
    writer.#writing = writer.#write()
    return writer
  }

  /** By partition, where the acknowledged records end. */
  get ends(): readonly number[] {
    return this.#ends
  }

  /** Nothing is written meanwhile. */
  async quietly(act: () => Promise<void>): Promise<void> {
    this.#pauseCount++
    try {
      await this.#sending
      await act()
    } finally {
      this.#pauseCount--
    }
  }

  /** Answers the values of each partition, by their offsets: a record that was sent again may be there twice. */
  async stop(): Promise<string[][]> {
    this.#stopped.abort()
    await this.#writing
    await this.#producer.disconnect()
    const reader = await WireReader.connect(this.#bootstrap)
    try {
      const partitions = await Promise.all(this.#ends.map((_, partition) => reader.readAll(this.topic, partition)))
      for (const [partition, records] of partitions.entries()) this.#ends[partition] = records.length
      return partitions.map((records) => records.map(({ value }) => value!))
    } finally {
      reader.close()
    }
  }

  async #write(): Promise<void> {
    for (let number = 0; !this.#stopped.signal.aborted; number++) {
      if (this.#pauseCount === 0) await (this.#sending = this.#send(number))
      await setTimeout(EVERY_MS)
    }
  }

  async #send(number: number): Promise<void> {
    const messages = this.#ends.map((_, partition) => ({ partition, value: `${partition}/${number}` }))
    try {
      const sent = await this.#producer.send({ topic: this.topic, messages })
      for (const { partition, baseOffset } of sent) this.#ends[partition] = Number(baseOffset) + 1
    } catch {
      // The broker is away: what was sent may be there or not, and is not sent again.
    }
  }
}
