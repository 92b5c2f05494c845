// confluent-kafka for Python (and librdkafka below it), driven through confluent_kafka_driver.py.

import { fileURLToPath } from 'node:url'
import { LineProcess } from '../../support/line-process.ts'
import { pythonEnvironment } from '../../support/kafka-jars.ts'
import type { ReadFrom, ReadRecord, TestRecord } from './records.ts'

export interface Delivered {
  readonly index: number
  readonly partition: number
  readonly offset: number
}

export type PlacedRecord = TestRecord & { readonly partition?: number; readonly timestamp?: number }

interface EncodedRecord {
  offset: number
  timestamp: number
  key: string | null
  value: string | null
  headers: [string, string | null][]
}

interface Administered {
  readonly partitions: number
  readonly configs: Readonly<Record<string, string>>
  readonly lowWatermark: number
  readonly controller: number
}

const toBase64 = (text: string | null): string | null => (text === null ? null : Buffer.from(text).toString('base64'))
const toText = (base64: string | null): string | null => (base64 === null ? null : Buffer.from(base64, 'base64').toString())

export class ConfluentKafka {
  readonly #python = new LineProcess('python3', [fileURLToPath(new URL('confluent_kafka_driver.py', import.meta.url))], pythonEnvironment)
  readonly #bootstrap: string

  constructor(bootstrap: string) {
    this.#bootstrap = bootstrap
  }

  /** A record without a partition goes where librdkafka's partitioner puts it; one without a timestamp gets the time of its sending. */
  async produce(topic: string, records: readonly PlacedRecord[], config: Record<string, unknown> = {}): Promise<Delivered[]> {
    const encoded = records.map(({ key, value, headers, partition = -1, timestamp = 0 }) => ({
      key: toBase64(key),
      value: toBase64(value),
      headers: headers.map(([name, headerValue]) => [name, toBase64(headerValue)]),
      partition,
      timestamp,
    }))
    return (await this.#ask('produce', { topic, records: encoded }, config)) as Delivered[]
  }

  async consume(
    topic: string,
    from: ReadFrom,
    count: number,
    options: { partition?: number; seekTo?: number } = {},
    config: Record<string, unknown> = {},
  ): Promise<ReadRecord[]> {
    const records = await this.#ask('consume', { topic, partition: 0, count, ...from, ...options }, config)
    return (records as EncodedRecord[]).map((encoded) => ({
      offset: encoded.offset,
      timestamp: encoded.timestamp,
      key: toText(encoded.key),
      value: toText(encoded.value),
      headers: encoded.headers.map(([name, value]) => [name, toText(value)] as const),
    }))
  }

  /** Reads `count` records of all partitions of a topic, from their start: how many came of each. */
  async countAll(topic: string, partitions: number, count: number): Promise<number[]> {
    return (await this.#ask('count_all', { topic, partitions, count }, {})) as number[]
  }

  async watermarks(topic: string, partition = 0): Promise<[low: number, high: number]> {
    return (await this.#ask('watermarks', { topic, partition }, {})) as [number, number]
  }

  /** Gives the topic partitions and configs, and drops the records of partition 0 below `offset`. */
  async administer(topic: string, change: { partitions: number; set: Record<string, string>; offset: number }): Promise<Administered> {
    return (await this.#ask('administer', { topic, ...change }, {})) as Administered
  }

  close(): void {
    this.#python.close()
  }

  async #ask(action: string, request: object, config: Record<string, unknown>): Promise<unknown> {
    const answer = (await this.#python.ask({ action, ...request, config: { 'bootstrap.servers': this.#bootstrap, ...config } })) as
      | { result: unknown }
      | { error: string }
    if ('error' in answer) throw new Error(answer.error)
    return answer.result
  }
}
