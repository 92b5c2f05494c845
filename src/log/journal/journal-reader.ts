// The journal as an earlier run left it, for the replay and for those who check it: its files in order, and what of them is not in the segments for certain.
// Changes nothing.

import { join } from 'node:path'
import type { ReadingDisk } from '../../disk/disk.ts'
import { decodeFileHeader, ENTRY_HEADER_SIZE, FILE_HEADER_SIZE, type FileHeader } from './journal-entry.ts'
import { FIRST_NUMBER, parseFirstNumber } from './journal-files.ts'
import { JournalScan, type JournalVisitor } from './journal-scan.ts'

interface JournalFileToRead {
  readonly path: string
  readonly header: FileHeader
}

interface JournalParts {
  /** Of all files, those that are not in use too. */
  readonly paths: readonly string[]
  readonly files: readonly JournalFileToRead[]
  /** Those of which nobody knows what they hold. */
  readonly unreadable: readonly string[]
  readonly firstNumber: number
  /** Otherwise every entry counts: it is skipped where its log has it. */
  readonly isFirstNumberSound: boolean
}

export class JournalReader {
  readonly #disk: ReadingDisk
  readonly #parts: JournalParts

  private constructor(disk: ReadingDisk, parts: JournalParts) {
    this.#disk = disk
    this.#parts = parts
  }

  /** undefined when there is no journal. */
  static async open(disk: ReadingDisk, folder: string): Promise<JournalReader | undefined> {
    const names = await disk.list(folder)
    if (names === undefined) return undefined
    const paths = names.filter((name) => name.endsWith('.journal')).map((name) => join(folder, name))
    const files: JournalFileToRead[] = []
    const unreadable: string[] = []
    for (const path of paths) {
      const header = decodeFileHeader(await readHead(disk, path))
      if (header === 'damaged') unreadable.push(path)
      else if (header !== 'not in use') files.push({ path, header })
    }
    files.sort((a, b) => a.header.firstNumber - b.header.firstNumber)
    const text = await disk.readFile(join(folder, FIRST_NUMBER))
    const firstNumber = text === undefined ? 1 : parseFirstNumber(String(text))
    return new JournalReader(disk, {
      paths,
      files,
      unreadable,
      firstNumber: firstNumber ?? 1,
      isFirstNumberSound: firstNumber !== undefined,
    })
  }

  get paths(): readonly string[] {
    return this.#parts.paths
  }

  get unreadable(): readonly string[] {
    return this.#parts.unreadable
  }

  get isFirstNumberSound(): boolean {
    return this.#parts.isFirstNumberSound
  }

  /** Tells `visitor` of every entry, and of those that are missing, in order. Resolves to the number of the next. */
  async read(visitor: JournalVisitor, afterFile?: () => Promise<void>): Promise<number> {
    const { files, firstNumber } = this.#parts
    const scan = new JournalScan({
      entry: (entry) => {
        if (entry.number >= firstNumber) visitor.entry(entry)
      },
      lost: (entries) => {
        if (entries.toNumber > firstNumber) visitor.lost(entries)
      },
    })
    for (const [index, { path, header }] of files.entries()) {
      scan.file((await this.#disk.readFile(path)) ?? Buffer.alloc(0), header, index === files.length - 1)
      await afterFile?.()
    }
    return Math.max(firstNumber, scan.nextNumber ?? 1)
  }
}

async function readHead(disk: ReadingDisk, path: string): Promise<Buffer> {
  const head = Buffer.alloc(FILE_HEADER_SIZE + ENTRY_HEADER_SIZE)
  const filled = await disk.openFor(path, 'reading', (file) => file.read(head, 0))
  return head.subarray(0, filled)
}
