// Writes a small file whole. Not atomic: for files that show by themselves whether they are whole (indexes, snapshots).

import type { Disk } from './disk.ts'

export async function overwriteFile(disk: Disk, path: string, bytes: Buffer, durability: 'synced' | 'unsynced'): Promise<void> {
  const file = await disk.open(path, 'create')
  try {
    if (bytes.length > 0) {
      const written = await file.write([bytes], 0)
      if (written !== bytes.length) throw outOfSpace(`only ${written} of ${bytes.length} bytes could be written to ${path}`)
    }
    await file.truncate(bytes.length)
    if (durability === 'synced') await file.sync()
  } finally {
    await file.close()
  }
}

function outOfSpace(message: string): Error {
  return Object.assign(new Error(message), { code: 'ENOSPC' })
}
