// The seam between the protocol and the logs: append a whole request, read many partitions, wait until there is more. Handlers know nothing below it,
// so that a cluster can put something else here. Partitions are named by topic id and index; what may refuse, refuses per partition, as a value.

import type { BufferPool } from '../lib/buffer-pool.ts'
import type { Clock } from '../lib/clock.ts'
import type { TopicConfig } from '../config/resolve.ts'
import type { BatchRules, CheckedBatch } from '../log/batches/check-batch.ts'
import { checkBatch } from '../log/batches/check-batch.ts'
import type { Appended, PartitionLog, ReadResult, TimestampedOffset } from '../log/partition-log.ts'
import { asRefusal, attempt } from '../wire/attempt.ts'
import { Refusal } from '../wire/error-codes.ts'
import type { Topic, TopicFollower } from './catalog.ts'
import { Partition, type Watched, type Watcher } from './partition.ts'
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

export interface PartitionRead {
  readonly topicId: string
  readonly partitionIndex: number
  readonly offset: number
  readonly maxBytes: number
  /** The epoch of the last record that the client has, when it wants to be told of a truncation since (KIP-595); else -1. */
  readonly lastFetchedEpoch: number
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

export interface PartitionBounds {
  readonly logStartOffset: number
  readonly lastStableOffset: number
  readonly highWatermark: number
}

export interface PartitionRecords extends PartitionBounds {
  readonly chunks: readonly Buffer[]
  readonly size: number
  /** Set when the client's log and ours part: where, and no records. */
  readonly divergingEpoch: { epoch: number; endOffset: number } | undefined
}

export interface RecordStoreOptions {
  readonly folders: PartitionFolders
  readonly clock: Clock
  readonly bufferPool: BufferPool
  readonly maxDecompressedBytes: number
}

export class RecordStore implements TopicFollower {
  readonly #options: RecordStoreOptions
  readonly #partitions = new Map<string, readonly Partition[]>() // by topic id

  constructor(options: RecordStoreOptions) {
    this.#options = options
  }

  async topicCreated(topic: Topic): Promise<void> {
    this.#partitions.set(topic.id, await this.#open(topic, 0))
  }

  async topicChanged(topic: Topic): Promise<void> {
    const partitions = this.#partitions.get(topic.id) ?? []
    for (const partition of partitions) {
      partition.topic = topic
      this.#options.folders.updateSettings(partition.log, topic)
    }
    if (topic.partitionCount === partitions.length) return
    this.#partitions.set(topic.id, [...partitions, ...(await this.#open(topic, partitions.length))])
  }

  async topicDeleted(topic: Topic): Promise<void> {
    const partitions = this.#partitions.get(topic.id) ?? []
    this.#partitions.delete(topic.id)
    for (const partition of partitions) partition.wakeAll()
    await Promise.all(partitions.map((partition) => partition.log.delete()))
  }

  get partitions(): readonly Partition[] {
    return [...this.#partitions.values()].flat()
  }

  /** Syncs and closes every log. */
  async close(): Promise<void> {
    await Promise.all(this.partitions.map(({ log }) => log.close()))
  }

  /** Why the partition cannot be read or written now; undefined when it can. */
  offlineReason(topicId: string, partitionIndex: number): string | undefined {
    return this.#partitions.get(topicId)?.[partitionIndex]?.log.offlineReason
  }

  /** Where the partition begins and ends for readers. Throws UNKNOWN_TOPIC_OR_PARTITION or KAFKA_STORAGE_ERROR, as all that follow do. */
  async bounds(topicId: string, partitionIndex: number): Promise<PartitionBounds> {
    return boundsOf(this.#partition(topicId, partitionIndex).log)
  }

  /** The first record at or after `timestampMs`, with its timestamp and leader epoch; undefined when all are earlier. */
  async offsetForTimestamp(topicId: string, partitionIndex: number, timestampMs: number): Promise<TimestampedOffset | undefined> {
    const { log } = this.#partition(topicId, partitionIndex)
    return log.offsetForTimestamp(timestampMs, log.highWatermark)
  }

  /** The first record that has the greatest timestamp; undefined when there is none. */
  async offsetOfMaxTimestamp(topicId: string, partitionIndex: number): Promise<TimestampedOffset | undefined> {
    const { log } = this.#partition(topicId, partitionIndex)
    return log.offsetOfMaxTimestamp(log.highWatermark)
  }

  /** The leader epoch under which the record at `offset` was, or would be, appended; -1 when unknown. */
  async epochAt(topicId: string, partitionIndex: number, offset: number): Promise<number> {
    return this.#partition(topicId, partitionIndex).log.epochAt(offset)
  }

  /** The last epoch at or below `epoch` and where it ended (KIP-320); -1 and -1 when there is none. */
  async endOffsetForEpoch(topicId: string, partitionIndex: number, epoch: number): Promise<{ leaderEpoch: number; endOffset: number }> {
    return this.#partition(topicId, partitionIndex).log.endOffsetForEpoch(epoch)
  }

  /** Records below `offset` are gone, durably; -1 stands for the high watermark. Answers the first offset that is left. */
  async deleteRecords(topicId: string, partitionIndex: number, offset: number): Promise<number> {
    const { log, topic } = this.#partition(topicId, partitionIndex)
    const policy = topic.config['cleanup.policy']
    if (policy.includes('compact') && !policy.includes('delete'))
      throw new Refusal('POLICY_VIOLATION', `topic "${topic.name}" is compacted: its records go only when newer ones of their key come`)
    if (topic.isInternal) throw new Refusal('INVALID_TOPIC_EXCEPTION', `topic "${topic.name}" is the broker's own`)
    if (offset < -1) throw new Refusal('OFFSET_OUT_OF_RANGE')
    await log.advanceLogStartOffset(offset === -1 ? log.highWatermark : offset)
    return log.logStartOffset
  }

  /**
   * Checks every batch (which may leave the event loop), then appends them in one turn. Settles when all have their place, so that a caller who awaits it
   * keeps the order of its requests; synchronous when the checks are.
   */
  append(request: AppendRequest): PlacedAppend | Promise<PlacedAppend> {
    const checks = request.appends.map((append) => this.#check(append, request))
    if (checks.some((check) => check instanceof Promise))
      return Promise.all(checks.map(async (check) => check)).then((checked) => this.#place(request, checked))
    return this.#place(request, checks as (CheckedAppend | Refusal)[])
  }

  /** Reads what there is, partition after partition until `maxBytes`. */
  async read({ reads, maxBytes, atLeastOneBatch, readCommitted, stopsWhenFull }: ReadRequest): Promise<(PartitionRecords | Refusal)[]> {
    const results: (PartitionRecords | Refusal)[] = []
    let bytesLeft = maxBytes
    let isEmpty = true
    for (const read of reads) {
      if (stopsWhenFull && bytesLeft <= 0 && !isEmpty) break
      const found = attempt(() =>
        this.#read(read, Math.min(read.maxBytes, bytesLeft), { readCommitted, atLeastOneBatch: atLeastOneBatch && isEmpty }),
      )
      const records = found instanceof Promise ? await found.catch(asRefusal) : found
      results.push(records)
      if (records instanceof Refusal) continue
      bytesLeft = Math.max(0, bytesLeft - records.size)
      isEmpty &&= records.size === 0
    }
    return results
  }

  /** Nobody looks at the records any more, and they are not on their way to a client: where they lie may hold others. Need not be called. */
  release(results: readonly (PartitionRecords | Refusal)[]): void {
    for (const result of results)
      if (!(result instanceof Refusal)) for (const chunk of result.chunks) this.#options.bufferPool.giveBack(chunk)
  }

  /** From now on the watcher hears of every change: watch first, then read, and nothing is missed. Undefined when there is no such partition. */
  watch(topicId: string, partitionIndex: number, watcher: Watcher): Watched | undefined {
    const partition = this.#partitions.get(topicId)?.[partitionIndex]
    partition?.watch(watcher)
    return partition
  }

  /** The partitions from `firstIndex` on. */
  #open(topic: Topic, firstIndex: number): Promise<Partition[]> {
    const indexes = Array.from({ length: topic.partitionCount - firstIndex }, (_, count) => firstIndex + count)
    return Promise.all(indexes.map(async (index) => new Partition(topic, index, await this.#options.folders.open(topic, index))))
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
        ...compressionOf(config),
        nowMs: this.#options.clock.now(),
        transactionalId,
        allowsZstd,
      })
      return checked instanceof Promise ? checked.then((batch) => ({ partition, batch }), asRefusal) : { partition, batch: checked }
    } catch (error) {
      return asRefusal(error)
    }
  }

  #place({ timeoutMs }: AppendRequest, checked: readonly (CheckedAppend | Refusal)[]): PlacedAppend {
    const placed = checked.map((check) => {
      if (check instanceof Refusal) return check
      return attempt(() => check.partition.log.append(check.batch))
    })
    return { results: this.#settled(placed, timeoutMs) }
  }

  #settled(placed: readonly (Appended | Refusal)[], timeoutMs: number): Promise<(AppendResult | Refusal)[]> {
    return new Promise((resolve, reject) => {
      const results: (AppendResult | Refusal | undefined)[] = Array.from({ length: placed.length })
      let missingCount = placed.length + 1 // one for this loop itself, so that refusals alone do not resolve early
      const settle = (index: number, result: AppendResult | Refusal): void => {
        results[index] = result
        countDown()
      }
      const countDown = (): void => {
        if (--missingCount > 0) return
        timer.cancel()
        resolve(results as (AppendResult | Refusal)[])
      }
      const timer = this.#options.clock.after(timeoutMs, () => {
        resolve(results.map((result) => result ?? new Refusal('REQUEST_TIMED_OUT')))
      })
      for (const [index, one] of placed.entries()) {
        if (one instanceof Refusal) settle(index, one)
        else
          one.done
            .then(
              () => settle(index, one),
              (error: unknown) => settle(index, asRefusal(error)),
            )
            .catch(reject)
      }
      countDown()
    })
  }

  /** Synchronous when the log is. */
  #read(
    read: PartitionRead,
    maxBytes: number,
    { readCommitted, atLeastOneBatch }: { readCommitted: boolean; atLeastOneBatch: boolean },
  ): PartitionRecords | Promise<PartitionRecords> {
    const { log } = this.#partition(read.topicId, read.partitionIndex)
    const { highWatermark, lastStableOffset } = log
    const divergingEpoch = divergence(log, read)
    if (divergingEpoch !== undefined) return { ...boundsOf(log), chunks: [], size: 0, divergingEpoch }
    const found = log.read(read.offset, maxBytes, { upTo: readCommitted ? lastStableOffset : highWatermark, atLeastOneBatch })
    const recordsOf = ({ chunks, size }: ReadResult): PartitionRecords => {
      const { logStartOffset } = log
      return { chunks, size, divergingEpoch, logStartOffset, lastStableOffset, highWatermark } // the bounds that were there before the read
    }
    return found instanceof Promise ? found.then(recordsOf) : recordsOf(found)
  }

  #partition(topicId: string, partitionIndex: number): Partition {
    const partition = this.#partitions.get(topicId)?.[partitionIndex]
    if (partition === undefined) throw new Refusal('UNKNOWN_TOPIC_OR_PARTITION')
    if (partition.log.offlineReason !== undefined) throw new Refusal('KAFKA_STORAGE_ERROR', partition.log.offlineReason)
    return partition
  }
}

interface CheckedAppend {
  readonly partition: Partition
  readonly batch: CheckedBatch
}

function compressionOf(config: TopicConfig): Pick<BatchRules, 'compressionType' | 'compressionLevel'> {
  const compressionType = config['compression.type']
  switch (compressionType) {
    case 'gzip':
    case 'lz4':
    case 'zstd':
      return { compressionType, compressionLevel: config[`compression.${compressionType}.level`] }
    case 'snappy':
    case 'uncompressed':
    case 'producer':
      return { compressionType }
  }
}

const boundsOf = ({ logStartOffset, lastStableOffset, highWatermark }: PartitionLog): PartitionBounds => ({
  logStartOffset,
  lastStableOffset,
  highWatermark,
})

function divergence(log: PartitionLog, { lastFetchedEpoch, offset }: PartitionRead): PartitionRecords['divergingEpoch'] {
  if (lastFetchedEpoch === -1) return undefined
  const { leaderEpoch, endOffset } = log.endOffsetForEpoch(lastFetchedEpoch)
  if (leaderEpoch === -1) throw new Refusal('OFFSET_OUT_OF_RANGE') // an epoch that is yet to come
  return leaderEpoch < lastFetchedEpoch || endOffset < offset ? { epoch: leaderEpoch, endOffset } : undefined
}
