// Whatever a repair takes out of a folder is kept beside it, in a file that nothing reads: `<offset>.cut` for a part of a log, as recovery calls it, and
// `<name>.cut` for a whole file. A name that is taken gets a number: no side file is ever overwritten.

import { dirname, join } from 'node:path'
import type { Disk } from '../../disk/disk.ts'

const COPY_BYTES = 1 << 20

export class SideFiles {
  readonly #disk: Disk
  readonly #folder: string
  readonly #names: Set<string>

  constructor(disk: Disk, folder: string, names: Iterable<string>) {
    this.#disk = disk
    this.#folder = folder
    this.#names = new Set(names)
  }

  /** A free name; it is taken from now on. */
  nameFor(name: string): string {
    let free = `${name}.cut`
    for (let number = 1; this.#names.has(free); number++) free = `${name}.${number}.cut`
    this.#names.add(free)
    return free
  }

  /** Synced, its name too. */
  async keepPart(source: string, position: number, size: number, name: string): Promise<void> {
    await this.#disk.openFor(source, 'reading', (file) =>
      this.#disk.openFor(join(this.#folder, name), 'create', async (target) => {
        for (let at = 0; at < size; at += COPY_BYTES) {
          const chunk = Buffer.allocUnsafe(Math.min(COPY_BYTES, size - at))
          const filled = await file.read(chunk, position + at)
          await writeAll(target, chunk.subarray(0, filled), at, name)
        }
        await target.sync()
      }),
    )
    await this.#disk.syncFolder(this.#folder)
  }

  keep(name: string): Promise<void> {
    return this.keepWhole(name, this.nameFor(name))
  }

  async keepWhole(name: string, sideName: string): Promise<void> {
    await this.#disk.rename(join(this.#folder, name), join(this.#folder, sideName))
    await this.#disk.syncFolder(this.#folder)
  }
}

/** Where a write comes out short, as on a full disk, nothing was taken away yet. */
export async function writeAll(
  file: { write(chunks: readonly Buffer[], position: number): Promise<number> },
  bytes: Buffer,
  position: number,
  name: string,
): Promise<void> {
  if (bytes.length === 0) return
  if ((await file.write([bytes], position)) === bytes.length) return
  throw Object.assign(new Error(`there is no room to write ${name}`), { code: 'ENOSPC', path: join(dirname(name), name) })
}
