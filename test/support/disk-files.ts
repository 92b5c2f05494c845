// All files of a disk by their paths, and a disk of files: for tests that change some of them.

import { dirname } from 'node:path'
import type { Disk } from '../../src/disk/disk.ts'
import { MemoryDisk } from '../../src/disk/memory-disk.ts'

export type Files = ReadonlyMap<string, Buffer>

export async function filesOf(disk: Disk, folder: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>()
  for (const name of (await disk.list(folder)) ?? []) {
    const path = `${folder}/${name}`
    const bytes = await disk.readFile(path)
    if (bytes !== undefined) files.set(path, bytes)
    else for (const [below, content] of await filesOf(disk, path)) files.set(below, content)
  }
  return files
}

export async function diskOf(files: Files): Promise<MemoryDisk> {
  const disk = new MemoryDisk()
  for (const [path, bytes] of files) {
    await disk.makeFolder(dirname(path))
    await (await disk.open(path, 'create')).write([bytes], 0)
  }
  return disk
}
