// The seam between the protocol and the logs: append a whole request, read many partitions, wait until there is more. Handlers know nothing below it,
// so that a cluster can put something else here. Partitions are named by topic id and index; what may refuse, refuses per partition, as a value.

import type { BufferPool } from '../lib/buffer-pool.ts'
import type { Clock } from '../lib/clock.ts'
import type { TurnShare } from '../lib/turn-share.ts'
import type { TopicConfig } from '../config/resolve.ts'
import type { BatchRules, CheckedBatch } from '../log/batches/check-batch.ts'
import { checkBatch } from '../log/batches/check-batch.ts'
import type { SizeAtRest } from '../log/checkpoints.ts'
import type { TimestampedOffset } from '../log/log-answers.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { asRefusal, attempt } from '../wire/attempt.ts'
import { Refusal } from '../wire/error-codes.ts'
import type { Topic, TopicFollower } from './catalog.ts'
import {
  boundsOf,
  type PartitionBounds,
  type PartitionRead,
  type PartitionRecords,
  type ReadLimits,
  readLog,
} from './partitions/log-read.ts'
import { OpenPartitions } from './partitions/open-partitions.ts'
import { Partition, type Watched, type Watcher, whenOpen } from './partitions/partition.ts'
import type { PartitionFolders } from './partition-folders.ts'

export interface PartitionAppend {
  readonly topicId: string
  readonly partitionIndex: number
  readonly records: Buffer | null
}

export interface AppendRequest {
  readonly transactionalId: string | null
  /** False for clients that could not read it back (KIP-110). */
  readonly allowsZstd: boolean
  /** How long the results may take before they are REQUEST_TIMED_OUT; what was appended stays so. */
  readonly timeoutMs: number
  readonly appends: readonly PartitionAppend[]
}

export interface AppendResult {
  readonly baseOffset: number
  /** -1 when the topic keeps the producer's timestamps. */
  readonly logAppendTimeMs: number
  readonly logStartOffset: number
}

/** The records have their offsets; `results`, in the order of the request, resolves when each is as durable as its topic promises, or refused. */
export interface PlacedAppend {
  readonly results: Promise<(AppendResult | Refusal)[]>
}

export interface ReadRequest {
  readonly reads: readonly PartitionRead[]
  readonly maxBytes: number
  /** The first batch that is found is answered whatever its size, so that no reader gets stuck. */
  readonly atLeastOneBatch: boolean
  /** Nothing at or past the last stable offset. */
  readonly readCommitted: boolean
  /** Whether to leave out the results of the partitions that come after `maxBytes` are read. */
  readonly stopsWhenFull: boolean
}

export interface RecordStoreOptions {
  readonly folders: PartitionFolders
  readonly clock: Clock
  readonly turnShare: TurnShare
  readonly bufferPool: BufferPool
  readonly maxDecompressedBytes: number
}

const CHECKED_AT_ONCE = 64
const OPENED_AHEAD = 16
const BEGUN_AHEAD = 3 // a consumer has nothing to do until its answer is complete: a quarter more than one after the other, and no more with 7
const READS_PER_STEP = 64 // less than a millisecond, where nothing has to be read from disk
const ENDED_AT_ONCE = 1000 // they share the syncs of the data folder; all 10,000 at once would take twice the memory, and turns of 50 ms

export class RecordStore implements TopicFollower {
  readonly #options: RecordStoreOptions
  readonly #openPartitions: OpenPartitions
  readonly #partitions = new Map<string, readonly Partition[]>() // by topic id

  constructor(options: RecordStoreOptions) {
    this.#options = options
    this.#openPartitions = new OpenPartitions(options.clock)
  }

  /** At start: `sizeAtRest` answers the bytes of a partition that has nothing to recover, undefined for one that may have. */
  topicFound(topic: Topic, sizeAtRest: (partitionIndex: number) => number | undefined): void {
    this.#partitions.set(topic.id, this.#newPartitions(topic, 0, sizeAtRest))
  }

  async topicCreated(topic: Topic): Promise<void> {
    this.#partitions.set(topic.id, this.#newPartitions(topic, 0))
  }

  async topicChanged(topic: Topic): Promise<void> {
    const partitions = this.#partitions.get(topic.id) ?? []
    for (const partition of partitions) partition.change(topic)
    if (topic.partitionCount === partitions.length) return
    this.#partitions.set(topic.id, [...partitions, ...this.#newPartitions(topic, partitions.length)])
  }

  async topicDeleted(topic: Topic): Promise<void> {
    const partitions = this.#partitions.get(topic.id) ?? []
    this.#partitions.delete(topic.id)
    await this.#options.turnShare.each(partitions, ENDED_AT_ONCE, (partition) => partition.delete())
  }

  /** undefined when there is none. */
  partitionOf(topicId: string, partitionIndex: number): Partition | undefined {
    return this.#partitions.get(topicId)?.[partitionIndex]
  }

  get partitions(): readonly Partition[] {
    return [...this.#partitions.values()].flat()
  }

  get openCount(): number {
    return this.#openPartitions.count
  }

  /** Bytes of all batches, and of how many partitions they are not known: those that were not opened since a crash. */
  get size(): { readonly bytes: number; readonly uncountedPartitions: number } {
    let bytes = 0
    let uncountedPartitions = 0
    for (const partitions of this.#partitions.values()) {
      for (const { sizeBytes } of partitions) {
        if (sizeBytes === undefined) uncountedPartitions++
        else bytes += sizeBytes
      }
    }
    return { bytes, uncountedPartitions }
  }

  /** Of the logs that are closed with nothing to recover. */
  get sizesAtRest(): SizeAtRest[] {
    return this.partitions.flatMap(({ topic, index, sizeAtRest }) =>
      sizeAtRest === undefined ? [] : { topic: topic.name, partition: index, sizeBytes: sizeAtRest },
    )
  }

  /** Syncs and closes every log that is open. */
  async close(): Promise<void> {
    await this.#openPartitions.close()
    await this.#options.turnShare.each(this.partitions, ENDED_AT_ONCE, (partition) => partition.close())
  }

  /** Why the partition cannot be read or written now; undefined when it can. */
  offlineReason(topicId: string, partitionIndex: number): string | undefined {
    return this.#partitions.get(topicId)?.[partitionIndex]?.offlineReason
  }

  /** Why the partition takes no records now, as far as is known: one that was not opened yet may turn out to be damaged. */
  notWritableReason(topicId: string, partitionIndex: number): string | undefined {
    const partition = this.#partitions.get(topicId)?.[partitionIndex]
    return partition?.offlineReason ?? partition?.readOnlyReason ?? this.#options.folders.closedReason
  }

  /** Where the partition begins and ends for readers. Throws UNKNOWN_TOPIC_OR_PARTITION or KAFKA_STORAGE_ERROR, as all that follow do. */
  async bounds(topicId: string, partitionIndex: number): Promise<PartitionBounds> {
    return this.#use(topicId, partitionIndex, boundsOf)
  }

  /** The first record at or after `timestampMs`, with its timestamp and leader epoch; undefined when all are earlier. */
  async offsetForTimestamp(topicId: string, partitionIndex: number, timestampMs: number): Promise<TimestampedOffset | undefined> {
    return this.#use(topicId, partitionIndex, (log) => log.offsetForTimestamp(timestampMs, log.highWatermark))
  }

  /** The first record that has the greatest timestamp; undefined when there is none. */
  async offsetOfMaxTimestamp(topicId: string, partitionIndex: number): Promise<TimestampedOffset | undefined> {
    return this.#use(topicId, partitionIndex, (log) => log.offsetOfMaxTimestamp(log.highWatermark))
  }

  /** The leader epoch under which the record at `offset` was, or would be, appended; -1 when unknown. */
  async epochAt(topicId: string, partitionIndex: number, offset: number): Promise<number> {
    return this.#use(topicId, partitionIndex, (log) => log.epochAt(offset))
  }

  /** The last epoch at or below `epoch` and where it ended (KIP-320); -1 and -1 when there is none. */
  async endOffsetForEpoch(topicId: string, partitionIndex: number, epoch: number): Promise<{ leaderEpoch: number; endOffset: number }> {
    return this.#use(topicId, partitionIndex, (log) => log.endOffsetForEpoch(epoch))
  }

  /** Records below `offset` are gone, durably; -1 stands for the high watermark. Answers the first offset that is left. */
  async deleteRecords(topicId: string, partitionIndex: number, offset: number): Promise<number> {
    const { topic } = this.#partition(topicId, partitionIndex)
    if (topic.isInternal) throw new Refusal('INVALID_TOPIC_EXCEPTION', `topic "${topic.name}" is the broker's own`)
    const policy = topic.config['cleanup.policy']
    if (policy.includes('compact') && !policy.includes('delete'))
      throw new Refusal('POLICY_VIOLATION', `topic "${topic.name}" is compacted: its records go only when newer ones of their key come`)
    if (offset < -1) throw new Refusal('OFFSET_OUT_OF_RANGE')
    return this.#use(topicId, partitionIndex, async (log) => {
      await log.advanceLogStartOffset(offset === -1 ? log.highWatermark : offset)
      return log.logStartOffset
    })
  }

  /**
   * Checks every batch (which may leave the event loop), then appends them, in one turn unless there are many. Settles when all have their place, so that a
   * caller who awaits it keeps the order of its requests; synchronous when the checks are, the logs are open and they are few.
   */
  append(request: AppendRequest): PlacedAppend | Promise<PlacedAppend> {
    const { appends } = request
    if (appends.length > CHECKED_AT_ONCE) return this.#appendMany(request)
    const checks = appends.map((append) => this.#check(append, request))
    if (checks.some((check) => check instanceof Promise))
      return Promise.all(checks.map(async (check) => check)).then((checked) => this.#placeWhenOpen(request, checked))
    return this.#placeWhenOpen(request, checks as (CheckedAppend | Refusal)[])
  }

  async #appendMany(request: AppendRequest): Promise<PlacedAppend> {
    const check = async (append: PartitionAppend): Promise<CheckedAppend | Refusal> => this.#check(append, request)
    return this.#placeWhenOpen(request, await this.#options.turnShare.each(request.appends, CHECKED_AT_ONCE, check))
  }

  /** Reads what there is, partition after partition until `maxBytes`; while one is read from disk, the next few too, if there is room for all they may give. */
  async read({ reads, maxBytes, atLeastOneBatch, readCommitted, stopsWhenFull }: ReadRequest): Promise<(PartitionRecords | Refusal)[]> {
    const results: (PartitionRecords | Refusal)[] = []
    const ahead: BegunRead[] = [] // of the partitions that follow
    let bytesLeft = maxBytes // beside what those that were begun may give
    let isEmpty = true
    const begin = (read: PartitionRead): BegunRead => {
      const limit = Math.max(0, Math.min(read.maxBytes, bytesLeft)) // a client may ask for less than nothing
      bytesLeft -= limit
      return { limit, found: attempt(() => this.#read(read, limit, { readCommitted, atLeastOneBatch: atLeastOneBatch && isEmpty })) }
    }
    const beginNext = (index: number): void => {
      this.#openAhead(reads, index)
      if (isEmpty) return // the first batch that is found may be of any size
      for (let next = index + ahead.length; ahead.length < BEGUN_AHEAD && next < reads.length; next++) {
        if (reads[next]!.maxBytes > bytesLeft) return
        const begun = begin(reads[next]!)
        if (begun.found instanceof Promise) begun.found.catch(() => undefined) // its turn tells
        ahead.push(begun)
      }
    }
    for (const [index, read] of reads.entries()) {
      if (stopsWhenFull && bytesLeft <= 0 && !isEmpty && ahead.length === 0) break
      if (index % READS_PER_STEP === READS_PER_STEP - 1) await this.#options.turnShare.step()
      const { limit, found } = ahead.shift() ?? begin(read)
      if (found instanceof Promise) beginNext(index + 1)
      const records = found instanceof Promise ? await found.catch(asRefusal) : found
      results.push(records)
      const size = records instanceof Refusal ? 0 : records.size
      bytesLeft = Math.max(0, bytesLeft + limit - size)
      isEmpty &&= size === 0
    }
    return results
  }

  /** Nobody looks at the records any more, and they are not on their way to a client: where they lie may hold others. Need not be called. */
  release(results: readonly (PartitionRecords | Refusal)[]): void {
    for (const result of results)
      if (!(result instanceof Refusal)) for (const chunk of result.chunks) this.#options.bufferPool.giveBack(chunk)
  }

  /** The reader has got them: what he will ask for next is read meanwhile. Need not be called. */
  readOn(results: readonly (PartitionRecords | Refusal)[]): void {
    for (const result of results) if (!(result instanceof Refusal)) result.readOn?.()
  }

  /** From now on the watcher hears of every change: watch first, then read, and nothing is missed. Undefined when there is no such partition. */
  watch(topicId: string, partitionIndex: number, watcher: Watcher): Watched | undefined {
    const partition = this.#partitions.get(topicId)?.[partitionIndex]
    partition?.watch(watcher)
    return partition
  }

  /** The partitions from `firstIndex` on. */
  #newPartitions(topic: Topic, firstIndex: number, sizeAtRest: (partitionIndex: number) => number | undefined = () => 0): Partition[] {
    const [{ folders }, openPartitions] = [this.#options, this.#openPartitions]
    const newPartition = (_: unknown, count: number): Partition => {
      const index = firstIndex + count
      return new Partition(topic, index, { folders, openPartitions, sizeAtRest: sizeAtRest(index) })
    }
    return Array.from({ length: topic.partitionCount - firstIndex }, newPartition)
  }

  /** The logs of the next few partitions are opened, if need be, while one is read or opened. */
  #openAhead(reads: readonly PartitionRead[], firstIndex: number): void {
    for (let index = firstIndex; index < Math.min(firstIndex + OPENED_AHEAD, reads.length); index++) {
      const partition = this.#partitions.get(reads[index]!.topicId)?.[reads[index]!.partitionIndex]
      if (partition?.isOpen === false) partition.open().catch(() => undefined) // its own read tells
    }
  }

  #check(
    { topicId, partitionIndex, records }: PartitionAppend,
    { transactionalId, allowsZstd }: AppendRequest,
  ): CheckedAppend | Refusal | Promise<CheckedAppend | Refusal> {
    try {
      const partition = this.#partition(topicId, partitionIndex)
      const { config } = partition.topic
      const checked = checkBatch(records, {
        maxMessageBytes: config['max.message.bytes'],
        maxDecompressedBytes: this.#options.maxDecompressedBytes,
        isCompacted: config['cleanup.policy'].includes('compact'),
        timestampType: config['message.timestamp.type'],
        timestampBeforeMaxMs: config['message.timestamp.before.max.ms'],
        timestampAfterMaxMs: config['message.timestamp.after.max.ms'],
        compressionType: config['compression.type'],
        compressionLevel: compressionLevelOf(config),
        nowMs: this.#options.clock.now(),
        transactionalId,
        allowsZstd,
      })
      return checked instanceof Promise ? checked.then((batch) => ({ partition, batch }), asRefusal) : { partition, batch: checked }
    } catch (error) {
      return asRefusal(error)
    }
  }

  #placeWhenOpen(request: AppendRequest, checked: readonly (CheckedAppend | Refusal)[]): PlacedAppend | Promise<PlacedAppend> {
    for (const check of checked) if (!(check instanceof Refusal || check.partition.isOpen)) return this.#openAndPlace(request, checked)
    return this.#place(request, checked)
  }

  #openAndPlace(request: AppendRequest, checked: readonly (CheckedAppend | Refusal)[]): Promise<PlacedAppend> {
    const partitions = checked.flatMap((check) => (check instanceof Refusal ? [] : [check.partition]))
    return whenOpen(partitions, () => this.#place(request, checked))
  }

  #place({ timeoutMs }: AppendRequest, checked: readonly (CheckedAppend | Refusal)[]): PlacedAppend | Promise<PlacedAppend> {
    const { results, settle } = this.#resultsOf(checked.length, timeoutMs)
    const placing = this.#options.turnShare.inSteps(checked, (check, index) => {
      const placed =
        check instanceof Refusal ? check : attempt(() => check.partition.log.append(check.batch, (result) => settle(index, result)))
      if (placed instanceof Refusal) settle(index, placed)
    })
    return placing === undefined ? { results } : placing.then(() => ({ results }))
  }

  #resultsOf(
    count: number,
    timeoutMs: number,
  ): PlacedAppend & { readonly settle: (index: number, result: AppendResult | Refusal) => void } {
    const settled: (AppendResult | Refusal | undefined)[] = []
    if (count === 0) return { results: Promise.resolve([]), settle: () => undefined }
    let resolve!: (results: (AppendResult | Refusal)[]) => void
    const results = new Promise<(AppendResult | Refusal)[]>((resolveResults) => (resolve = resolveResults))
    const timer = this.#options.clock.after(timeoutMs, () =>
      resolve(Array.from({ length: count }, (_, index) => settled[index] ?? new Refusal('REQUEST_TIMED_OUT'))),
    )
    let missingCount = count
    const settle = (index: number, result: AppendResult | Refusal): void => {
      settled[index] = result
      if (--missingCount > 0) return
      timer.cancel()
      resolve(settled as (AppendResult | Refusal)[])
    }
    return { results, settle }
  }

  /** Synchronous when the log is open and its answer is. */
  #read(read: PartitionRead, maxBytes: number, options: ReadLimits): PartitionRecords | Promise<PartitionRecords> {
    const partition = this.#partition(read.topicId, read.partitionIndex)
    const log = partition.opened()
    if (log === undefined) return partition.use((opened) => readLog(opened, read, maxBytes, options))
    const found = readLog(log, read, maxBytes, options)
    return found instanceof Promise ? partition.use(() => found) : found
  }

  #use<T>(topicId: string, partitionIndex: number, work: (log: PartitionLog) => T | Promise<T>): Promise<T> {
    return this.#partition(topicId, partitionIndex).use((log) => {
      if (log.offlineReason !== undefined) throw new Refusal('KAFKA_STORAGE_ERROR', log.offlineReason)
      return work(log)
    })
  }

  #partition(topicId: string, partitionIndex: number): Partition {
    const partition = this.#partitions.get(topicId)?.[partitionIndex]
    if (partition === undefined) throw new Refusal('UNKNOWN_TOPIC_OR_PARTITION')
    if (partition.offlineReason !== undefined) throw new Refusal('KAFKA_STORAGE_ERROR', partition.offlineReason)
    return partition
  }
}

interface BegunRead {
  /** How many bytes it may give, unless its first batch alone is larger. */
  readonly limit: number
  readonly found: PartitionRecords | Refusal | Promise<PartitionRecords>
}

interface CheckedAppend {
  readonly partition: Partition
  readonly batch: CheckedBatch
}

function compressionLevelOf(config: TopicConfig): BatchRules['compressionLevel'] {
  const compressionType = config['compression.type']
  return compressionType === 'gzip' || compressionType === 'lz4' || compressionType === 'zstd'
    ? config[`compression.${compressionType}.level`]
    : undefined
}
