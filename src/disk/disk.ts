// The only file that touches the file system: positional reads and writes, syncs, and the few operations on names that a log needs.
// Paths are absolute. Errors are Node's own, with their `code`. Nothing here retries.
//
// A write may come out short without an error (a full disk): every caller checks the count.
// A file or name survives a power loss only after `sync` of the file and `syncFolder` of the folder that holds its name.

import fs from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname } from 'node:path'
import { threadPoolSize } from '../lib/thread-pool.ts'
import { SharedSyncs } from './shared-syncs.ts'
import { Slots } from './slots.ts'
import { SpareDescriptor } from './spare-descriptor.ts'

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

export type OpenMode = 'create' | 'existing' | 'reading'

/** For those who may not change anything. */
export type ReadingDisk = Pick<Disk, 'openFor' | 'fileSize' | 'readFile' | 'list'>

export interface Disk {
  /** `create` makes the file when it is missing and never cuts one that exists; `existing` fails with ENOENT, and so does `reading`, which lets nothing be written. */
  open(path: string, how: OpenMode): Promise<DiskFile>
  /** Open for as long as `work` takes; a bounded number of such files are open at a time, however many ask. */
  openFor<T>(path: string, how: OpenMode, work: (file: DiskFile) => Promise<T>): Promise<T>
  /** Fails with ENOENT when there is no such file. */
  fileSize(path: string): Promise<number>
  /** When it was last written to, in ms since 1970. Fails with ENOENT when there is no such file. */
  modifiedMs(path: string): Promise<number>
  /** undefined when there is no such file. */
  readFile(path: string): Promise<Buffer | undefined>
  /** The file holds either what it held or `bytes`, whenever the power fails; `bytes` for good once this resolves. */
  replaceFile(path: string, bytes: Buffer): Promise<void>
  rename(from: string, to: string): Promise<void>
  /** Removes a file; one that is gone already is fine. */
  unlink(path: string): Promise<void>
  /** Makes a folder, and its parents with their names synced; one that exists is fine. */
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
    return syncing.use(() => settled((callback) => fs.fdatasync(this.#descriptor, callback)))
  }

  truncate(size: number): Promise<void> {
    return settled((callback) => fs.ftruncate(this.#descriptor, size, callback))
  }

  close(): Promise<void> {
    return settled((callback) => fs.close(this.#descriptor, callback))
  }
}

function opened(path: string, how: OpenMode): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.open(path, OPEN_FLAGS[how], 0o644, (error, descriptor) => (error === null ? resolve(descriptor) : reject(error)))
  })
}

function settled(start: (callback: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => start((error) => (error === null ? resolve() : reject(error))))
}

/** Nothing was done to the file, then: the process, or the machine, has no descriptor for it. */
export function isOutOfDescriptors(error: unknown): boolean {
  return hasCode(error, 'EMFILE', 'ENFILE') && (error as NodeJS.ErrnoException).syscall === 'open'
}

export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? '')
}

const { O_RDWR, O_CREAT, O_RDONLY } = fs.constants
const OPEN_FLAGS: Readonly<Record<OpenMode, number>> = { create: O_RDWR | O_CREAT, existing: O_RDWR, reading: O_RDONLY }
const IS_WINDOWS = process.platform === 'win32'

/** File descriptors are the process's: what is opened for a moment shares these, whoever asks. */
const briefly = new Slots(64)
const spareDescriptor = new SpareDescriptor()

/** So is the thread pool, and the host's programs look up names and read files with it: syncs, which may take long, leave two of its threads free. */
const syncing = new Slots(Math.max(1, threadPoolSize() - 2))

/** Making a file may take the kernel many milliseconds, in which it does not give up the core: one core is left for the event loop. */
const creating = new Slots(Math.max(1, availableParallelism() - 1))

const inTurn = (how: OpenMode, open: () => Promise<number>): Promise<number> => (how === 'create' ? creating.use(open) : open())

const folderSyncs = new SharedSyncs(async (path) => {
  if (IS_WINDOWS) return // a folder cannot be opened there, and its names need no sync
  await briefly.use(async () => {
    const descriptor = await spareDescriptor.open(path, O_RDONLY, 0)
    try {
      await settled((callback) => fs.fsync(descriptor, callback))
    } finally {
      await settled((callback) => fs.close(descriptor, callback))
      spareDescriptor.keep()
    }
  })
})

export const fileSystem: Disk = {
  async open(path, how) {
    return new FileOnDisk(await inTurn(how, () => opened(path, how)))
  },

  openFor(path, how, work) {
    return briefly.use(async () => {
      const file = new FileOnDisk(await inTurn(how, () => spareDescriptor.open(path, OPEN_FLAGS[how], 0o644)))
      try {
        return await work(file)
      } finally {
        await file.close()
        spareDescriptor.keep()
      }
    })
  },

  async fileSize(path) {
    return (await fs.promises.stat(path)).size
  },

  async modifiedMs(path) {
    return Math.floor((await fs.promises.stat(path)).mtimeMs)
  },

  readFile: (path) => briefly.use(() => absentWhen(readWhole(path), 'ENOENT', 'ENOTDIR')),

  async replaceFile(path, bytes) {
    const temporary = `${path}.tmp`
    await this.openFor(temporary, 'create', async (file) => {
      await file.truncate(0)
      await writeWhole(file, bytes, temporary)
      await file.sync()
    })
    await fs.promises.rename(temporary, path)
    await this.syncFolder(dirname(path))
  },

  rename: (from, to) => fs.promises.rename(from, to),

  async unlink(path) {
    await absentWhen(fs.promises.unlink(path), 'ENOENT')
  },

  /** Not Node's recursive mkdir: where a parent exists and takes no folders without saying so (/proc), that tries for ever. */
  async makeFolder(path) {
    try {
      await makeOneFolder(path)
    } catch (error) {
      const parent = dirname(path)
      if (!hasCode(error, 'ENOENT') || parent === path || (await isFolder(parent))) throw error
      await this.makeFolder(parent)
      await this.syncFolder(dirname(parent))
      await makeOneFolder(path)
    }
  },

  removeEmptyFolder: (path) => fs.promises.rmdir(path),

  list: (path) => absentWhen(fs.promises.readdir(path), 'ENOENT'),

  syncFolder: (path) => folderSyncs.sync(path),

  async freeBytes(path) {
    const stats = await fs.promises.statfs(path)
    return stats.bavail * stats.bsize
  },
}

/** Not by fs.promises, whose file handles cost more than the reading: a start reads a few small files for each partition. */
function readWhole(path: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    fs.readFile(path, (error, bytes) => (error === null ? resolve(bytes) : reject(error)))
  })
}

async function makeOneFolder(path: string): Promise<void> {
  try {
    await creating.use(() => fs.promises.mkdir(path))
  } catch (error) {
    if (hasCode(error, 'ENOENT') || !(await isFolder(path))) throw error
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await absentWhen(fs.promises.stat(path), 'ENOENT', 'ENOTDIR'))?.isDirectory() ?? false
}

async function absentWhen<T>(result: Promise<T>, ...codes: string[]): Promise<T | undefined> {
  try {
    return await result
  } catch (error) {
    if (hasCode(error, ...codes)) return undefined
    throw error
  }
}

/** Writes a small file whole. Not atomic: for files that show by themselves whether they are whole (indexes, snapshots). */
export function overwriteFile(disk: Disk, path: string, bytes: Buffer, durability: 'synced' | 'unsynced'): Promise<void> {
  return disk.openFor(path, 'create', async (file) => {
    await writeWhole(file, bytes, path)
    await file.truncate(bytes.length)
    if (durability === 'synced') await file.sync()
  })
}

async function writeWhole(file: DiskFile, bytes: Buffer, path: string): Promise<void> {
  if (bytes.length === 0) return
  const written = await file.write([bytes], 0)
  if (written === bytes.length) return
  throw Object.assign(new Error(`only ${written} of ${bytes.length} bytes could be written to ${path}`), { code: 'ENOSPC' })
}
