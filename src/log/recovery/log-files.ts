// What a log's folder holds when the log is opened, sorted by what it is; an exchange of segments that was under way is finished first.

import type { Disk } from '../../disk/disk.ts'
import { type OffsetFileKind, offsetFileName, parseOffsetFileName } from '../file-names.ts'
import type { LogFolder } from '../log-folder.ts'
import { finishSwaps, removeLeftovers } from './leftovers.ts'

export class LogFiles {
  readonly #disk: Disk
  readonly #folder: LogFolder
  readonly #names: ReadonlySet<string>

  private constructor(disk: Disk, folder: LogFolder, names: ReadonlySet<string>) {
    this.#disk = disk
    this.#folder = folder
    this.#names = names
  }

  /** Rejects with Damaged when the folder belongs to another topic. */
  static async find(disk: Disk, folder: LogFolder): Promise<LogFiles> {
    const names = await folder.look()
    return new LogFiles(disk, folder, (await finishSwaps(disk, folder, names)) ? await folder.look() : names)
  }

  /** Those that are no part of the log. */
  removeLeftovers(): Promise<void> {
    return removeLeftovers(this.#disk, this.#folder, this.#names)
  }

  /** The offsets that files of a kind are named after, ascending. */
  offsetsOf(kind: OffsetFileKind): number[] {
    const parsed = [...this.#names].map(parseOffsetFileName).filter((file) => file?.kind === kind)
    return parsed.map((file) => file!.offset).toSorted((a, b) => a - b)
  }

  /** undefined when there is none. */
  async read(name: string): Promise<Buffer | undefined> {
    return this.#names.has(name) ? this.#disk.readFile(this.#folder.file(name)) : undefined
  }

  readOf(offset: number, kind: OffsetFileKind): Promise<Buffer | undefined> {
    return this.read(offsetFileName(offset, kind))
  }

  sizeOf(offset: number, kind: OffsetFileKind): Promise<number> {
    return this.#disk.fileSize(this.#folder.file(offsetFileName(offset, kind)))
  }
}
