// The folder of one log: it appears with the first append, says whose it is, and is synced together with what is made in it.
//
//   partition.metadata   two lines:
//   version: 0
//   topic_id: <base64url>

import { dirname, join } from 'node:path'
import type { Disk } from '../disk/disk.ts'
import { PARTITION_METADATA } from './file-names.ts'

export class LogFolder {
  readonly path: string
  readonly #disk: Disk
  readonly #topicId: string
  #making: Promise<void> | undefined
  #isMade: boolean
  #isSynced = false

  constructor(disk: Disk, path: string, topicId: string, exists: boolean) {
    this.#disk = disk
    this.path = path
    this.#topicId = topicId
    this.#isMade = exists
  }

  get isMade(): boolean {
    return this.#isMade
  }

  file(name: string): string {
    return join(this.path, name)
  }

  /** Resolves at once when it is there. */
  make(): Promise<void> {
    this.#making ??= this.#isMade ? Promise.resolve() : this.#make()
    return this.#making
  }

  /** Every name made in the folder before the call is on disk once this resolves, and the folder's own. */
  async sync(): Promise<void> {
    await this.#disk.syncFolder(this.path)
    if (this.#isSynced) return
    await this.#disk.syncFolder(dirname(this.path))
    this.#isSynced = true
  }

  async #make(): Promise<void> {
    try {
      await this.#disk.makeFolder(this.path)
      await this.#disk.replaceFile(this.file(PARTITION_METADATA), Buffer.from(formatPartitionMetadata(this.#topicId)))
      this.#isMade = true
    } catch (error) {
      this.#making = undefined
      throw error
    }
  }
}

function formatPartitionMetadata(topicId: string): string {
  return `version: 0\ntopic_id: ${topicId}`
}

/** The topic id; undefined when the text is damaged. */
export function parsePartitionMetadata(text: string): string | undefined {
  return /^version: 0\ntopic_id: ([\w-]{22})\n?$/.exec(text)?.[1]
}
