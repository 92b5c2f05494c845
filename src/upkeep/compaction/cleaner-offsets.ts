// `cleaner-offset-checkpoint`, in the format of the other checkpoints (log/checkpoints.ts): up to which offset each log was compacted. A log is named there,
// durably, before anything of it is compacted, and as long as it exists: then its offsets may have gaps. What is written is never ahead of the log.

import { join } from 'node:path'
import type { Disk } from '../../disk/disk.ts'
import { Mutex } from '../../lib/mutex.ts'
import { checkpointText, parseCheckpoint } from '../../log/checkpoints.ts'

export const CLEANER_OFFSETS = 'cleaner-offset-checkpoint'

interface LogName {
  readonly topic: string
  readonly partition: number
}

export class CleanerOffsets {
  readonly #disk: Disk
  readonly #path: string
  readonly #offsets: Map<string, number> // by `<topic> <partition>`
  readonly #mutex = new Mutex()

  private constructor(disk: Disk, path: string, offsets: Map<string, number>) {
    this.#disk = disk
    this.#path = path
    this.#offsets = offsets
  }

  /** A damaged file counts as empty: then everything is compacted anew, which changes nothing. */
  static async open(disk: Disk, dataFolder: string): Promise<CleanerOffsets> {
    const path = join(dataFolder, CLEANER_OFFSETS)
    const text = (await disk.readFile(path))?.toString()
    return new CleanerOffsets(disk, path, (text === undefined ? undefined : parseCheckpoint(text)) ?? new Map())
  }

  /** undefined for a log that was never compacted. */
  of({ topic, partition }: LogName): number | undefined {
    return this.#offsets.get(`${topic} ${partition}`)
  }

  /** On disk once this resolves. */
  async set({ topic, partition }: LogName, offset: number): Promise<void> {
    this.#offsets.set(`${topic} ${partition}`, offset)
    await this.#write()
  }

  /** The log is being deleted: a later one of its name starts afresh. */
  async forget({ topic, partition }: LogName): Promise<void> {
    if (this.#offsets.delete(`${topic} ${partition}`)) await this.#write()
  }

  #write(): Promise<void> {
    return this.#mutex.run(() =>
      this.#disk.replaceFile(this.#path, Buffer.from(checkpointText([...this.#offsets].map(([key, offset]) => `${key} ${offset}\n`)))),
    )
  }
}
