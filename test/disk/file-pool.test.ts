import { describe, expect, it } from 'vitest'
import type { Disk, DiskFile } from '../../src/disk/disk.ts'
import { FilePool, type PooledFile } from '../../src/disk/file-pool.ts'
import { MemoryDisk } from '../../src/disk/memory-disk.ts'

/** A pool over a disk that tells which files are open. */
async function poolOf(
  openFilesMax: number,
): Promise<{ pool: FilePool; disk: Disk; open: Set<string>; file: (name: string) => PooledFile }> {
  const disk = new MemoryDisk()
  await disk.makeFolder('/data')
  const open = new Set<string>()
  const openOnDisk = disk.open.bind(disk)
  disk.open = async (path, how) => {
    const file = await openOnDisk(path, how)
    const name = path.slice('/data/'.length)
    if (open.has(name)) throw new Error(`${name} is open already`)
    open.add(name)
    return tracked(file, () => open.delete(name))
  }
  const pool = new FilePool(disk, openFilesMax)
  return { pool, disk, open, file: (name) => pool.file(`/data/${name}`) }
}

function tracked(file: DiskFile, closed: () => void): DiskFile {
  return {
    write: (chunks, position) => file.write(chunks, position),
    writeNow: (chunk, position) => file.writeNow(chunk, position),
    read: (into, position) => file.read(into, position),
    sync: () => file.sync(),
    truncate: (size) => file.truncate(size),
    close: async () => {
      closed()
      await file.close()
    },
  }
}

const BYTES = Buffer.from('abc')

async function writeAndSync(file: PooledFile): Promise<void> {
  await file.write([BYTES], 0)
  await file.sync()
}

describe('a file pool', () => {
  it('opens a file when something is to be done with it', async () => {
    const { open, file } = await poolOf(2)
    const a = file('a')
    expect(open.size).toBe(0)
    expect(a.writeNow(BYTES, 0)).toBeUndefined()
    await a.write([BYTES], 0)
    expect([...open]).toEqual(['a'])
    expect(a.writeNow(BYTES, 3)).toBe(3)
  })

  it('closes the file that was not used for longest, and opens it again', async () => {
    const { open, file } = await poolOf(2)
    const files = ['a', 'b', 'c'].map(file)
    await writeAndSync(files[0]!)
    await writeAndSync(files[1]!)
    await files[0]!.read(Buffer.alloc(1), 0)
    await writeAndSync(files[2]!)
    expect([...open].toSorted()).toEqual(['a', 'c'])
    expect(await files[1]!.read(Buffer.alloc(3), 0)).toBe(3)
    expect([...open].toSorted()).toEqual(['b', 'c'])
  })

  it('opens a file once for all who use it at the same time', async () => {
    const { file } = await poolOf(2)
    const a = file('a')
    await expect(Promise.all([a.write([BYTES], 0), a.write([BYTES], 3), a.write([BYTES], 6)])).resolves.toEqual([3, 3, 3])
  })

  it('lets those wait who need one more while all are in use', async () => {
    const { open, file } = await poolOf(2)
    let mostOpen = 0
    const write = async (name: string): Promise<void> => {
      await file(name).write([BYTES], 0)
      mostOpen = Math.max(mostOpen, open.size)
    }
    await Promise.all(Array.from({ length: 50 }, (_, index) => write(`file ${index}`)))
    expect(mostOpen).toBe(2)
  })

  it('goes on when a file that someone waited for cannot be opened', async () => {
    const { file } = await poolOf(1)
    const missing = Array.from({ length: 5 }, (_, index) => file(`missing ${index}`).read(Buffer.alloc(1), 0))
    const answers = await Promise.allSettled([...missing, file('there').write([BYTES], 0)])
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected', 'rejected', 'rejected', 'fulfilled'])
  })

  it('rather closes a synced file than one with unsynced writes', async () => {
    const { open, file } = await poolOf(2)
    await file('dirty').write([BYTES], 0)
    await writeAndSync(file('synced'))
    await writeAndSync(file('new'))
    expect([...open].toSorted()).toEqual(['dirty', 'new'])
  })

  it('closes the one with unsynced writes that was not used for longest when all have some, until one of them is synced', async () => {
    const { open, file } = await poolOf(3)
    const files = ['a', 'b', 'c', 'd', 'e'].map(file)
    for (const each of files.slice(0, 3)) await each.write([BYTES], 0)
    files[0]!.writeNow(BYTES, 3)
    await files[3]!.write([BYTES], 0)
    expect([...open].toSorted()).toEqual(['a', 'c', 'd'])
    await files[3]!.sync()
    await files[4]!.write([BYTES], 0)
    expect([...open].toSorted()).toEqual(['a', 'c', 'e'])
  })

  it('counts how often it opened a file, and closed one to make room', async () => {
    const { pool, file } = await poolOf(2)
    for (const name of ['a', 'b', 'c', 'd']) await writeAndSync(file(name))
    await pool.close()
    expect(pool.openings).toEqual({ count: 4, evicted: 2 })
  })

  it('closes everything in the end', async () => {
    const { pool, open, file } = await poolOf(9)
    for (const name of ['a', 'b', 'c']) await file(name).write([BYTES], 0)
    await pool.close()
    expect(open.size).toBe(0)
  })

  it('waits for those who use a file before it closes it', async () => {
    const { open, file } = await poolOf(9)
    const a = file('a')
    const writing = a.write([BYTES], 0)
    await a.close()
    expect(await writing).toBe(3)
    expect(open.size).toBe(0)
  })

  it('gives the room of a file that could not be opened to the next who waits', async () => {
    const { file } = await poolOf(1)
    const missing = file('missing').read(Buffer.alloc(1), 0)
    const waiting = writeAndSync(file('a'))
    await expect(missing).rejects.toThrow('ENOENT')
    await waiting
  })

  it('passes on that a file is missing', async () => {
    const { file } = await poolOf(9)
    await expect(file('a').read(Buffer.alloc(1), 0)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
