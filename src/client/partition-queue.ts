// The records of one partition that are to be written: batches in their order, the last of them still open. The first one is the one that is sent; it keeps its
// bytes and its sequence until it is acknowledged, so that a broker recognises every further attempt.

import { assert } from '../lib/assert.ts'
import type { Codec } from '../wire/records/codecs.ts'
import { encodeBatch, type RecordHeader } from '../wire/records/record.ts'

export interface RecordToSend {
  /** Left out: chosen by the key as Kafka's default partitioner does, without a key one for many records. */
  readonly partition?: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers?: readonly RecordHeader[]
  /** Ms since 1970; left out: now. */
  readonly timestamp?: number
}

export interface QueuedBatch {
  readonly records: (RecordToSend & { readonly timestamp: number })[]
  readonly firstAddedMs: number
  sizeBytes: number
  encoded: Buffer | undefined
}

export interface BatchIdentity {
  readonly codec: Codec
  /** -1: not idempotent. */
  readonly producerId: number
  readonly producerEpoch: number
}

const RECORD_OVERHEAD_BYTES = 20 // lengths, deltas and attributes: never more than this much too low

export class PartitionQueue {
  readonly partition: number
  readonly #identity: BatchIdentity
  readonly #closed: QueuedBatch[] = []
  #open: QueuedBatch | undefined
  #nextSequence = 0
  /** The first batch is on its way. */
  isBusy = false

  constructor(partition: number, identity: BatchIdentity) {
    this.partition = partition
    this.#identity = identity
  }

  get isReady(): boolean {
    return !this.isBusy && this.#closed.length > 0
  }

  get openBytes(): number {
    return this.#open?.sizeBytes ?? 0
  }

  get first(): QueuedBatch {
    const [first] = this.#closed
    assert(first !== undefined, () => `partition ${this.partition} has no batch to send`)
    return first
  }

  /** Answers about how many bytes the record takes. */
  add(record: RecordToSend, clock: { now(): number; monotonic(): number }): number {
    this.#open ??= { records: [], firstAddedMs: clock.monotonic(), sizeBytes: 0, encoded: undefined }
    const sizeBytes = sizeOf(record)
    this.#open.records.push({ ...record, timestamp: record.timestamp ?? clock.now() })
    this.#open.sizeBytes += sizeBytes
    return sizeBytes
  }

  closeBatch(): void {
    if (this.#open === undefined) return
    this.#closed.push(this.#open)
    this.#open = undefined
  }

  async encodeFirst(): Promise<Buffer> {
    const { first } = this
    const baseSequence = this.#identity.producerId === -1 ? -1 : this.#nextSequence
    return (first.encoded ??= await encodeBatch({
      records: first.records,
      baseSequence,
      ...this.#identity,
    }))
  }

  /** For a first batch that is too large: its halves take its place. False when it is a single record. */
  splitFirst(): boolean {
    const { records, firstAddedMs } = this.first
    if (records.length === 1) return false
    const middle = records.length >>> 1
    const halves = [records.slice(0, middle), records.slice(middle)]
    this.#closed.splice(0, 1, ...halves.map((half) => ({ records: half, firstAddedMs, sizeBytes: sum(half, sizeOf), encoded: undefined })))
    return true
  }

  /** The first batch is acknowledged. */
  takeFirst(): QueuedBatch {
    const { first } = this
    this.#closed.shift()
    this.#nextSequence = (this.#nextSequence + first.records.length) % 2 ** 31
    return first
  }
}

function sum<T>(values: readonly T[], sizeOf: (value: T) => number): number {
  return values.reduce((total, value) => total + sizeOf(value), 0)
}

function sizeOf({ key, value, headers = [] }: RecordToSend): number {
  let size = RECORD_OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0)
  for (const header of headers) size += RECORD_OVERHEAD_BYTES + 3 * header.key.length + (header.value?.length ?? 0)
  return size
}
