// The disk in memory: for `storage: 'memory'` and for tests. Everything is durable at once; test/support/fault-disk.ts adds the failures.

import { dirname, sep } from 'node:path'
import type { Disk, DiskFile, OpenMode } from './disk.ts'

const PAGE_SIZE = 1 << 20
const SMALLEST_PAGE_SIZE = 1 << 10

/** The bytes of one file, in pages; only the last page may be shorter than PAGE_SIZE. */
class Content implements DiskFile {
  readonly #now: () => number
  #pages: Buffer[] = []
  #size = 0
  modifiedMs: number

  constructor(now: () => number) {
    this.#now = now
    this.modifiedMs = now()
  }

  write(chunks: readonly Buffer[], position: number): Promise<number> {
    let written = 0
    for (const chunk of chunks) written += this.writeNow(chunk, position + written)
    return Promise.resolve(written)
  }

  writeNow(chunk: Buffer, position: number): number {
    this.#ensure(position + chunk.length)
    let copied = 0
    while (copied < chunk.length) {
      const page = this.#pages[Math.floor((position + copied) / PAGE_SIZE)]!
      copied += chunk.copy(page, (position + copied) % PAGE_SIZE, copied)
    }
    this.#size = Math.max(this.#size, position + chunk.length)
    this.modifiedMs = this.#now()
    return chunk.length
  }

  read(into: Buffer, position: number): Promise<number> {
    const count = Math.max(0, Math.min(into.length, this.#size - position))
    let copied = 0
    while (copied < count) {
      const page = this.#pages[Math.floor((position + copied) / PAGE_SIZE)]!
      const start = (position + copied) % PAGE_SIZE
      copied += page.copy(into, copied, start, start + count - copied)
    }
    return Promise.resolve(count)
  }

  sync(): Promise<void> {
    return Promise.resolve()
  }

  truncate(size: number): Promise<void> {
    this.#ensure(size)
    this.#pages.length = Math.ceil(size / PAGE_SIZE)
    if (size % PAGE_SIZE !== 0) this.#pages.at(-1)?.fill(0, size % PAGE_SIZE) // growing again must show zeros
    this.#size = size
    return Promise.resolve()
  }

  get size(): number {
    return this.#size
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  bytes(): Buffer {
    return Buffer.concat(this.#pages, this.#size)
  }

  #ensure(size: number): void {
    for (let index = Math.max(0, this.#pages.length - 1); index * PAGE_SIZE < size; index++) {
      const page = this.#pages[index]
      const needed = Math.min(PAGE_SIZE, size - index * PAGE_SIZE)
      if (page !== undefined && page.length >= needed) continue
      const grown = Buffer.alloc(Math.min(PAGE_SIZE, Math.max(needed, 2 * (page?.length ?? 0), SMALLEST_PAGE_SIZE)))
      page?.copy(grown)
      this.#pages[index] = grown
    }
  }
}

export class MemoryDisk implements Disk {
  readonly #now: () => number
  readonly #files = new Map<string, Content>()
  readonly #folders = new Set<string>()

  /** `now` is noted as the time of each write. */
  constructor(now: () => number = () => 0) {
    this.#now = now
  }

  open(path: string, how: OpenMode): Promise<DiskFile> {
    let file = this.#files.get(path)
    if (file === undefined) {
      if (how !== 'create' || !this.#folders.has(dirname(path))) return Promise.reject(noSuchEntry(path))
      this.#files.set(path, (file = new Content(this.#now)))
    }
    return Promise.resolve(file)
  }

  async openFor<T>(path: string, how: OpenMode, work: (file: DiskFile) => Promise<T>): Promise<T> {
    return work(await this.open(path, how))
  }

  async fileSize(path: string): Promise<number> {
    const file = this.#files.get(path)
    if (file === undefined) throw noSuchEntry(path)
    return file.size
  }

  async modifiedMs(path: string): Promise<number> {
    const file = this.#files.get(path)
    if (file === undefined) throw noSuchEntry(path)
    return file.modifiedMs
  }

  readFile(path: string): Promise<Buffer | undefined> {
    return Promise.resolve(this.#files.get(path)?.bytes())
  }

  async replaceFile(path: string, bytes: Buffer): Promise<void> {
    if (!this.#folders.has(dirname(path))) throw noSuchEntry(path)
    const file = new Content(this.#now)
    file.writeNow(bytes, 0)
    this.#files.set(path, file)
  }

  async rename(from: string, to: string): Promise<void> {
    const file = this.#files.get(from)
    if (file === undefined) return this.#renameFolder(from, to)
    this.#files.delete(from)
    this.#files.set(to, file)
  }

  unlink(path: string): Promise<void> {
    this.#files.delete(path)
    return Promise.resolve()
  }

  makeFolder(path: string): Promise<void> {
    for (let folder = path; !this.#folders.has(folder) && folder !== dirname(folder); folder = dirname(folder)) this.#folders.add(folder)
    return Promise.resolve()
  }

  async removeEmptyFolder(path: string): Promise<void> {
    if (!this.#folders.delete(path)) throw noSuchEntry(path)
  }

  async list(path: string): Promise<string[] | undefined> {
    if (!this.#folders.has(path)) return undefined
    const within = path.endsWith(sep) ? path : path + sep
    const names = [...this.#files.keys(), ...this.#folders]
      .filter((entry) => entry.startsWith(within))
      .map((entry) => entry.slice(within.length))
    return names.filter((name) => !name.includes(sep))
  }

  syncFolder(): Promise<void> {
    return Promise.resolve()
  }

  freeBytes(): Promise<number> {
    return Promise.resolve(Number.MAX_SAFE_INTEGER)
  }

  #renameFolder(from: string, to: string): void {
    if (!this.#folders.delete(from)) throw noSuchEntry(from)
    this.#folders.add(to)
    const moved = (path: string): string | undefined => (path.startsWith(from + sep) ? to + path.slice(from.length) : undefined)
    for (const [path, file] of this.#files) {
      const target = moved(path)
      if (target === undefined) continue
      this.#files.delete(path)
      this.#files.set(target, file)
    }
    for (const path of this.#folders) {
      const target = moved(path)
      if (target === undefined) continue
      this.#folders.delete(path)
      this.#folders.add(target)
    }
  }
}

function noSuchEntry(path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`ENOENT: no such file or folder: ${path}`), { code: 'ENOENT' })
}
