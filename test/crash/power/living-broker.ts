// Everything of a broker below its sockets, on a disk whose power may fail: what is asked of it, and what it answers, goes into the account of promises.

import { resolveBrokerConfig } from '../../../src/config/resolve.ts'
import { openStorage, type Storage } from '../../../src/broker-storage.ts'
import type { Disk } from '../../../src/disk/disk.ts'
import { LogCounters } from '../../../src/log/log-settings.ts'
import type { Topic } from '../../../src/topics/catalog.ts'
import { openDataFolder } from '../../../src/topics/data-folder.ts'
import { Refusal } from '../../../src/wire/error-codes.ts'
import { buildBatch, type BuiltBatch } from '../../support/batch-builder.ts'
import { silent } from '../../support/log-services.ts'
import type { ManualClock } from '../../support/manual-clock.ts'
import { settled } from '../../support/test-log.ts'
import type { Promises } from './promises.ts'

export const DATA_FOLDER = '/data'
const UPKEEP_MS = 1000
const TICK_MS = 250
const FLAGS = { 'log.retention.check.interval.ms': UPKEEP_MS, 'log.cleaner.backoff.ms': UPKEEP_MS, 'journal.checkpoint.interval.ms': 500 }
const METADATA_SEGMENT_BYTES = 1024 // so that it is compacted, too
const JOURNAL_FILE_BYTES = 1024 // so that several are filled, freed and used again

export async function openOn(disk: Disk, clock: ManualClock, flags: Record<string, number> = {}): Promise<Storage> {
  const { config } = resolveBrokerConfig({ flags: { ...FLAGS, ...flags } })
  await disk.makeFolder(DATA_FOLDER)
  const folder = await openDataFolder(disk, DATA_FOLDER, config['node.id'])
  return openStorage({
    config,
    clock,
    disk,
    diagnostics: silent,
    folder,
    counters: new LogCounters(),
    journalFileBytes: JOURNAL_FILE_BYTES,
    metadataSegmentBytes: METADATA_SEGMENT_BYTES,
  })
}

export interface Appending {
  readonly topic: Topic
  readonly partition: number
  /** One a record; `<key>=<text>` has a key, and `<key>` alone is a tombstone. */
  readonly values: readonly string[]
  readonly batch?: BuiltBatch
}

export function batchOf({ values, batch }: Pick<Appending, 'values' | 'batch'>, nowMs: number): Buffer {
  const records = values.map((value) => {
    const [key, text] = value.split('=', 2) as [string, string | undefined]
    return { key, value: text ?? null }
  })
  return buildBatch({ records, baseTimestamp: BigInt(nowMs), ...batch })
}

export class LivingBroker {
  readonly #storage: Storage
  readonly #clock: ManualClock
  readonly #promises: Promises
  readonly #position: () => number

  private constructor(storage: Storage, clock: ManualClock, promises: Promises, position: () => number) {
    this.#storage = storage
    this.#clock = clock
    this.#promises = promises
    this.#position = position
  }

  /** `position` tells where on the disk's way everything is. */
  static async start(disk: Disk, clock: ManualClock, promises: Promises, position: () => number): Promise<LivingBroker> {
    const storage = await openOn(disk, clock)
    promises.leaderEpochs.push({ leaderEpoch: storage.leaderEpoch, at: position() })
    return new LivingBroker(storage, clock, promises, position)
  }

  topic(name: string): Topic {
    return this.#storage.catalog.byName(name)
  }

  async create(name: string, partitionCount: number, configs: Record<string, string> = {}): Promise<Topic> {
    const askedAt = this.#position()
    const [topic] = await this.#storage.catalog.create([{ name, partitionCount, replicationFactor: -1, assignments: [], configs }])
    if (topic instanceof Refusal) throw topic
    this.#promises.created.push({ id: topic!.id, name, partitionCount, askedAt, answeredAt: this.#position() })
    return topic!
  }

  async delete(topic: Topic): Promise<void> {
    const askedAt = this.#position()
    await this.#storage.catalog.delete(topic)
    this.#promises.deleted.push({ id: topic.id, askedAt, answeredAt: this.#position() })
  }

  async alter(topic: Topic, name: string, value: string): Promise<void> {
    const askedAt = this.#position()
    await this.#storage.catalog.alterConfigs(topic.name, (texts) => ({ ...texts, [name]: value }))
    this.#promises.altered.push({ topicId: topic.id, name, value, askedAt, answeredAt: this.#position() })
  }

  async deleteRecords(topic: Topic, partition: number, offset: number): Promise<void> {
    const askedAt = this.#position()
    await this.#storage.records.deleteRecords(topic.id, partition, offset)
    this.#promises.deletedRecords.push({ topicId: topic.id, partition, offset, askedAt, answeredAt: this.#position() })
  }

  async newProducerId(): Promise<number> {
    const producerId = await this.#storage.producerIds.next()
    this.#promises.producerIds.push({ producerId, at: this.#position() })
    return producerId
  }

  /** One request. */
  async append(appendings: readonly Appending[]): Promise<void> {
    const askedAt = this.#position()
    const batches = appendings.map((appending) => batchOf(appending, this.#clock.now()))
    const appends = appendings.map(({ topic, partition }, index) => ({
      topicId: topic.id,
      partitionIndex: partition,
      records: Buffer.from(batches[index]!),
    }))
    for (const { topic, partition } of appendings) this.#watch(topic, partition)
    const placed = await this.#storage.records.append({ transactionalId: null, allowsZstd: true, timeoutMs: 600_000, appends })
    for (const [index, result] of (await placed.results).entries()) {
      if (result instanceof Refusal) throw result
      const { topic, partition, values, batch } = appendings[index]!
      const isSynced = this.topic(topic.name).config.durability === 'fsync'
      const answeredAt = isSynced ? this.#position() : Infinity
      const isIdempotent = batch?.producerId !== undefined
      const event = { topicId: topic.id, partition, baseOffset: result.baseOffset, values, bytes: batches[index]!, isIdempotent }
      this.#promises.appends.push({ ...event, askedAt, answeredAt })
    }
  }

  /** Lets time pass, and what is due then happen. */
  async pass(ms: number): Promise<void> {
    await settled()
    for (let left = ms; left > 0; left -= TICK_MS) {
      this.#clock.advance(Math.min(left, TICK_MS))
      await settled()
    }
  }

  /** Everything that was appended before is on disk after this, whatever its mode. */
  async stop(): Promise<void> {
    await this.#storage.close()
    this.#promises.allSynced(this.#position())
  }

  /** What readers of a synced topic are shown must not be taken back. */
  #watch(topic: Topic, index: number): void {
    const { records } = this.#storage
    if (topic.config.durability !== 'fsync') return
    const partition = records.partitions.find((one) => one.topic.id === topic.id && one.index === index)
    const partitionChanged = (): void => {
      const highWatermark = partition?.opened()?.highWatermark
      if (highWatermark === undefined) return
      this.#promises.shown.push({ topicId: topic.id, partition: index, highWatermark, at: this.#position() })
    }
    records.watch(topic.id, index, { partitionChanged })
  }
}
