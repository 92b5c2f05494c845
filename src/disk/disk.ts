// The only file that touches the file system: positional reads and writes, syncs, and the few operations on names that a log needs.
// Paths are absolute. Errors are Node's own, with their `code`. Nothing here retries.
//
// A write may come out short without an error (a full disk): every caller checks the count.
// A file or name survives a power loss only after `sync` of the file and `syncFolder` of the folder that holds its name.

import fs from 'node:fs'
import { dirname } from 'node:path'

export interface DiskFile {
  /** One gathered write; resolves to the number of bytes written, which may be less than given. */
  write(chunks: readonly Buffer[], position: number): Promise<number>
  /** Blocks the event loop: for small writes, which the page cache takes in microseconds. */
  writeNow(chunk: Buffer, position: number): number
  /** Fills `into` from `position` on as far as the file goes; resolves to the number of bytes read. */
  read(into: Buffer, position: number): Promise<number>
  /** Data and size are on disk once this resolves. A failure is final: what was written since the last sync may be lost, whatever a second sync says. */
  sync(): Promise<void>
  truncate(size: number): Promise<void>
  close(): Promise<void>
}

export interface Disk {
  /** `create` makes the file when it is missing and never cuts one that exists; `existing` fails with ENOENT. */
  open(path: string, how: 'create' | 'existing'): Promise<DiskFile>
  /** Fails with ENOENT when there is no such file. */
  fileSize(path: string): Promise<number>
  /** undefined when there is no such file. */
  readFile(path: string): Promise<Buffer | undefined>
  /** The file holds either what it held or `bytes`, whenever the power fails; `bytes` for good once this resolves. */
  replaceFile(path: string, bytes: Buffer): Promise<void>
  rename(from: string, to: string): Promise<void>
  /** Removes a file; one that is gone already is fine. */
  unlink(path: string): Promise<void>
  /** Makes a folder and its parents; one that exists is fine. */
  makeFolder(path: string): Promise<void>
  removeEmptyFolder(path: string): Promise<void>
  /** Names in a folder; undefined when there is none. */
  list(path: string): Promise<string[] | undefined>
  syncFolder(path: string): Promise<void>
  freeBytes(path: string): Promise<number>
}

class FileOnDisk implements DiskFile {
  readonly #descriptor: number

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  write(chunks: readonly Buffer[], position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const settle = (error: Error | null, count: number): void => (error === null ? resolve(count) : reject(error))
      if (chunks.length === 1) fs.write(this.#descriptor, chunks[0]!, 0, chunks[0]!.length, position, settle)
      else fs.writev(this.#descriptor, chunks, position, settle)
    })
  }

  writeNow(chunk: Buffer, position: number): number {
    return fs.writeSync(this.#descriptor, chunk, 0, chunk.length, position)
  }

  async read(into: Buffer, position: number): Promise<number> {
    let filled = 0
    while (filled < into.length) {
      const count = await this.#readOnce(into, filled, position + filled)
      if (count === 0) break
      filled += count
    }
    return filled
  }

  #readOnce(into: Buffer, start: number, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.read(this.#descriptor, into, start, into.length - start, position, (error, count) =>
        error === null ? resolve(count) : reject(error),
      )
    })
  }

  sync(): Promise<void> {
    return settled((callback) => fs.fdatasync(this.#descriptor, callback))
  }

  truncate(size: number): Promise<void> {
    return settled((callback) => fs.ftruncate(this.#descriptor, size, callback))
  }

  close(): Promise<void> {
    return settled((callback) => fs.close(this.#descriptor, callback))
  }
}

function settled(start: (callback: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => start((error) => (error === null ? resolve() : reject(error))))
}

export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? '')
}

const { O_RDWR, O_CREAT } = fs.constants
const IS_WINDOWS = process.platform === 'win32'

export const fileSystem: Disk = {
  async open(path, how) {
    const descriptor = await new Promise<number>((resolve, reject) => {
      fs.open(path, how === 'create' ? O_RDWR | O_CREAT : O_RDWR, 0o644, (error, opened) =>
        error === null ? resolve(opened) : reject(error),
      )
    })
    return new FileOnDisk(descriptor)
  },

  async fileSize(path) {
    return (await fs.promises.stat(path)).size
  },

  async readFile(path) {
    try {
      return await fs.promises.readFile(path)
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined
      throw error
    }
  },

  async replaceFile(path, bytes) {
    const temporary = `${path}.tmp`
    const handle = await fs.promises.open(temporary, 'w', 0o644)
    try {
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await fs.promises.rename(temporary, path)
    await this.syncFolder(dirname(path))
  },

  rename: (from, to) => fs.promises.rename(from, to),

  async unlink(path) {
    try {
      await fs.promises.unlink(path)
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error
    }
  },

  async makeFolder(path) {
    await fs.promises.mkdir(path, { recursive: true })
  },

  removeEmptyFolder: (path) => fs.promises.rmdir(path),

  async list(path) {
    try {
      return await fs.promises.readdir(path)
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined
      throw error
    }
  },

  async syncFolder(path) {
    if (IS_WINDOWS) return // a folder cannot be opened there, and its names need no sync
    const handle = await fs.promises.open(path, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  },

  async freeBytes(path) {
    const stats = await fs.promises.statfs(path)
    return stats.bavail * stats.bsize
  },
}
