import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type Disk, fileSystem } from '../../src/disk/disk.ts'
import { MemoryDisk } from '../../src/disk/memory-disk.ts'

const root = mkdtempSync(join(tmpdir(), 'ottla-disk-'))
afterAll(() => rmSync(root, { recursive: true }))

let folderCount = 0

describe.each<[string, Disk]>([
  ['the file system', fileSystem],
  ['the memory disk', new MemoryDisk()],
])('%s', (_, disk) => {
  async function newFolder(): Promise<string> {
    const folder = join(root, `folder-${folderCount++}`)
    await disk.makeFolder(folder)
    return folder
  }

  it('writes several chunks at a position, and reads them back', async () => {
    const file = await disk.open(join(await newFolder(), 'a'), 'create')
    expect(await file.write([Buffer.from('ab'), Buffer.from('cd')], 3)).toBe(4)
    expect(file.writeNow(Buffer.from('X'), 4)).toBe(1)
    const into = Buffer.alloc(10)
    expect(await file.read(into, 0)).toBe(7)
    expect(into.subarray(0, 7).toString('latin1')).toBe('\0\0\0aXcd')
    await file.sync()
    await file.close()
  })

  it('reads as far as a file goes', async () => {
    const file = await disk.open(join(await newFolder(), 'a'), 'create')
    await file.write([Buffer.from('abc')], 0)
    expect(await file.read(Buffer.alloc(2), 1)).toBe(2)
    expect(await file.read(Buffer.alloc(9), 1)).toBe(2)
    expect(await file.read(Buffer.alloc(9), 3)).toBe(0)
    await file.close()
  })

  it('takes writes across the pages of a large file', async () => {
    const file = await disk.open(join(await newFolder(), 'a'), 'create')
    const bytes = Buffer.from(Array.from({ length: 3 << 20 }, (_, index) => index % 251))
    await file.write([bytes.subarray(0, 1_500_000), bytes.subarray(1_500_000)], 700_000)
    const into = Buffer.alloc(bytes.length)
    expect(await file.read(into, 700_000)).toBe(bytes.length)
    expect(into.equals(bytes)).toBe(true)
    await file.close()
  })

  it('shows zeros where a file was cut and made longer again', async () => {
    const path = join(await newFolder(), 'a')
    const file = await disk.open(path, 'create')
    await file.write([Buffer.from('abcdef')], 0)
    await file.truncate(2)
    await file.truncate(4)
    await file.close()
    expect(await disk.readFile(path)).toEqual(Buffer.from('ab\0\0'))
    expect(await disk.fileSize(path)).toBe(4)
  })

  it('opens what exists without touching it, and does not make what must exist', async () => {
    const path = join(await newFolder(), 'a')
    await expect(disk.open(path, 'existing')).rejects.toMatchObject({ code: 'ENOENT' })
    await disk.replaceFile(path, Buffer.from('abc'))
    await (await disk.open(path, 'create')).close()
    expect(String(await disk.readFile(path))).toBe('abc')
  })

  it('replaces a file, and leaves no other behind', async () => {
    const folder = await newFolder()
    await disk.replaceFile(join(folder, 'a'), Buffer.from('one'))
    await disk.replaceFile(join(folder, 'a'), Buffer.from('two'))
    expect(String(await disk.readFile(join(folder, 'a')))).toBe('two')
    expect(await disk.list(folder)).toEqual(['a'])
  })

  it('renames files, and folders with what is in them', async () => {
    const folder = await newFolder()
    await disk.makeFolder(join(folder, 'old'))
    await disk.replaceFile(join(folder, 'old', 'a'), Buffer.from('abc'))
    await disk.rename(join(folder, 'old', 'a'), join(folder, 'old', 'b'))
    await disk.rename(join(folder, 'old'), join(folder, 'new'))
    await disk.syncFolder(folder)
    expect(await disk.list(folder)).toEqual(['new'])
    expect(String(await disk.readFile(join(folder, 'new', 'b')))).toBe('abc')
  })

  it('keeps an open file usable while its folder is renamed', async () => {
    const folder = await newFolder()
    await disk.makeFolder(join(folder, 'old'))
    const file = await disk.open(join(folder, 'old', 'a'), 'create')
    await disk.rename(join(folder, 'old'), join(folder, 'new'))
    await file.write([Buffer.from('abc')], 0)
    await file.close()
    expect(String(await disk.readFile(join(folder, 'new', 'a')))).toBe('abc')
  })

  it('does not mind what is missing, where that is what was wanted', async () => {
    const folder = await newFolder()
    await disk.unlink(join(folder, 'a'))
    expect(await disk.readFile(join(folder, 'a'))).toBeUndefined()
    expect(await disk.list(join(folder, 'none'))).toBeUndefined()
    await disk.makeFolder(folder)
  })

  it('removes folders that are empty', async () => {
    const folder = await newFolder()
    await disk.removeEmptyFolder(folder)
    expect(await disk.list(folder)).toBeUndefined()
  })

  it('knows how much room there is', async () => {
    expect(await disk.freeBytes(await newFolder())).toBeGreaterThan(0)
  })
})

describe('the file system', () => {
  it('makes a folder with its parents, not where a file is', async () => {
    await fileSystem.makeFolder(join(root, 'some', 'where', 'deep'))
    expect(await fileSystem.list(join(root, 'some', 'where'))).toEqual(['deep'])
    await fileSystem.replaceFile(join(root, 'file'), Buffer.from('abc'))
    await expect(fileSystem.makeFolder(join(root, 'file'))).rejects.toThrow('EEXIST')
    await expect(fileSystem.makeFolder(join(root, 'file', 'within'))).rejects.toThrow('ENOTDIR')
  })

  it.runIf(process.platform === 'linux')('gives up where the system takes no folder', async () => {
    await expect(fileSystem.makeFolder('/proc/ottla/data')).rejects.toThrow('ENOENT')
  })

  it('sees no file inside of a file', async () => {
    await fileSystem.replaceFile(join(root, 'plain'), Buffer.from('abc'))
    expect(await fileSystem.readFile(join(root, 'plain', 'partition.metadata'))).toBeUndefined()
  })
})
