// Which folder of the data folder belongs to which partition, and how a topic's configs become the settings of its logs.

import { join } from 'node:path'
import type { BrokerConfig } from '../config/resolve.ts'
import { logFolderName } from '../log/file-names.ts'
import { PartitionLog } from '../log/partition-log.ts'
import type { LogServices, LogSettings } from '../log/log-settings.ts'
import type { Topic } from './catalog.ts'

export interface PartitionFoldersOptions {
  readonly dataFolder: string
  readonly services: LogServices
  readonly config: BrokerConfig
  readonly leaderEpoch: number
}

export class PartitionFolders {
  readonly #options: PartitionFoldersOptions

  constructor(options: PartitionFoldersOptions) {
    this.#options = options
  }

  /** Opens, and if need be recovers, the log of a partition; one that cannot be opened is offline. */
  open(topic: Topic, partitionIndex: number): Promise<PartitionLog> {
    const { dataFolder, services, leaderEpoch } = this.#options
    const options = {
      folder: join(dataFolder, logFolderName(topic.name, partitionIndex)),
      topicId: topic.id,
      topic: topic.name,
      partition: partitionIndex,
      leaderEpoch,
      settings: this.#settings(topic),
      services,
    }
    return PartitionLog.open(options, { elseOffline: true })
  }

  /** What has changed of the topic's configs holds from the next append on. */
  updateSettings(log: PartitionLog, topic: Topic): void {
    log.updateSettings(this.#settings(topic))
  }

  #settings({ config: topicConfig }: Topic): LogSettings {
    const { config } = this.#options
    return {
      segmentBytes: topicConfig['segment.bytes'],
      segmentMs: topicConfig['segment.ms'],
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
    }
  }
}
