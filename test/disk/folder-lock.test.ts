import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { FolderInUse, type Flock, lockFolder, type LockOwner } from '../../src/disk/folder-lock.ts'

const root = mkdtempSync(join(tmpdir(), 'ottla-lock-'))
afterAll(() => rmSync(root, { recursive: true }))

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(root, 'data-'))
})

const withoutFlock = async (): Promise<undefined> => undefined
const lock = (): ReturnType<typeof lockFolder> => lockFolder(folder, { loadFlock: withoutFlock })
const lockFile = (): string =>
  join(
    folder,
    readdirSync(folder).find((name) => name.startsWith('.lock.'))!,
  )
const owner = (): LockOwner => JSON.parse(readFileSync(lockFile(), 'utf8')) as LockOwner
const leaveLockOf = (changes: Partial<LockOwner>): void =>
  writeFileSync(lockFile(), JSON.stringify({ ...owner(), token: 'other', ...changes }))

describe('a data folder', () => {
  it('is locked once, also within one process', async () => {
    const held = await lock()
    await expect(lock()).rejects.toThrow(FolderInUse)
    await held.release()
    await expect(lock()).resolves.toBeDefined()
  })

  it('keeps nothing but the lock while it is held, and nothing after', async () => {
    const held = await lock()
    expect(readdirSync(folder)).toEqual(['.lock.1'])
    await held.release()
    expect(readdirSync(folder)).toEqual([])
  })

  it('names who has it, and says what to do', async () => {
    await lock()
    await expect(lock()).rejects.toThrow(
      `is in use by process ${process.pid} on this machine. Stop it, or choose another folder with --data.`,
    )
  })

  it('goes to one of many who ask at the same time', async () => {
    const answers = await Promise.allSettled(Array.from({ length: 10 }, lock))
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('goes to one of many who find a stale lock', async () => {
    await lock()
    leaveLockOf({ startTime: '1' })
    const answers = await Promise.allSettled(Array.from({ length: 10 }, lock))
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it.each<[string, Partial<LockOwner>]>([
    ['whose pid belongs to another process now, as pid 1 does in a container that was started again', { startTime: '1' }],
    ['that is gone', { pid: 2 ** 22 + 1 }],
    ['that ran before the machine was started again', { bootId: 'earlier' }],
  ])('is free again after a process %s', async (_, changes) => {
    await lock()
    leaveLockOf(changes)
    await expect(lock()).resolves.toBeDefined()
    expect(owner().pid).toBe(process.pid)
  })

  it('stays locked by a process of another machine, which cannot be asked', async () => {
    await lock()
    leaveLockOf({ host: 'elsewhere', startTime: '1' })
    await expect(lock()).rejects.toThrow(/on "elsewhere"\. If that machine or container is gone, remove \.lock\.1 in it/)
  })

  it('is free when the lock file is torn', async () => {
    writeFileSync(join(folder, '.lock.3'), '{"pid": 1')
    await expect(lock()).resolves.toBeDefined()
  })
})

describe('a data folder where flock is there', () => {
  const flockOf =
    (isFree: boolean): Flock =>
    (_, __, callback) =>
      callback(isFree ? null : Object.assign(new Error('EAGAIN'), { code: 'EAGAIN' }))

  it('is in use when the kernel says so', async () => {
    await expect(lockFolder(folder, { loadFlock: async () => flockOf(false) })).rejects.toThrow(FolderInUse)
  })

  it('is free when its last holder had the flock too, wherever that ran', async () => {
    await lockFolder(folder, { loadFlock: async () => flockOf(true) })
    leaveLockOf({ host: 'elsewhere', hasFlock: true })
    await expect(lockFolder(folder, { loadFlock: async () => flockOf(true) })).resolves.toBeDefined()
  })

  it('is not free when its holder had no flock, and may live', async () => {
    await lockFolder(folder, { loadFlock: withoutFlock })
    await expect(lockFolder(folder, { loadFlock: async () => flockOf(true) })).rejects.toThrow(FolderInUse)
  })
})
