// One partition of a topic on this broker: its log, opened (which recovers it) at its first use and closed again when nobody has used it for long, and
// who watches it. Nobody sees anything of a partition before it is recovered. A log that is open is there at once, for the rest of that turn of the
// event loop; whoever needs it longer is counted as a user, and it is not closed under them.

import type { PartitionLog } from '../../log/partition-log.ts'
import { Refusal } from '../../wire/error-codes.ts'
import type { Topic } from '../catalog.ts'
import type { OpenPartitions } from './open-partitions.ts'
import type { PartitionFolders } from '../partition-folders.ts'

/** Told that a partition may read differently than before: perhaps late, perhaps without need. */
export interface Watcher {
  /** So many bytes became visible; Infinity when something else changed (its start moved, it was truncated, went offline or away): then watch anew. */
  partitionChanged(grownBytes: number): void
}

/** What a watcher holds on to. */
export interface Watched {
  unwatch(watcher: Watcher): void
}

export interface PartitionOptions {
  readonly folders: PartitionFolders
  readonly openPartitions: OpenPartitions
  /** Bytes of a log that has nothing to recover; undefined when it may have. */
  readonly sizeAtRest: number | undefined
}

export class Partition implements Watched {
  /** As it is now: its configs and partition count may change. */
  topic: Topic
  readonly index: number
  readonly #folders: PartitionFolders
  readonly #openPartitions: OpenPartitions
  #log: PartitionLog | undefined
  #opening: Promise<PartitionLog> | undefined
  #closing: Promise<void> | undefined
  #ended: Refusal | undefined // why it is not opened any more
  #sizeAtRest: number | undefined
  #userCount = 0
  #wasUsed = false
  #watchers: Set<Watcher> | undefined // most of 10,000 partitions have none

  constructor(topic: Topic, index: number, { folders, openPartitions, sizeAtRest }: PartitionOptions) {
    this.topic = topic
    this.index = index
    this.#folders = folders
    this.#openPartitions = openPartitions
    this.#sizeAtRest = sizeAtRest
  }

  /** The log if it is open, for use in this turn of the event loop. */
  opened(): PartitionLog | undefined {
    this.#wasUsed = true
    return this.#log
  }

  /** For log lines. */
  get name(): { topic: string; partition: number } {
    return { topic: this.topic.name, partition: this.index }
  }

  get isOpen(): boolean {
    return this.#log !== undefined
  }

  /** Why the partition is not served, as far as is known: one that was not opened yet may turn out to be damaged. */
  get offlineReason(): string | undefined {
    return this.#log?.offlineReason
  }

  /** Why it takes no more records until a restart. */
  get readOnlyReason(): string | undefined {
    return this.#log?.readOnlyReason
  }

  /** Of all its batches; undefined while that is not known, because it was not opened since a crash. */
  get sizeBytes(): number | undefined {
    return this.#log?.sizeBytes ?? this.#sizeAtRest
  }

  /** The same of a log that is closed and has nothing to recover. */
  get sizeAtRest(): number | undefined {
    return this.#log === undefined ? this.#sizeAtRest : undefined
  }

  /** Whether the log was used since the last call. */
  takeUse(): boolean {
    const wasUsed = this.#wasUsed
    this.#wasUsed = false
    return wasUsed || this.#userCount > 0
  }

  /** Gives the log to `work`, opened first if need be, and keeps it open until that has settled. Rejects with a Refusal when the partition is gone. */
  async use<T>(work: (log: PartitionLog) => T | Promise<T>): Promise<T> {
    this.hold()
    try {
      return await work(this.#log ?? (await this.open()))
    } finally {
      this.letGo()
    }
  }

  /** The same for who looks after it unasked: closes the log after that, unless it was open before, or somebody uses it by then. */
  async visit<T>(work: (log: PartitionLog) => Promise<T>): Promise<T> {
    const wasOpen = this.isOpen
    try {
      return await this.use(work)
    } finally {
      if (!wasOpen) await this.closeIfIdle()
    }
  }

  /** The log, once opened, stays open until as many calls of `letGo`. */
  hold(): void {
    this.#userCount++
  }

  letGo(): void {
    this.#userCount--
  }

  /** For who holds the partition. Whoever comes while the log is being opened shares that. Rejects with a Refusal when the partition is gone. */
  async open(): Promise<PartitionLog> {
    this.#wasUsed = true
    if (this.#log !== undefined) return this.#log
    if (this.#ended !== undefined) throw this.#ended
    this.#opening ??= this.#open()
    return this.#opening
  }

  /** For who has seen to it that the log is open. Throws a Refusal when the partition ended before it was. */
  get log(): PartitionLog {
    const log = this.opened()
    if (log === undefined) throw this.#ended ?? new Refusal('KAFKA_STORAGE_ERROR', 'the log is not open')
    return log
  }

  /** Closes the log, if nobody uses it; it is opened again when somebody does. Resolves to whether it is closed. */
  async closeIfIdle(): Promise<boolean> {
    const log = this.#log
    if (log === undefined || this.#ended !== undefined) return log === undefined
    this.#wasUsed = false
    if (!log.mayUnload) await log.flush().catch(() => undefined) // where that fails, the log must stay: it takes no more writes, and says why
    if (this.#wasUsed || this.#userCount > 0 || this.#log !== log || this.#ended !== undefined || !log.mayUnload) return false
    this.#log = undefined
    this.#sizeAtRest = undefined
    this.#openPartitions.closed(this)
    this.#closing = this.#unload(log)
    await this.#closing
    return true
  }

  /** For good, as a stop of the broker does. */
  async close(): Promise<void> {
    this.#ended ??= new Refusal('NOT_LEADER_OR_FOLLOWER', 'the broker is stopping')
    await this.#settle()
    const log = this.#log
    if (log === undefined) return
    await log.close()
    this.#sizeAtRest = log.isAtRest ? log.sizeBytes : undefined
    this.#log = undefined
    this.#openPartitions.closed(this)
  }

  /** The topic is deleted: nobody finds the partition any more, and its files go. */
  async delete(): Promise<void> {
    this.#ended ??= new Refusal('UNKNOWN_TOPIC_OR_PARTITION', 'the topic is deleted')
    this.#tell(Infinity)
    await this.#settle()
    this.#openPartitions.closed(this)
    if (this.#log === undefined) await this.#folders.deleteUnopened(this.topic, this.index)
    else await this.#log.delete()
  }

  /** Its topic is another now: has more partitions, or other configs. */
  change(topic: Topic): void {
    this.topic = topic
    if (this.#log !== undefined) this.#folders.updateSettings(this.#log, topic)
  }

  watch(watcher: Watcher): void {
    this.#watchers ??= new Set()
    this.#watchers.add(watcher)
  }

  unwatch(watcher: Watcher): void {
    this.#watchers?.delete(watcher)
  }

  async #open(): Promise<PartitionLog> {
    try {
      await this.#closing
      const { topic } = this
      const log = await this.#folders.open(topic, this.index)
      if (this.topic !== topic) this.#folders.updateSettings(log, this.topic)
      log.onAdvance = (visibleBytes) => this.#tell(visibleBytes)
      this.#log = log
      this.#openPartitions.opened(this)
      if (log.offlineReason !== undefined) this.#tell(Infinity)
      return log
    } finally {
      this.#opening = undefined
    }
  }

  async #unload(log: PartitionLog): Promise<void> {
    await log.unload()
    if (log.isAtRest) this.#sizeAtRest = log.sizeBytes
    this.#closing = undefined
  }

  async #settle(): Promise<void> {
    await this.#opening?.catch(() => undefined)
    await this.#closing
  }

  #tell(grownBytes: number): void {
    if (this.#watchers === undefined) return
    for (const watcher of this.#watchers) watcher.partitionChanged(grownBytes)
  }
}

/** Calls `work` once all the partitions that are still there have open logs, which stay open until it is done. */
export async function whenOpen<T>(partitions: readonly Partition[], work: () => T | Promise<T>): Promise<T> {
  for (const partition of partitions) partition.hold()
  try {
    await Promise.allSettled(partitions.map((partition) => partition.open()))
    return await work()
  } finally {
    for (const partition of partitions) partition.letGo()
  }
}
