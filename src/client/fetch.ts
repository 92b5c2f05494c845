// Reads partitions from offsets onwards, in the order of each partition, until given ends or for ever. The next fetch of a broker is on its way while
// its last answer is being read, and no further one: a reader that stops holds two answers in memory, and the broker waits.

import { type Clock, systemClock } from '../lib/clock.ts'
import { errorName, Refusal } from '../wire/error-codes.ts'
import { fetch } from '../wire/messages/fetch.ts'
import { BATCH_HEADER_SIZE, BatchView } from '../wire/records/batch.ts'
import { decompress } from '../wire/records/codecs.ts'
import { type FetchedRecord, readRecords } from '../wire/records/record.ts'
import type { Infer } from '../wire/schema.ts'
import { orAborted } from './aborting.ts'
import { byLeader, type Cluster, mayPass, type TopicMetadata } from './cluster.ts'

export interface Position {
  readonly partition: number
  readonly offset: number
  /** Exclusive: the partition is done when everything before it was read. Without it the partition never is. */
  readonly until?: number
}

export interface ReplayOptions {
  /** How long a broker may wait for new records before it answers. */
  readonly maxWaitMs?: number
  readonly maxBytes?: number
  readonly maxDecompressedBytes?: number
  /** How long brokers that cannot be reached, or ask to try again, are tried before that is thrown. */
  readonly retryMs?: number
  readonly signal?: AbortSignal
  readonly clock?: Clock
}

/** Of one batch, at least one. */
export interface FetchedRecords {
  readonly partition: number
  readonly records: readonly FetchedRecord[]
  /** Where reading goes on after them: compaction may have taken the last records of the batch. */
  readonly nextOffset: number
}

/** A batch arrived as the broker has it, and cannot be unpacked here. */
export class Unreadable extends Error {
  override name = 'Unreadable'

  constructor(partition: number, offset: number, cause: unknown) {
    super(
      `the batch at offset ${offset} of partition ${partition} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    )
  }
}

type FetchResponse = Infer<typeof fetch.response>
type PartitionAnswer = FetchResponse['responses'][number]['partitions'][number]

const RETRY_BACKOFF_MS = 200

/** Ends when every partition is done, or `signal` aborts. Throws a Refusal or Disconnected. */
export async function* replay(
  cluster: Cluster,
  topic: TopicMetadata,
  positions: readonly Position[],
  options: ReplayOptions = {},
): AsyncGenerator<FetchedRecords> {
  const { retryMs = 30_000, signal, clock = systemClock } = options
  const progress = new Progress(positions)
  let current = topic
  let failingSinceMs: number | undefined
  const isOver = (): boolean => progress.isDone || signal?.aborted === true
  while (!isOver()) {
    try {
      for await (const fetched of replayFromLeaders(cluster, current, progress, options)) {
        failingSinceMs = undefined
        if (fetched.records.length > 0) yield fetched
      }
    } catch (error) {
      failingSinceMs ??= clock.monotonic()
      if (!mayPass(error) || clock.monotonic() - failingSinceMs >= retryMs) throw error
      await new Promise<void>((resolve) => void clock.after(RETRY_BACKOFF_MS, resolve))
      current = (await cluster.topics([topic.name]).catch(() => [current]))[0]!
    }
  }
}

/** The next offset of every partition that is not done. */
class Progress {
  readonly #positions: Map<number, Position>

  constructor(positions: readonly Position[]) {
    this.#positions = new Map(positions.map((position) => [position.partition, position]))
    for (const { partition, offset } of positions) this.advance(partition, offset)
  }

  get isDone(): boolean {
    return this.#positions.size === 0
  }

  get partitions(): number[] {
    return [...this.#positions.keys()]
  }

  of(partition: number): Required<Position> | undefined {
    const position = this.#positions.get(partition)
    return position === undefined ? undefined : { until: Infinity, ...position }
  }

  advance(partition: number, offset: number): void {
    const position = this.#positions.get(partition)!
    if (offset >= (position.until ?? Infinity)) this.#positions.delete(partition)
    else this.#positions.set(partition, { ...position, offset })
  }
}

async function* replayFromLeaders(
  cluster: Cluster,
  topic: TopicMetadata,
  progress: Progress,
  options: ReplayOptions,
): AsyncGenerator<FetchedRecords> {
  const pending = new Map<number, Promise<{ leaderId: number; response: FetchResponse }>>()
  const fetchNext = (leaderId: number, partitions: readonly number[]): void => {
    pending.delete(leaderId)
    const positions = partitions.map((partition) => progress.of(partition)).filter((position) => position !== undefined)
    if (positions.length === 0) return
    const answer = fetchOnce(cluster, topic, leaderId, positions, options).then((response) => ({ leaderId, response }))
    answer.catch(() => undefined) // when nobody waits for it any more
    pending.set(leaderId, answer)
  }
  const leaders = byLeader(topic, progress.partitions)
  for (const [leaderId, partitions] of leaders) fetchNext(leaderId, partitions)
  while (pending.size > 0) {
    const settled = await orAborted(Promise.race(pending.values()), options.signal)
    if (settled === undefined) return
    const { leaderId, response } = settled
    if (response.errorCode !== 0) throw new Refusal(errorName(response.errorCode))
    const batches = response.responses.flatMap((about) => about.partitions.flatMap((answer) => takeBatches(answer, progress)))
    fetchNext(leaderId, leaders.get(leaderId)!)
    for (const batch of batches) yield recordsOf(batch, options)
  }
}

function fetchOnce(
  cluster: Cluster,
  topic: TopicMetadata,
  leaderId: number,
  positions: readonly Position[],
  options: ReplayOptions,
): Promise<FetchResponse> {
  const { maxWaitMs = 500, maxBytes = 8 << 20 } = options
  return cluster.askBroker(leaderId, fetch, {
    maxWaitMs,
    minBytes: 1,
    maxBytes,
    topics: [
      {
        topic: topic.name,
        topicId: topic.topicId,
        partitions: positions.map(({ partition, offset }) => ({ partition, fetchOffset: offset, partitionMaxBytes: maxBytes })),
      },
    ],
    forgottenTopicsData: [],
  })
}

interface TakenBatch {
  readonly partition: number
  readonly view: BatchView
  readonly from: number
  readonly until: number
}

/** The batches of an answer that hold something wanted; the partition's progress moves past them. */
function takeBatches({ partitionIndex: partition, errorCode, records }: PartitionAnswer, progress: Progress): TakenBatch[] {
  if (errorCode !== 0) throw new Refusal(errorName(errorCode))
  const taken: TakenBatch[] = []
  for (const view of batchesIn(records ?? Buffer.alloc(0))) {
    const wanted = progress.of(partition)
    if (wanted === undefined) break
    if (view.lastOffset < wanted.offset) continue // compaction leaves a broker free to answer from before the offset
    if (!view.isControl) taken.push({ partition, view, from: wanted.offset, until: wanted.until })
    progress.advance(partition, view.lastOffset + 1)
  }
  return taken
}

/** The last batch of an answer may be cut off. */
function* batchesIn(records: Buffer): Generator<BatchView> {
  let position = 0
  while (records.length - position >= BATCH_HEADER_SIZE) {
    const view = new BatchView(records, position)
    if (view.magic !== 2)
      throw new Refusal(
        'UNSUPPORTED_FOR_MESSAGE_FORMAT',
        `records of message format ${view.magic} are from before Kafka 0.11; convert them there`,
      )
    if (view.sizeInBytes > records.length - position) return
    if (!view.isCrcValid)
      throw new Refusal('CORRUPT_MESSAGE', `the batch at offset ${view.baseOffset} arrived damaged: its checksum is wrong`)
    yield view
    position += view.sizeInBytes
  }
}

async function recordsOf(
  { partition, view, from, until }: TakenBatch,
  { maxDecompressedBytes = 1 << 30 }: ReplayOptions,
): Promise<FetchedRecords> {
  try {
    const unpacked = await decompress(view.codec, view.packedRecords, maxDecompressedBytes)
    const records = [...readRecords(unpacked, view)].filter(({ offset }) => offset >= from && offset < until)
    return { partition, records, nextOffset: Math.min(view.lastOffset + 1, until) }
  } catch (error) {
    throw new Unreadable(partition, view.baseOffset, error)
  }
}
