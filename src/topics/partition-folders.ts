// Which folder of the data folder belongs to which partition, and how a topic's configs become the settings of its logs. So many logs are opened at a
// time, however many are asked for: each may have to read a whole segment.

import { join } from 'node:path'
import type { BrokerConfig } from '../config/resolve.ts'
import { Slots } from '../disk/slots.ts'
import { logFolderName } from '../log/file-names.ts'
import { LogFolder } from '../log/log-folder.ts'
import { PartitionLog } from '../log/partition-log.ts'
import type { LogServices, LogSettings, PartitionLogOptions } from '../log/log-settings.ts'
import type { Topic } from './catalog.ts'

export interface PartitionFoldersOptions {
  readonly dataFolder: string
  readonly services: LogServices
  readonly config: BrokerConfig
  readonly leaderEpoch: number
  /** Whether it ever was: its offsets have gaps then. */
  readonly wasCompacted: (log: { readonly topic: string; readonly partition: number }) => boolean
}

const OPENED_AT_ONCE = 32

export class PartitionFolders {
  readonly #options: PartitionFoldersOptions
  readonly #opening = new Slots(OPENED_AT_ONCE)

  constructor(options: PartitionFoldersOptions) {
    this.#options = options
  }

  /** Why no log of them takes records now. */
  get closedReason(): string | undefined {
    return this.#options.services.writeGate.closedReason
  }

  /** Opens, and if need be recovers, the log of a partition; one that cannot be opened is offline. */
  open(topic: Topic, partitionIndex: number): Promise<PartitionLog> {
    return this.#opening.use(() => PartitionLog.open(this.#optionsOf(topic, partitionIndex), { elseOffline: true }))
  }

  /** As PartitionLog.delete, of one that is not open. A folder that cannot be read, or is another topic's, is left alone. */
  async deleteUnopened(topic: Topic, partitionIndex: number): Promise<void> {
    const { services, folder, topicId, topic: name, settings } = this.#optionsOf(topic, partitionIndex)
    await services.checkpoints.forgetUnopened({ topic: name, partition: partitionIndex })
    const logFolder = new LogFolder(services.disk, folder, topicId)
    await logFolder.look().catch(() => undefined)
    await services.deletions.delete(logFolder, settings.fileDeleteDelayMs)
  }

  /** What has changed of the topic's configs holds from the next append on. */
  updateSettings(log: PartitionLog, topic: Topic): void {
    log.updateSettings(this.#settings(topic, log.partition))
  }

  #optionsOf(topic: Topic, partitionIndex: number): PartitionLogOptions {
    const { dataFolder, services, leaderEpoch } = this.#options
    return {
      folder: join(dataFolder, logFolderName(topic.name, partitionIndex)),
      topicId: topic.id,
      topic: topic.name,
      partition: partitionIndex,
      leaderEpoch,
      settings: this.#settings(topic, partitionIndex),
      services,
    }
  }

  #settings({ name, config: topicConfig, mayHaveGaps }: Topic, partition: number): LogSettings {
    const { config, wasCompacted } = this.#options
    return {
      segmentBytes: topicConfig['segment.bytes'],
      segmentMs: Math.min(
        topicConfig['segment.ms'],
        topicConfig['cleanup.policy'].includes('compact') ? topicConfig['max.compaction.lag.ms'] : Infinity,
      ),
      segmentJitterMs: topicConfig['segment.jitter.ms'],
      segmentIndexBytes: topicConfig['segment.index.bytes'],
      indexIntervalBytes: topicConfig['index.interval.bytes'],
      flushMessages: topicConfig['flush.messages'],
      flushMs: topicConfig['flush.ms'],
      fileDeleteDelayMs: topicConfig['file.delete.delay.ms'],
      durability: topicConfig['durability'],
      durabilityIntervalMs: topicConfig['durability.interval.ms'],
      producerIdExpirationMs: config['producer.id.expiration.ms'],
      maxDecompressedBytes: config['max.decompressed.batch.bytes'],
      mayHaveGaps: mayHaveGaps || wasCompacted({ topic: name, partition }), // also when `compact` was but a default of the broker's
    }
  }
}
