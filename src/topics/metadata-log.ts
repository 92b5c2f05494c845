// The log of what exists: topics and their configs, the leader epoch, producer ids. Everything else about them is in memory, replayed from here.
// A change is true once `append` has resolved: it is on disk then, synced, whatever the broker's durability. One that finds
// the disk full is undone and refused. After any other failure nothing more is written and `failed` rejects: memory and disk may disagree about what
// exists, so the broker stops.

import { checkBatch, type BatchRules } from '../log/batches/check-batch.ts'
import type { Appended } from '../log/log-answers.ts'
import { WriteGate } from '../log/durability/write-gate.ts'
import { PartitionLog } from '../log/partition-log.ts'
import type { LogServices, LogSettings } from '../log/log-settings.ts'
import type { CompactionPolicy } from '../upkeep/compaction/cleanable.ts'
import type { CompactedPartition } from '../upkeep/compaction/compaction.ts'
import type { KeptPartition } from '../upkeep/kept-partition.ts'
import { Refusal } from '../wire/error-codes.ts'
import { BatchView } from '../wire/records/batch.ts'
import { encodeBatch, readRecords } from '../wire/records/record.ts'
import { decodeMetadataRecord, encodeMetadataRecord } from './metadata-records.ts'
import type { MetadataRecord } from './metadata-records.ts'
import { METADATA_TOPIC } from './topic-names.ts'

const READ_BYTES = 1 << 20
export const METADATA_TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ' // Kafka's own for it
const DAY_MS = 86_400_000

/** Whatever the broker's durability, what exists is always synced. */
const METADATA_LOG_SETTINGS: LogSettings = {
  segmentBytes: 16 << 20, // some 100,000 changes: what is replaced among them is compacted away
  segmentMs: 7 * DAY_MS,
  segmentJitterMs: 0,
  segmentIndexBytes: 10 << 20,
  indexIntervalBytes: 4096,
  flushMessages: Number.MAX_SAFE_INTEGER,
  flushMs: Number.MAX_SAFE_INTEGER,
  fileDeleteDelayMs: 60_000,
  durability: 'fsync',
  durabilityIntervalMs: Number.MAX_SAFE_INTEGER,
  producerIdExpirationMs: DAY_MS,
  maxDecompressedBytes: 64 << 20,
  mayHaveGaps: false,
}

const METADATA_BATCH_RULES: Omit<BatchRules, 'nowMs'> = {
  maxMessageBytes: 64 << 20,
  maxDecompressedBytes: 64 << 20,
  isCompacted: true,
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
  timestampAfterMaxMs: Number.MAX_SAFE_INTEGER,
  transactionalId: null,
  compressionType: 'producer',
}

/** What is said of a topic or a config again, or taken back, need not be kept. That a topic was deleted is kept for a day: its files may be there still. */
const COMPACTION_POLICY: CompactionPolicy = {
  minCleanableRatio: 0.5,
  minCompactionLagMs: 0,
  maxCompactionLagMs: Number.MAX_SAFE_INTEGER,
  deleteRetentionMs: DAY_MS,
}

export interface MetadataLogOptions {
  /** Whether offsets may be missing in it. */
  readonly wasCompacted?: boolean
  /** Where segments are not to have their usual size. */
  readonly segmentBytes?: number | undefined
}

export class MetadataLog {
  readonly #log: PartitionLog
  readonly #settings: LogSettings
  readonly #now: () => number
  #fail!: (error: Error) => void
  /** Never resolves; rejects when the log takes no more writes. */
  readonly failed = new Promise<never>((_, reject) => (this.#fail = reject))

  private constructor(log: PartitionLog, settings: LogSettings, now: () => number) {
    this.#log = log
    this.#settings = settings
    this.#now = now
    this.failed.catch(() => undefined) // whoever watches gets it; nobody has to
  }

  /** `folder` is the log's own. Throws when it is damaged, or from a newer version. */
  static async open(folder: string, services: LogServices, options: MetadataLogOptions = {}): Promise<MetadataLog> {
    const { wasCompacted: mayHaveGaps = false, segmentBytes = METADATA_LOG_SETTINGS.segmentBytes } = options
    const settings = { ...METADATA_LOG_SETTINGS, segmentBytes, mayHaveGaps }
    const log = await PartitionLog.open({
      folder,
      topic: METADATA_TOPIC,
      topicId: METADATA_TOPIC_ID,
      partition: 0,
      settings,
      services: { ...services, journal: undefined, writeGate: new WriteGate(services.diagnostics) }, // never closed: deleting a topic is a write, and frees room
      leaderEpoch: 0,
    })
    if (log.offlineReason !== undefined) throw new Error(`the metadata log cannot be read: ${log.offlineReason}`)
    return new MetadataLog(log, settings, () => services.clock.now())
  }

  /** Every record from the first to the last, in order. */
  async *replay(): AsyncGenerator<MetadataRecord> {
    let offset = this.#log.logStartOffset
    while (offset < this.#log.highWatermark) {
      const { chunks } = await this.#log.read(offset, READ_BYTES, { upTo: this.#log.highWatermark, atLeastOneBatch: true })
      const bytes = Buffer.concat(chunks)
      for (let position = 0; position < bytes.length;) {
        const batch = new BatchView(bytes, position)
        for (const record of readRecords(batch.packedRecords, batch))
          if (record.offset >= offset) yield decodeMetadataRecord(record.key, record.value)
        position += batch.sizeInBytes
        offset = batch.lastOffset + 1
      }
    }
  }

  /** Resolves when the records, all or none of them, are on disk. Rejects with the Refusal of the log otherwise. */
  async append(records: readonly MetadataRecord[]): Promise<void> {
    const timestamp = this.#now()
    const bytes = await encodeBatch({ records: records.map((record) => ({ timestamp, ...encodeMetadataRecord(record) })) })
    try {
      const batch = await checkBatch(bytes, { ...METADATA_BATCH_RULES, nowMs: timestamp })
      const result = await new Promise<Appended | Refusal>((settled) => void this.#log.append(batch, settled))
      if (result instanceof Refusal) throw result
    } catch (error) {
      if (this.#log.readOnlyReason !== undefined || this.#log.offlineReason !== undefined) this.#fail(error as Error)
      throw error
    }
  }

  /** As compaction sees it. */
  get compacted(): CompactedPartition {
    const partition: KeptPartition = {
      name: { topic: METADATA_TOPIC, partition: 0 },
      sizeAtRest: undefined,
      visit: (work) => {
        this.#log.updateSettings({ ...this.#settings, mayHaveGaps: true })
        return work(this.#log)
      },
    }
    return { partition, policy: COMPACTION_POLICY, segmentBytes: this.#settings.segmentBytes }
  }

  close(): Promise<void> {
    return this.#log.close()
  }
}
