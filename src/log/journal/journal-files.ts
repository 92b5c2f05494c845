// The files of the journal while the broker runs: made when the first entries come, made ahead of need from then on, and used again once everything in them
// is in the segments, synced. A spare file is full of bytes, so that writing it changes nothing but them and a sync has nothing else to write.
// A file says that it is in use by its header. It is taken back, synced, before the file becomes a spare: so what a start finds in use follows each other.

import { dirname, join } from 'node:path'
import type { Disk, DiskFile } from '../../disk/disk.ts'
import { crc32c } from '../../wire/records/crc32c.ts'
import { FILE_HEADER_SIZE } from './journal-entry.ts'

/** Holds the number of the first entry that is not in the segments, and its CRC-32C in hexadecimal digits. */
export const FIRST_NUMBER = 'first-number'
const FILL_BYTES = 1 << 20
const SPARES_MAX = 8 // what a checkpoint frees at once when the journal is half full: at 250 MB/s each would be made again within the second

export function formatFirstNumber(number: number): string {
  return `${number} ${crc32c(Buffer.from(`${number}`))
    .toString(16)
    .padStart(8, '0')}\n`
}

/** undefined when it is not as it was written: then every entry counts. */
export function parseFirstNumber(text: string): number | undefined {
  const number = Number.parseInt(text, 10)
  return text === formatFirstNumber(number) ? number : undefined
}

export interface JournalFile {
  readonly path: string
  readonly file: DiskFile
  /** What it may hold. */
  readonly sizeMax: number
}

export class JournalFiles {
  readonly #disk: Disk
  readonly #folder: string
  readonly #fileBytes: number
  #nextName = 1
  #hasFolder = false
  #spares: JournalFile[] = []
  #preparing: Promise<void> | undefined

  /** `fileBytes` is the size of a file, unless one entry alone is larger. */
  constructor(disk: Disk, folder: string, fileBytes: number) {
    this.#fileBytes = fileBytes
    this.#disk = disk
    this.#folder = folder
  }

  /** For entries of `sizeMin` bytes or less. Its name is on disk. */
  async take(sizeMin: number): Promise<JournalFile> {
    const spare = sizeMin > this.#fileBytes ? undefined : this.#spares.shift()
    return spare ?? this.#make(Math.max(sizeMin, this.#fileBytes))
  }

  /** Makes a spare in the background when there is none. `whenFailed` hears why it could not be. */
  prepare(whenFailed: (error: unknown) => void): void {
    if (this.#spares.length > 0) return
    this.#preparing ??= this.#makeSpare()
      .catch(whenFailed)
      .finally(() => (this.#preparing = undefined))
  }

  /** Nothing in it is needed any more. */
  async giveBack(used: JournalFile): Promise<void> {
    await this.#writeWhole(used, Buffer.alloc(FILE_HEADER_SIZE), 0)
    await used.file.sync()
    if (used.sizeMax !== this.#fileBytes) return this.#remove(used)
    this.#spares.push(used)
    if (this.#spares.length > SPARES_MAX) await this.#remove(this.#spares.shift()!)
  }

  /** Leaves no file but those in use, and no folder when there are none. */
  async close(hasFilesInUse: boolean): Promise<void> {
    await this.#preparing
    for (const spare of this.#spares.splice(0)) await this.#remove(spare)
    if (hasFilesInUse || (await this.#disk.list(this.#folder)) === undefined) return
    await this.#disk.unlink(join(this.#folder, FIRST_NUMBER))
    await this.#disk.syncFolder(this.#folder) // or the number would be back after a power loss, when entries below it are no old ones any more
    await this.#disk.removeEmptyFolder(this.#folder)
  }

  async #makeSpare(): Promise<void> {
    const spare = await this.#make(this.#fileBytes)
    const zeros = Buffer.alloc(Math.min(FILL_BYTES, this.#fileBytes))
    for (let position = 0; position < this.#fileBytes; position += zeros.length) await this.#writeWhole(spare, zeros, position)
    await spare.file.sync()
    this.#spares.push(spare)
  }

  async #make(sizeMax: number): Promise<JournalFile> {
    if (!this.#hasFolder) await this.#makeFolder()
    const path = join(this.#folder, `${String(this.#nextName++).padStart(8, '0')}.journal`)
    const file = await this.#disk.open(path, 'create')
    await this.#disk.syncFolder(this.#folder)
    return { path, file, sizeMax }
  }

  async #makeFolder(): Promise<void> {
    await this.#disk.makeFolder(this.#folder)
    await this.#disk.syncFolder(dirname(this.#folder))
    this.#hasFolder = true
  }

  async #remove({ path, file }: JournalFile): Promise<void> {
    await file.close()
    await this.#disk.unlink(path)
  }

  async #writeWhole({ path, file }: JournalFile, bytes: Buffer, position: number): Promise<void> {
    const written = await file.write([bytes], position)
    if (written < bytes.length)
      throw Object.assign(new Error(`only ${written} of ${bytes.length} bytes could be written to ${path}`), { code: 'ENOSPC' })
  }
}
