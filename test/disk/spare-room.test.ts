// The little room that small files have of their own.

import { beforeEach, describe, expect, it } from 'vitest'
import type { Disk } from '../../src/disk/disk.ts'
import { MemoryDisk } from '../../src/disk/memory-disk.ts'
import { withSpareRoom } from '../../src/disk/spare-room.ts'

const SPARE = '/data/spare'
const FILE = '/data/checkpoint'

let memory: MemoryDisk
let room: number // in bytes, beside the spare room
let disk: Disk

/** Replaces files as long as there is room, which the spare file takes as well. */
function smallDisk(): Disk {
  const full = (): Error => Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
  const spareSize = async (): Promise<number> => (await memory.readFile(SPARE))?.length ?? 0
  const untouched = { open: memory.open.bind(memory), list: memory.list.bind(memory), readFile: memory.readFile.bind(memory) }
  const rest = { openFor: memory.openFor.bind(memory), fileSize: memory.fileSize.bind(memory), rename: memory.rename.bind(memory) }
  return {
    ...untouched,
    ...rest,
    modifiedMs: memory.modifiedMs.bind(memory),
    makeFolder: memory.makeFolder.bind(memory),
    removeEmptyFolder: memory.removeEmptyFolder.bind(memory),
    syncFolder: memory.syncFolder.bind(memory),
    freeBytes: memory.freeBytes.bind(memory),
    unlink: async (path) => {
      if (path === SPARE) room += await spareSize()
      return memory.unlink(path)
    },
    replaceFile: async (path, bytes) => {
      if (bytes.length > room) throw full()
      return memory.replaceFile(path, bytes)
    },
  }
}

beforeEach(async () => {
  memory = new MemoryDisk()
  await memory.makeFolder('/data')
  room = 100
  disk = withSpareRoom(smallDisk(), SPARE)
})

describe('a disk with spare room', () => {
  it('keeps it from the first small file on, and replaces one when there is no other room', async () => {
    await disk.replaceFile(FILE, Buffer.from('first'))
    expect((await memory.readFile(SPARE))?.length).toBe(512 << 10)
    room = 0
    await disk.replaceFile(FILE, Buffer.from('second'))
    expect(String(await memory.readFile(FILE))).toBe('second')
    expect(await memory.readFile(SPARE)).toBeUndefined()
  })

  it('makes it again when something could be replaced without it', async () => {
    await disk.replaceFile(FILE, Buffer.from('first'))
    room = 0
    await disk.replaceFile(FILE, Buffer.from('second'))
    await disk.replaceFile(FILE, Buffer.from('third'))
    expect((await memory.readFile(SPARE))?.length).toBe(512 << 10)
  })

  it('uses what an earlier run left', async () => {
    await disk.replaceFile(FILE, Buffer.from('first'))
    room = 0
    await withSpareRoom(smallDisk(), SPARE).replaceFile(FILE, Buffer.from('second'))
    expect(String(await memory.readFile(FILE))).toBe('second')
  })

  it('fails when that is not enough, and for other reasons at once', async () => {
    await expect(disk.replaceFile(FILE, Buffer.alloc(101))).rejects.toThrow('ENOSPC')
    await disk.replaceFile(FILE, Buffer.from('first'))
    await expect(disk.replaceFile('/elsewhere/checkpoint', Buffer.from('first'))).rejects.toThrow('ENOENT')
    expect((await memory.readFile(SPARE))?.length).toBe(512 << 10)
  })
})
