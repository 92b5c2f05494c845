// A disk that fails on command and tells what a power loss would leave. Every operation that changes something is a step; at a chosen step it
// fails, comes out short, or is the last thing that ever happens. Until a file (a folder) is synced, what was written to it (named in it)
// may be on disk or not, each operation by itself, each page of a write, and a page also in part: `afterPowerLoss` asks `survives` about each.
// Changes and syncs are numbered as they happen: the power may also be cut, or the process killed, at any such `position` of the past.

import { dirname } from 'node:path'
import type { Disk, DiskFile, OpenMode } from '../../src/disk/disk.ts'
import { MemoryDisk } from '../../src/disk/memory-disk.ts'

export interface Fault {
  /** Counted from 0. */
  readonly step: number
  readonly kind: 'error' | 'short write' | 'stop'
  /** Of an error; EIO unless given. */
  readonly code?: string
  /** The steps after it that fail as well. */
  readonly repeat?: number
  /** Which operations count for an error or a short write; all unless given. */
  readonly only?: Operation
}

const PAGE_SIZE = 4096
const SYNC_TURNS = 30 // a sync takes longer than a write: several go on meanwhile

type Operation = 'write' | 'sync' | 'truncate' | 'create' | 'replace' | 'rename' | 'unlink' | 'make folder' | 'sync folder'

/** How much of an operation that was not synced is on disk: all, nothing, or for a write the first so many bytes. */
export type Survival = (operation: Operation) => 'all' | 'nothing' | number

interface Change {
  readonly operation: Operation
  /** What must be synced for it to be safe: a file's id, or a folder's path. */
  readonly safeWith: number | string
  /** The positions at which it was made, and synced. */
  readonly at: number
  safeAt: number
  /** Applies it to the disk that a power loss leaves. */
  apply(image: Image, survivingBytes: number): void
}

interface Image {
  readonly contents: Map<number, Buffer>
  readonly names: Map<string, number>
  readonly folders: Set<string>
}

export class FaultDisk implements Disk {
  readonly #live: Disk
  readonly #changes: Change[] = []
  readonly #ids = new Map<string, number>()
  readonly #fault: Fault | undefined
  #nextId = 0
  #position = 0
  #matched = 0
  #isStopped = false
  #stop!: () => void
  /** Resolves when a 'stop' fault was met: nothing the process awaits from then on ever happens. */
  readonly stopped = new Promise<void>((resolve) => (this.#stop = resolve))
  /** Whether the fault was met. */
  hasFailed = false

  constructor(fault?: Fault, live: Disk = new MemoryDisk()) {
    this.#fault = fault
    this.#live = live
  }

  /** Goes on from what is under `root` on another disk, all of it safe. */
  static async onto(disk: Disk, root: string, fault?: Fault): Promise<FaultDisk> {
    const faulty = new FaultDisk(fault, disk)
    await faulty.#adopt(root)
    for (const change of faulty.#changes) change.safeAt = faulty.#position
    return faulty
  }

  /** How many changes and syncs there were. */
  get position(): number {
    return this.#position
  }

  /** What the next process finds when this one was killed: everything, but nothing safer than it was. */
  afterKill(): FaultDisk {
    const disk = new FaultDisk(undefined, this.#live)
    for (const change of this.#changes) disk.#changes.push({ ...change })
    for (const [path, id] of this.#ids) disk.#ids.set(path, id)
    disk.#nextId = this.#nextId
    disk.#position = this.#position
    return disk
  }

  /** The same, had it been killed at `position`. */
  async afterKillAt(position: number, roots: readonly string[]): Promise<FaultDisk> {
    const disk = new FaultDisk(undefined, await this.afterPowerLoss(() => 'all', roots, position))
    for (const change of this.#changes)
      if (change.at <= position) disk.#changes.push({ ...change, safeAt: change.safeAt <= position ? change.safeAt : Infinity })
    const { names } = this.#imageOf(() => 'all', roots, position)
    for (const [path, id] of names) disk.#ids.set(path, id)
    disk.#nextId = this.#nextId
    disk.#position = position
    return disk
  }

  get isStopped(): boolean {
    return this.#isStopped
  }

  async open(path: string, how: OpenMode): Promise<DiskFile> {
    const isNew = how === 'create' && !this.#ids.has(path)
    if (isNew) await this.#step('create')
    const file = await this.#live.open(path, how)
    const id = this.#idOf(path)
    if (isNew) this.#note('create', dirname(path), (image) => image.names.set(path, id))
    return this.#file(file, id)
  }

  async openFor<T>(path: string, how: OpenMode, work: (file: DiskFile) => Promise<T>): Promise<T> {
    return work(await this.open(path, how))
  }

  fileSize(path: string): Promise<number> {
    return this.#live.fileSize(path)
  }

  modifiedMs(path: string): Promise<number> {
    return this.#live.modifiedMs(path)
  }

  readFile(path: string): Promise<Buffer | undefined> {
    return this.#live.readFile(path)
  }

  async replaceFile(path: string, bytes: Buffer): Promise<void> {
    const id = this.#nextId++
    const change = this.#note('replace', dirname(path), (image) => {
      image.contents.set(id, Buffer.from(bytes))
      image.names.set(path, id)
    })
    await this.#step('replace')
    await this.#live.replaceFile(path, bytes)
    this.#ids.set(path, id)
    change.safeAt = ++this.#position
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#step('rename')
    await this.#live.rename(from, to)
    const moved = [...this.#ids].filter(([path]) => path === from || path.startsWith(`${from}/`))
    for (const [path, id] of moved) {
      this.#ids.delete(path)
      this.#ids.set(to + path.slice(from.length), id)
    }
    this.#note('rename', dirname(from), (image) => renameIn(image, from, to))
  }

  async unlink(path: string): Promise<void> {
    await this.#step('unlink')
    await this.#live.unlink(path)
    this.#ids.delete(path)
    this.#note('unlink', dirname(path), (image) => image.names.delete(path))
  }

  async makeFolder(path: string): Promise<void> {
    await this.#step('make folder')
    await this.#live.makeFolder(path)
    this.#note('make folder', dirname(path), (image) => image.folders.add(path))
  }

  async removeEmptyFolder(path: string): Promise<void> {
    await this.#step('unlink')
    await this.#live.removeEmptyFolder(path)
    this.#note('unlink', dirname(path), (image) => image.folders.delete(path))
  }

  list(path: string): Promise<string[] | undefined> {
    return this.#live.list(path)
  }

  async syncFolder(path: string): Promise<void> {
    const before = this.#changes.length
    await this.#step('sync folder')
    this.#position++
    for (const change of this.#changes.slice(0, before))
      if (change.safeWith === path) change.safeAt = Math.min(change.safeAt, this.#position)
  }

  freeBytes(path: string): Promise<number> {
    return this.#live.freeBytes(path)
  }

  /** The disk that the next process finds, when the power failed now or at an earlier position. Folders in `roots` have always been there. */
  async afterPowerLoss(survives: Survival, roots: readonly string[], position = this.#position): Promise<MemoryDisk> {
    const image = this.#imageOf(survives, roots, position)
    const disk = new MemoryDisk()
    for (const folder of image.folders) if (isReachable(image, folder)) await disk.makeFolder(folder)
    for (const [path, id] of image.names) {
      if (!isReachable(image, dirname(path))) continue
      await (await disk.open(path, 'create')).write([image.contents.get(id) ?? Buffer.alloc(0)], 0)
    }
    return disk
  }

  #imageOf(survives: Survival, roots: readonly string[], position: number): Image {
    const image: Image = { contents: new Map(), names: new Map(), folders: new Set(roots) }
    for (const change of this.#changes) {
      if (change.at > position) break
      const survival = change.safeAt <= position ? 'all' : survives(change.operation)
      if (survival !== 'nothing') change.apply(image, survival === 'all' ? Number.POSITIVE_INFINITY : survival)
    }
    return image
  }

  async #adopt(folder: string): Promise<void> {
    this.#note('make folder', dirname(folder), (image) => image.folders.add(folder))
    for (const name of (await this.#live.list(folder)) ?? []) {
      const path = `${folder}/${name}`
      const bytes = await this.#live.readFile(path)
      if (bytes === undefined) {
        await this.#adopt(path)
        continue
      }
      const id = this.#idOf(path)
      this.#note('create', folder, (image) => image.names.set(path, id))
      this.#note('write', id, (image) => image.contents.set(id, bytes))
    }
  }

  #file(file: DiskFile, id: number): DiskFile {
    const written = (chunks: readonly Buffer[], position: number): void => {
      const bytes = Buffer.concat(chunks)
      for (let start = 0; start < bytes.length;) {
        const from = start
        const page = bytes.subarray(from, (start += PAGE_SIZE - ((position + from) % PAGE_SIZE)))
        this.#note('write', id, (image, survivingBytes) => writeIn(image, id, page.subarray(0, survivingBytes), position + from))
      }
    }
    return {
      write: async (chunks, position) => {
        const isShort = await this.#step('write')
        const given = isShort ? [Buffer.concat(chunks).subarray(0, chunks.reduce((sum, { length }) => sum + length, 0) >> 1)] : chunks
        written(given, position)
        return file.write(given, position)
      },
      writeNow: (chunk, position) => {
        const fault = this.#nextFault('write')
        if (fault === 'error' || fault === 'stop') throw this.#error('write')
        const given = fault === 'short write' ? chunk.subarray(0, chunk.length >> 1) : chunk
        written([given], position)
        return file.writeNow(given, position)
      },
      read: (into, position) => file.read(into, position),
      sync: async () => {
        const before = this.#changes.length
        await this.#step('sync')
        this.#position++
        for (const change of this.#changes.slice(0, before))
          if (change.safeWith === id) change.safeAt = Math.min(change.safeAt, this.#position)
      },
      truncate: async (size) => {
        await this.#step('truncate')
        this.#note('truncate', id, (image) => image.contents.set(id, Buffer.concat([image.contents.get(id) ?? Buffer.alloc(0)], size)))
        await file.truncate(size)
      },
      close: () => file.close(),
    }
  }

  #idOf(path: string): number {
    const known = this.#ids.get(path)
    if (known !== undefined) return known
    this.#ids.set(path, this.#nextId)
    return this.#nextId++
  }

  #note(operation: Operation, safeWith: number | string, apply: Change['apply']): Change {
    const change = { operation, safeWith, at: ++this.#position, safeAt: Infinity, apply }
    this.#changes.push(change)
    return change
  }

  /** Whether the write is to come out short. Throws when the step fails; never resolves once stopped. */
  async #step(operation: Operation): Promise<boolean> {
    const fault = this.#nextFault(operation)
    if (fault === 'stop') return new Promise(() => undefined)
    if (fault === 'error' || (fault === 'short write' && operation !== 'write')) throw this.#error(operation)
    for (let turn = 0; turn < (operation === 'sync' ? SYNC_TURNS : 1); turn++) await Promise.resolve()
    if (this.#isStopped) return new Promise(() => undefined) // it had begun, and did not get to its end
    return fault === 'short write'
  }

  #nextFault(operation: Operation): Fault['kind'] | undefined {
    if (this.#isStopped) return 'stop'
    const fault = this.#fault
    if (fault === undefined || (fault.only !== undefined && fault.only !== operation)) return undefined
    const index = this.#matched++ - fault.step
    if (index < 0 || index > (fault.repeat ?? 0)) return undefined
    this.hasFailed = true
    if (fault.kind === 'stop') {
      this.#isStopped = true
      this.#stop()
    }
    return fault.kind
  }

  #error(operation: Operation): Error {
    const code = this.#fault?.code ?? (this.#fault?.kind === 'short write' ? 'ENOSPC' : 'EIO')
    return Object.assign(new Error(`${code}: as the test wants it`), { code, syscall: operation === 'create' ? 'open' : operation })
  }
}

function writeIn(image: Image, id: number, bytes: Buffer, position: number): void {
  const before = image.contents.get(id) ?? Buffer.alloc(0)
  const after = Buffer.alloc(Math.max(before.length, position + bytes.length))
  before.copy(after)
  bytes.copy(after, position)
  image.contents.set(id, after)
}

function renameIn(image: Image, from: string, to: string): void {
  const target = (path: string): string | undefined =>
    path === from || path.startsWith(`${from}/`) ? to + path.slice(from.length) : undefined
  for (const [path, id] of image.names) {
    const moved = target(path)
    if (moved === undefined) continue
    image.names.delete(path)
    image.names.set(moved, id)
  }
  for (const path of image.folders) {
    const moved = target(path)
    if (moved === undefined) continue
    image.folders.delete(path)
    image.folders.add(moved)
  }
}

function isReachable(image: Image, folder: string): boolean {
  return folder === dirname(folder) || (image.folders.has(folder) && isReachable(image, dirname(folder)))
}
