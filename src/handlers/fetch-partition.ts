// One partition as one client reads it: from where, and what the client was last told of it. From these follow what an incremental response must hold
// (KIP-227) and whether there may be more to say next time. There are many of these, so they are small: what the partitions of a topic share is theirs.

import type { PartitionRead, PartitionRecords } from '../topics/partitions/log-read.ts'
import type { RecordStore } from '../topics/record-store.ts'
import type { Watched, Watcher } from '../topics/partitions/partition.ts'
import { type ErrorName, Refusal } from '../wire/error-codes.ts'
import type { fetch as api } from '../wire/messages/fetch.ts'
import type { Infer } from '../wire/schema.ts'

export type AskedPartition = Infer<typeof api.request>['topics'][number]['partitions'][number]
export type ReadOutcome = PartitionRecords | Refusal

/** Told when a watched partition changed. */
export interface PartitionOwner {
  changed(partition: FetchPartition, grownBytes: number): void
}

/** A topic as the client names it, by id (version 13 and later) or by name. */
export interface FetchTopic {
  readonly owner: PartitionOwner
  readonly asked: { readonly topic: string; readonly topicId: string }
  readonly partitions: Map<number, FetchPartition>
  /** What the name, or the id, stood for when it was last looked up. */
  topicId: string
  name: string | undefined
}

export const sizeOf = (outcome: ReadOutcome): number => (outcome instanceof Refusal ? 0 : outcome.size)

const UNTOLD = -1

export class FetchPartition implements PartitionRead, Watcher {
  readonly topic: FetchTopic
  readonly partitionIndex: number
  offset = 0
  maxBytes = 0
  lastFetchedEpoch = -1
  currentLeaderEpoch = -1
  /** Those that gave records longest ago are read first. */
  turn: number
  /** It may read differently since it was last read. */
  hasChanged = true
  #toldHighWatermark = UNTOLD
  #toldLogStartOffset = UNTOLD
  #toldError: ErrorName | undefined
  #watched: Watched | undefined

  constructor(topic: FetchTopic, partitionIndex: number, turn: number) {
    this.topic = topic
    this.partitionIndex = partitionIndex
    this.turn = turn
  }

  get topicId(): string {
    return this.topic.topicId
  }

  ask({ fetchOffset, partitionMaxBytes, lastFetchedEpoch, currentLeaderEpoch }: AskedPartition): void {
    this.offset = fetchOffset
    this.maxBytes = partitionMaxBytes
    this.lastFetchedEpoch = lastFetchedEpoch
    this.currentLeaderEpoch = currentLeaderEpoch
  }

  watch(records: RecordStore): void {
    this.#watched ??= records.watch(this.topicId, this.partitionIndex, this)
  }

  unwatch(): void {
    this.#watched?.unwatch(this)
    this.#watched = undefined
  }

  partitionChanged(grownBytes: number): void {
    this.hasChanged = true
    this.topic.owner.changed(this, grownBytes)
  }

  /** Whether a response must say what was read: all of it is new to the client, or it may have to act. */
  mustTell(outcome: ReadOutcome): boolean {
    if (outcome instanceof Refusal || outcome.size > 0 || outcome.divergingEpoch !== undefined) return true
    return outcome.highWatermark !== this.#toldHighWatermark || outcome.logStartOffset !== this.#toldLogStartOffset
  }

  /** Whether the client should not be kept waiting: something is wrong, and it does not know yet. */
  isUrgent(outcome: ReadOutcome): boolean {
    return outcome instanceof Refusal ? outcome.error !== this.#toldError : outcome.divergingEpoch !== undefined
  }

  /** What was read is in a response now. After an error nothing counts as told. */
  tell(outcome: ReadOutcome): void {
    if (outcome instanceof Refusal) {
      this.#toldError = outcome.error
      this.#toldHighWatermark = UNTOLD
      return
    }
    this.#toldError = undefined
    this.#toldHighWatermark = outcome.highWatermark
    this.#toldLogStartOffset = outcome.logStartOffset
  }

  /** Whether reading it again would give nothing to tell, until it changes. */
  isSettled(outcome: ReadOutcome, readCommitted: boolean): boolean {
    if (this.hasChanged || this.mustTell(outcome) || outcome instanceof Refusal) return false
    return this.offset >= (readCommitted ? outcome.lastStableOffset : outcome.highWatermark)
  }
}
