// The journal as an earlier run left it, for the replay and for those who check it: its files in order, and what of them is not in the segments for certain.
// Changes nothing.

import { join } from 'node:path'
import type { ReadingDisk } from '../../disk/disk.ts'
import { FILE_HEADER_SIZE } from './journal-entry.ts'
import { FIRST_NUMBER } from './journal-files.ts'
import { filesInUse, type JournalFileToRead, JournalScan, type JournalVisitor } from './journal-scan.ts'

export class JournalReader {
  readonly #disk: ReadingDisk
  readonly #files: readonly JournalFileToRead[]
  readonly #firstNumber: number
  /** Of all files, those that are not in use too. */
  readonly paths: readonly string[]

  private constructor(disk: ReadingDisk, paths: readonly string[], files: readonly JournalFileToRead[], firstNumber: number) {
    this.#disk = disk
    this.paths = paths
    this.#files = files
    this.#firstNumber = firstNumber
  }

  /** undefined when there is no journal. */
  static async open(disk: ReadingDisk, folder: string): Promise<JournalReader | undefined> {
    const names = await disk.list(folder)
    if (names === undefined) return undefined
    const paths = names.filter((name) => name.endsWith('.journal')).map((name) => join(folder, name))
    const heads = new Map<string, Buffer>()
    for (const path of paths) {
      const head = Buffer.alloc(FILE_HEADER_SIZE)
      await disk.openFor(path, 'reading', (file) => file.read(head, 0))
      heads.set(path, head)
    }
    const firstNumber = Number(await disk.readFile(join(folder, FIRST_NUMBER)))
    return new JournalReader(disk, paths, filesInUse(heads), firstNumber > 0 ? firstNumber : 1)
  }

  /** Tells `visitor` of every entry, and of those that are missing, in order. Resolves to the number of the next. */
  async read(visitor: JournalVisitor, afterFile?: () => Promise<void>): Promise<number> {
    const scan = new JournalScan({
      entry: (entry) => {
        if (entry.number >= this.#firstNumber) visitor.entry(entry)
      },
      lost: (entries) => {
        if (entries.toNumber > this.#firstNumber) visitor.lost(entries)
      },
    })
    for (const [index, { path, firstNumber }] of this.#files.entries()) {
      scan.file((await this.#disk.readFile(path)) ?? Buffer.alloc(0), firstNumber, index === this.#files.length - 1)
      await afterFile?.()
    }
    return Math.max(this.#firstNumber, scan.nextNumber ?? 1)
  }
}
