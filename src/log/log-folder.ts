// The folder of one log: it appears with the first append, says whose it is, and is synced together with what is made in it.
//
//   partition.metadata   two lines:
//   version: 0
//   topic_id: <base64url>

import { dirname, join } from 'node:path'
import { type Disk, overwriteFile } from '../disk/disk.ts'
import { PARTITION_METADATA } from './file-names.ts'
import { Damaged } from './recovery/damaged.ts'

export class LogFolder {
  readonly path: string
  readonly #disk: Disk
  readonly #topicId: string
  #exists = false
  #isOwned = false
  #making: Promise<void> | undefined
  #isMetadataSynced = true
  #isNameSynced = false

  constructor(disk: Disk, path: string, topicId: string) {
    this.#disk = disk
    this.path = path
    this.#topicId = topicId
  }

  /** Never true of another topic's folder. */
  get exists(): boolean {
    return this.#exists
  }

  file(name: string): string {
    return join(this.path, name)
  }

  /** The names in it; none when there is no folder. Rejects with Damaged when it belongs to another topic. */
  async look(): Promise<ReadonlySet<string>> {
    const names = await this.#disk.list(this.path)
    if (names === undefined) return new Set()
    const metadata = names.includes(PARTITION_METADATA) ? await this.#disk.readFile(this.file(PARTITION_METADATA)) : undefined
    if (metadata !== undefined && !this.#isTorn(metadata)) {
      const ownerId = parsePartitionMetadata(metadata.toString())
      if (ownerId !== this.#topicId)
        throw new Damaged(`the folder belongs to another topic (${ownerId ?? 'unreadable'}, not ${this.#topicId})`)
      this.#isOwned = true
    }
    this.#exists = true
    return new Set(names)
  }

  /** Resolves at once when it is there. */
  make(): Promise<void> {
    this.#making ??= this.#isOwned ? Promise.resolve() : this.#make()
    return this.#making
  }

  /** Every name made in the folder before the call is on disk once this resolves, and the folder's own. */
  async sync(): Promise<void> {
    if (!this.#isMetadataSynced) await this.#syncMetadata()
    await this.#disk.syncFolder(this.path)
    if (this.#isNameSynced) return
    await this.#disk.syncFolder(dirname(this.path))
    this.#isNameSynced = true
  }

  /** What a power loss leaves of a file that was not synced yet. */
  #isTorn(metadata: Buffer): boolean {
    const whole = this.#metadata
    return !metadata.equals(whole) && metadata.every((byte, position) => byte === 0 || byte === whole[position])
  }

  get #metadata(): Buffer {
    return Buffer.from(formatPartitionMetadata(this.#topicId))
  }

  async #make(): Promise<void> {
    try {
      await this.#disk.makeFolder(this.path)
      this.#exists = true
      this.#isMetadataSynced = false
      await overwriteFile(this.#disk, this.file(PARTITION_METADATA), this.#metadata, 'unsynced')
      this.#isOwned = true
    } catch (error) {
      this.#making = undefined
      throw error
    }
  }

  async #syncMetadata(): Promise<void> {
    await this.#disk.openFor(this.file(PARTITION_METADATA), 'existing', (file) => file.sync())
    this.#isMetadataSynced = true
  }
}

export function formatPartitionMetadata(topicId: string): string {
  return `version: 0\ntopic_id: ${topicId}`
}

/** The topic id; undefined when the text is damaged. */
export function parsePartitionMetadata(text: string): string | undefined {
  return /^version: 0\ntopic_id: ([\w-]{22})\n?$/.exec(text)?.[1]
}
