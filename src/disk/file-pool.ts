// Files opened on use and closed, least recently used first, beyond a limit: 10,000 partitions work where 1,024 files may be open.
// A file in use is never closed, and one with unsynced writes only when all are so (Linux tells a failed write-back to the files that were open
// then, and to the next that opens it). The same makes room when the process has no descriptor left. Whoever needs one more while all are in use waits; nobody may wait for a second while using a first.

import { type Disk, type DiskFile, isOutOfDescriptors } from './disk.ts'

export class FilePool {
  readonly #disk: Disk
  readonly #openFilesMax: number
  readonly #clean = new Set<PooledFile>() // open and without unsynced writes, least recently used first
  readonly #dirty = new Set<PooledFile>() // open and with such: apart, since there may be thousands before the first that is not
  readonly #waitingForRoom: (() => void)[] = []
  readonly #side: PoolSide // one for all: there are tens of thousands of files
  #openingCount = 0
  #openedCount = 0
  #evictedCount = 0

  constructor(disk: Disk, openFilesMax: number) {
    this.#disk = disk
    this.#openFilesMax = openFilesMax
    this.#side = {
      open: (file, how) => this.#open(file, how),
      rename: (from, to) => disk.rename(from, to),
      used: (file) => {
        this.#forget(file)
        if (file.isDirty) this.#dirty.add(file)
        else this.#clean.add(file)
      },
      idle: () => this.#waitingForRoom.shift()?.(),
      closed: (file) => {
        this.#forget(file)
        this.#waitingForRoom.shift()?.()
      },
    }
  }

  get openCount(): number {
    return this.#clean.size + this.#dirty.size
  }

  /** Since the start; `evicted` of them were closed to make room for others. */
  get openings(): { readonly count: number; readonly evicted: number } {
    return { count: this.#openedCount, evicted: this.#evictedCount }
  }

  /** Nothing is opened yet. One object per path: two would not see each other's unsynced writes. */
  file(path: string): PooledFile {
    return new PooledFile(path, this.#side)
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clean, ...this.#dirty].map((file) => file.close()))
  }

  async #open({ path }: PooledFile, how: 'create' | 'existing'): Promise<DiskFile> {
    while (this.openCount + this.#openingCount >= this.#openFilesMax) {
      if (!this.#closeOne()) await new Promise<void>((resolve) => this.#waitingForRoom.push(resolve))
    }
    this.#openingCount++
    try {
      const file = await this.#openInPlaceOfOthers(path, how)
      this.#openedCount++
      return file
    } finally {
      this.#openingCount--
    }
  }

  /** Descriptors are the process's: others may have taken so many that the limit of the pool is too high. */
  async #openInPlaceOfOthers(path: string, how: 'create' | 'existing'): Promise<DiskFile> {
    for (;;) {
      try {
        return await this.#disk.open(path, how)
      } catch (error) {
        const idle = isOutOfDescriptors(error) ? this.#findIdle() : undefined
        if (idle === undefined) throw error
        this.#evictedCount++
        await idle.close()
      }
    }
  }

  #closeOne(): boolean {
    const isClosed = this.#findIdle()?.release() ?? false
    if (isClosed) this.#evictedCount++
    return isClosed
  }

  /** One without unsynced writes, if there is one. */
  #findIdle(): PooledFile | undefined {
    return firstIdle(this.#clean) ?? firstIdle(this.#dirty)
  }

  #forget(file: PooledFile): void {
    if (!this.#clean.delete(file)) this.#dirty.delete(file)
  }
}

function firstIdle(files: Iterable<PooledFile>): PooledFile | undefined {
  for (const file of files) if (!file.isInUse) return file
  return undefined
}

interface PoolSide {
  open(file: PooledFile, how: 'create' | 'existing'): Promise<DiskFile>
  rename(from: string, to: string): Promise<void>
  used(file: PooledFile): void
  idle(): void
  closed(file: PooledFile): void
}

/** A file by its path, opened when something is to be done with it. */
export class PooledFile {
  #path: string
  readonly #pool: PoolSide
  #file: DiskFile | undefined
  #opening: Promise<DiskFile> | undefined
  #releasing: Promise<void> | undefined
  #userCount = 0
  #waitingForIdle: (() => void)[] | undefined
  #unsyncedWriteCount = 0

  constructor(path: string, pool: PoolSide) {
    this.#path = path
    this.#pool = pool
  }

  get path(): string {
    return this.#path
  }

  get isInUse(): boolean {
    return this.#userCount > 0
  }

  get isDirty(): boolean {
    return this.#unsyncedWriteCount > 0
  }

  /** Makes the file when it is missing. The count may come out short. */
  write(chunks: readonly Buffer[], position: number): Promise<number> {
    this.#unsyncedWriteCount++
    return this.#use('create', (file) => file.write(chunks, position))
  }

  /** undefined when the file is not open: then only `write` will do. */
  writeNow(chunk: Buffer, position: number): number | undefined {
    if (this.#file === undefined) return undefined
    this.#unsyncedWriteCount++
    this.#pool.used(this)
    return this.#file.writeNow(chunk, position)
  }

  read(into: Buffer, position: number): Promise<number> {
    return this.#use('existing', (file) => file.read(into, position))
  }

  sync(): Promise<void> {
    return this.#use('existing', async (file) => {
      const count = this.#unsyncedWriteCount
      await file.sync()
      this.#unsyncedWriteCount -= count
      this.#pool.used(this)
    })
  }

  truncate(size: number): Promise<void> {
    this.#unsyncedWriteCount++
    return this.#use('existing', (file) => file.truncate(size))
  }

  /** Who reads it goes on in the same file, whatever gets its old name: it is open while that changes. */
  rename(path: string): Promise<void> {
    return this.#use('existing', async () => {
      await this.#pool.rename(this.#path, path)
      this.#path = path
    })
  }

  /** Once nobody uses it. It opens again when it is used again. */
  async close(): Promise<void> {
    while (this.#userCount > 0) await new Promise<void>((resolve) => (this.#waitingForIdle ??= []).push(resolve))
    this.release()
    await this.#releasing
  }

  /** Closes it in the background, only while nobody uses it; whether it was open. */
  release(): boolean {
    const file = this.#file
    if (file === undefined) return false
    this.#file = undefined
    this.#pool.closed(this)
    this.#releasing = file.close().catch(() => undefined) // whether its data is safe is what sync tells, not close
    return true
  }

  async #use<T>(how: 'create' | 'existing', work: (file: DiskFile) => Promise<T>): Promise<T> {
    this.#userCount++
    try {
      const file = this.#file ?? (await this.#open(how))
      this.#pool.used(this)
      return await work(file)
    } finally {
      this.#userCount--
      if (this.#userCount === 0) this.#becameIdle()
    }
  }

  #becameIdle(): void {
    const waiting = this.#waitingForIdle
    this.#waitingForIdle = undefined
    if (waiting !== undefined) for (const resolve of waiting) resolve()
    this.#pool.idle()
  }

  #open(how: 'create' | 'existing'): Promise<DiskFile> {
    this.#opening ??= this.#pool.open(this, how).then(
      (file) => {
        this.#opening = undefined
        this.#pool.used(this)
        return (this.#file = file)
      },
      (error: unknown) => {
        this.#opening = undefined
        throw error
      },
    )
    return this.#opening
  }
}
