// Reads what a partition holds on our own codecs: for suites whose client cannot read without a group, and for tests that look at batches.

import { EARLIEST } from '../../src/client/admin.ts'
import { type ErrorName, errorName } from '../../src/wire/error-codes.ts'
import { fetch } from '../../src/wire/messages/fetch.ts'
import { BatchView } from '../../src/wire/records/batch.ts'
import { decompress } from '../../src/wire/records/codecs.ts'
import { readRecords } from '../../src/wire/records/record.ts'
import { offsetAt } from './offset-at.ts'
import { WireConnection } from './wire-connection.ts'

const FETCH_VERSION = 12 // the last one that names topics
const PARTITION_MAX_BYTES = 4 << 20
const DECOMPRESSED_MAX_BYTES = 64 << 20
const READ_WITHIN_MS = 30_000

export interface WireRecord {
  readonly offset: number
  readonly timestamp: number
  readonly key: string | null
  readonly value: string | null
}

export class FetchRefused extends Error {
  override name = 'FetchRefused'
  readonly error: ErrorName

  constructor(what: string, error: ErrorName) {
    super(`${what}: ${error}`)
    this.error = error
  }
}

export class WireReader {
  readonly #connection: WireConnection

  private constructor(connection: WireConnection) {
    this.#connection = connection
  }

  static async connect(bootstrap: string): Promise<WireReader> {
    return new WireReader(await WireConnection.connect(bootstrap))
  }

  /** Whole batches from the one that holds `offset` on, as many as one answer has; none at the end of the partition. */
  async fetchBatches(
    topic: string,
    partition: number,
    offset: number,
    maxWaitMs = 100,
  ): Promise<{ batches: BatchView[]; highWatermark: number }> {
    const response = await this.#connection.request(fetch, FETCH_VERSION, {
      maxWaitMs,
      minBytes: 1,
      maxBytes: PARTITION_MAX_BYTES,
      topics: [{ topic, partitions: [{ partition, fetchOffset: offset, partitionMaxBytes: PARTITION_MAX_BYTES }] }],
      forgottenTopicsData: [],
    })
    const answered = response.responses[0]!.partitions[0]!
    if (answered.errorCode !== 0) throw new FetchRefused(`fetch of ${topic}-${partition} at ${offset}`, errorName(answered.errorCode))
    return { batches: splitBatches(answered.records), highWatermark: answered.highWatermark }
  }

  /** From the first record until `count` are there. */
  async readUntil(topic: string, count: number, partition = 0): Promise<WireRecord[]> {
    const deadline = Date.now() + READ_WITHIN_MS
    const records: WireRecord[] = []
    while (records.length < count) {
      if (Date.now() > deadline) throw new Error(`${topic}-${partition} holds ${records.length} records, not ${count}`)
      const { batches } = await this.fetchBatches(topic, partition, nextOffset(records))
      for (const batch of batches)
        for (const record of await recordsOf(batch)) if (record.offset >= nextOffset(records)) records.push(record)
    }
    return records
  }

  /** Every record below the high watermark of now. */
  async readAll(topic: string, partition = 0, offset = 0): Promise<WireRecord[]> {
    const records: WireRecord[] = []
    for (let next = offset; ;) {
      const { batches, highWatermark } = await this.fetchBatches(topic, partition, next)
      for (const batch of batches) for (const record of await recordsOf(batch)) if (record.offset >= next) records.push(record)
      next = batches.at(-1) === undefined ? next : batches.at(-1)!.lastOffset + 1
      if (next >= highWatermark) return records
    }
  }

  /** The first offset of a partition. */
  startOf(topic: string, partition: number): Promise<number> {
    return offsetAt(this.#connection, topic, partition, EARLIEST)
  }

  close(): void {
    this.#connection.close()
  }
}

export function splitBatches(records: Buffer | null): BatchView[] {
  const batches: BatchView[] = []
  const size = records?.length ?? 0
  for (let position = 0; position < size; position += batches.at(-1)!.sizeInBytes) batches.push(new BatchView(records!, position))
  return batches
}

export async function recordsOf(batch: BatchView): Promise<WireRecord[]> {
  const bytes = await decompress(batch.codec, batch.packedRecords, DECOMPRESSED_MAX_BYTES)
  const text = (bytes: Buffer | null): string | null => (bytes === null ? null : bytes.toString())
  return Array.from(readRecords(bytes, batch), ({ offset, timestamp, key, value }) => ({
    offset,
    timestamp,
    key: text(key),
    value: text(value),
  }))
}

const nextOffset = (records: readonly WireRecord[]): number => (records.at(-1)?.offset ?? -1) + 1
