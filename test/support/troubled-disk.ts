// A disk in the trouble that a test wants, for as long as it wants: each kind of operation on files succeeds, or fails with a code.

import type { Disk, DiskFile, OpenMode } from '../../src/disk/disk.ts'

type Operation = 'open' | 'read' | 'write' | 'sync' | 'truncate' | 'replace'

export class TroubledDisk {
  /** By operation, the code with which it fails. */
  readonly fails = new Map<Operation, string>()
  /** By operation, what it waits for. */
  readonly waits = new Map<Operation, Promise<void>>()
  /** Whose operations fail, or wait. */
  isTroubled: (path: string) => boolean = () => true
  readonly disk: Disk

  constructor(disk: Disk) {
    const open = async (path: string, how: OpenMode): Promise<DiskFile> => {
      this.#check('open', path)
      return this.#file(await disk.open(path, how), path)
    }
    this.disk = {
      open,
      openFor: async (path, how, work) => work(await open(path, how)),
      modifiedMs: (path) => disk.modifiedMs(path),
      fileSize: (path) => disk.fileSize(path),
      readFile: (path) => disk.readFile(path),
      replaceFile: async (path, bytes) => {
        this.#check('replace', path)
        return disk.replaceFile(path, bytes)
      },
      rename: (from, to) => disk.rename(from, to),
      unlink: (path) => disk.unlink(path),
      makeFolder: (path) => disk.makeFolder(path),
      removeEmptyFolder: (path) => disk.removeEmptyFolder(path),
      list: (path) => disk.list(path),
      syncFolder: (path) => disk.syncFolder(path),
      freeBytes: (path) => disk.freeBytes(path),
    }
  }

  #check(operation: Operation, path: string): void {
    const code = this.fails.get(operation)
    if (code !== undefined && this.isTroubled(path)) throw Object.assign(new Error(`${code}: ${operation}`), { code, syscall: operation })
  }

  #file(file: DiskFile, path: string): DiskFile {
    const checked = async <T>(operation: Operation, work: () => Promise<T>): Promise<T> => {
      this.#check(operation, path)
      if (this.isTroubled(path)) await this.waits.get(operation)
      return work()
    }
    return {
      read: (into, position) => checked('read', () => file.read(into, position)),
      write: (chunks, position) => checked('write', () => file.write(chunks, position)),
      writeNow: (chunk, position) => {
        this.#check('write', path)
        return file.writeNow(chunk, position)
      },
      sync: () => checked('sync', () => file.sync()),
      truncate: (size) => checked('truncate', () => file.truncate(size)),
      close: () => file.close(),
    }
  }
}
