import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { findLockHolder, FolderInUse, type Flock, lockFolder } from '../../src/disk/folder-lock.ts'
import type { LockOwner } from '../../src/disk/lock-owner.ts'

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
/** As if another process, which is gone, had left it. */
const leaveLockOf = (changes: Partial<LockOwner>): void =>
  writeFileSync(lockFile(), JSON.stringify({ ...owner(), token: 'other', ...changes }))

/** What the holder says of itself where its pid means another process to us: what is under that pid here has started at another time. */
const changeLock = (changes: Partial<LockOwner>): void => writeFileSync(lockFile(), JSON.stringify({ ...owner(), ...changes }))

const hasSockets = process.platform !== 'win32'
const socketName = (token: string): string => `.lock-${token.slice(0, 8)}.sock`

/** Containers have names of their own; where the kernel has none, only the host's name tells who can be asked. */
const hosts = [['on a host of the same name', hostname()] as const, ['on one of another', 'elsewhere'] as const].slice(
  0,
  process.platform === 'linux' ? 2 : 1,
)

/** As kill -9 leaves it: the file is there, and nobody listens. */
async function leaveDeadSocket(name: string): Promise<void> {
  const server = createServer()
  const draft = join(root, 'draft.sock')
  await new Promise<void>((listening) => server.listen(draft, listening))
  renameSync(draft, join(folder, name))
  await new Promise((closed) => server.close(closed))
}

describe('a data folder', () => {
  it('is locked once, also within one process', async () => {
    const held = await lock()
    await expect(lock()).rejects.toThrow(FolderInUse)
    await held.release()
    await expect(lock()).resolves.toBeDefined()
  })

  it('keeps nothing but the lock and its socket while it is held, and nothing after', async () => {
    const held = await lock()
    expect(readdirSync(folder)).toEqual([...(hasSockets ? [socketName(held.token)] : []), '.lock.1'])
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
    leaveLockOf({ host: 'elsewhere', bootId: 'other' })
    await expect(lock()).rejects.toThrow(/on "elsewhere"\. If that machine or container is gone, remove \.lock\.1 in it/)
  })

  it('is free when the lock file is torn', async () => {
    writeFileSync(join(folder, '.lock.3'), '{"pid": 1')
    await expect(lock()).resolves.toBeDefined()
  })
})

describe.runIf(hasSockets).each([
  ['', ''],
  [' with a path too long for a socket', 'x'.repeat(150)],
])('a data folder%s whose holder has a pid that tells nothing, as in another container', (_, inside) => {
  const links = mkdtempSync(join(root, 'links-'))

  beforeEach(() => {
    vi.stubEnv('TMPDIR', links)
    folder = join(folder, inside)
    mkdirSync(folder, { recursive: true })
  })
  afterEach(() => void vi.unstubAllEnvs())

  it.each(hosts)('stays locked while the holder lives, %s', async (__, host) => {
    const held = await lock()
    changeLock({ startTime: '1', host })
    await expect(lock()).rejects.toThrow(
      `is in use by process ${process.pid} on this machine, in another container ("${host}"). Stop it, or choose another folder with --data.`,
    )
    expect(await findLockHolder(folder)).toEqual({
      pid: process.pid,
      token: held.token,
      hasOurPids: false,
      where: `on this machine, in another container ("${host}")`,
    })
    expect(readdirSync(folder)).toEqual([socketName(held.token), '.lock.1'])
  })

  it('goes to nobody of many who ask while the holder lives', async () => {
    await lock()
    changeLock({ startTime: '1' })
    const answers = await Promise.allSettled(Array.from({ length: 10 }, lock))
    expect(answers.filter(({ status }) => status === 'fulfilled')).toEqual([])
    expect(await findLockHolder(folder)).toBeDefined()
  })

  it.each(hosts)('is free when nobody listens any more, %s, and what the dead left is gone', async (__, host) => {
    await lock()
    leaveLockOf({ startTime: '1', host, token: 'deadbeef-1' })
    await leaveDeadSocket('.lock-deadbeef.sock')
    await leaveDeadSocket('.lock-0badcafe.sock') // of one that died before it had the lock
    expect(await findLockHolder(folder)).toBeUndefined()
    const { token } = await lock()
    expect(readdirSync(folder).filter((name) => !name.startsWith('.lock.'))).toEqual(
      expect.not.arrayContaining(['.lock-deadbeef.sock', '.lock-0badcafe.sock']),
    )
    expect(owner().token).toBe(token)
  })

  it('is free when the holder has stopped', async () => {
    const held = await lock()
    await held.release()
    expect(readdirSync(folder)).toEqual([])
    await expect(lock()).resolves.toBeDefined()
  })

  it('stays locked where the socket would not lead to a holder that lives, as when another machine or mount has the same files', async () => {
    await lock()
    leaveLockOf({ startTime: '1', host: 'elsewhere', socketDevice: owner().socketDevice! + 1, token: 'deadbeef-1' })
    await leaveDeadSocket('.lock-deadbeef.sock')
    await expect(lock()).rejects.toThrow('on "elsewhere"')
  })

  it('is free when the socket is not there, as in a copy of the folder', async () => {
    await lock()
    changeLock({ startTime: '1' })
    rmSync(join(folder, socketName(owner().token)))
    await expect(lock()).resolves.toBeDefined()
  })
})

describe.runIf(hasSockets)('the socket of a lock', () => {
  it('keeps no process from ending', async () => {
    const before = process.getActiveResourcesInfo().filter((name) => name.startsWith('Pipe'))
    await lock()
    await new Promise(setImmediate)
    expect(process.getActiveResourcesInfo().filter((name) => name.startsWith('Pipe'))).toEqual(before)
  })

  it('belongs to one who lives where there is no way to ask', async () => {
    folder = join(folder, 'x'.repeat(150))
    mkdirSync(folder)
    await lock()
    leaveLockOf({ startTime: '1', token: 'deadbeef-1' })
    vi.stubEnv('TMPDIR', join(root, 'missing'))
    await expect(lock()).rejects.toThrow(FolderInUse)
    vi.unstubAllEnvs()
    await expect(lock()).resolves.toBeDefined()
  })

  it('is done without where the file system has none', async () => {
    folder = join(folder, 'x'.repeat(150))
    mkdirSync(folder)
    vi.stubEnv('TMPDIR', join(root, 'missing'))
    const held = await lock()
    expect(owner().socketDevice).toBeUndefined()
    expect(readdirSync(folder)).toEqual(['.lock.1'])
    await expect(lock()).rejects.toThrow(FolderInUse)
    await held.release()
    vi.unstubAllEnvs()
    expect(readdirSync(folder)).toEqual([])
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
    leaveLockOf({ host: 'elsewhere', bootId: 'other', hasFlock: true })
    await expect(lockFolder(folder, { loadFlock: async () => flockOf(true) })).resolves.toBeDefined()
  })

  it('is not free when its holder had no flock, and may live', async () => {
    await lockFolder(folder, { loadFlock: withoutFlock })
    await expect(lockFolder(folder, { loadFlock: async () => flockOf(true) })).rejects.toThrow(FolderInUse)
  })
})
