// Keeps a second broker out of a data folder: `.lock.<n>` names the process that holds it, by pid, start time, boot, host and a random token.
// It is stale only when that very process is gone (lock-owner.ts), which its socket tells where its pid does not (lock-socket.ts). A stale lock is never
// taken away but followed by `.lock.<n + 1>`, which only one can make. A process of another host cannot be looked at, so its lock stands until someone
// removes the file; unless both have the optional package fs-ext, whose flock on `.flock` ends with the process, wherever it runs.

import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import { basename, join } from 'node:path'
import { hasCode } from './disk.ts'
import { identifyThisProcess, locate, type LockOwner, type Seeker, type Whereabouts } from './lock-owner.ts'
import { openLockSocket, removeDeadSockets } from './lock-socket.ts'

export interface FolderLock {
  /** Random, and new each time. */
  readonly token: string
  /** False once the folder, or the lock in it, was removed or replaced: another process may use it then. */
  isHeld(): Promise<boolean>
  release(): Promise<void>
}

export interface LockHolder {
  readonly pid: number
  readonly token: string
  /** Its pid means it here, too. */
  readonly hasOurPids: boolean
  /** As in "process 1 <where>". */
  readonly where: string
}

/** Another process uses the folder. The message says which, and what to do. */
export class FolderInUse extends Error {
  override name = 'FolderInUse'
}

/** What fs-ext offers; undefined when it is not installed. */
export type Flock = (descriptor: number, flags: 'exnb' | 'un', callback: (error: Error | null) => void) => void

/** Rejects with FolderInUse. */
export async function lockFolder(folder: string, { loadFlock = loadFsExt } = {}): Promise<FolderLock> {
  const { dev: device } = await fs.promises.stat(folder)
  const flock = await loadFlock()
  const kernelLock = flock && (await takeKernelLock(join(folder, '.flock'), folder, flock))
  const token = randomUUID()
  const socket = await openLockSocket(folder, token) // before the lock names it: who finds the lock may ask at once
  const letGo = async (): Promise<void> => {
    await socket?.close()
    await kernelLock?.release()
  }
  try {
    const hasFlock = kernelLock !== undefined
    const owner: LockOwner = { ...identifyThisProcess(), token, hasFlock, socketDevice: socket && device }
    const path = await takeLockFile(folder, owner, { ...owner, device })
    return {
      token,
      isHeld: async () => (await readOwner(path))?.token === token,
      async release() {
        await fs.promises.rm(path, { force: true })
        await letGo()
      },
    }
  } catch (error) {
    await letGo()
    throw error
  }
}

/** Whose lock is on the folder; undefined when nobody's is. Changes nothing. Rejects with ENOENT when there is no folder. */
export async function findLockHolder(folder: string): Promise<LockHolder | undefined> {
  const { dev: device } = await fs.promises.stat(folder)
  const found = await findHolder(
    await readLockFiles(folder, await fs.promises.readdir(folder)),
    { ...identifyThisProcess(), hasFlock: false, device },
    folder,
  )
  if (found === undefined) return undefined
  const { owner, whereabouts } = found
  return { pid: owner.pid, token: owner.token, hasOurPids: whereabouts === 'here', where: whereIs(owner, whereabouts) }
}

async function loadFsExt(): Promise<Flock | undefined> {
  const name = 'fs-ext' // not a dependency: it needs a compiler
  try {
    return ((await import(name)) as { flock: Flock }).flock
  } catch {
    return undefined
  }
}

async function takeKernelLock(path: string, folder: string, flock: Flock): Promise<Pick<FolderLock, 'release'>> {
  const handle = await fs.promises.open(path, 'a')
  try {
    await new Promise<void>((resolve, reject) => flock(handle.fd, 'exnb', (error) => (error ? reject(error) : resolve())))
  } catch (error) {
    await handle.close()
    throw hasCode(error, 'EAGAIN', 'EWOULDBLOCK') ? new FolderInUse(`the data folder ${folder} is in use by another process.`) : error
  }
  return { release: () => handle.close() }
}

interface LockFile {
  readonly path: string
  readonly generation: number
  /** undefined when it is torn: then nobody holds it. */
  readonly owner: LockOwner | undefined
}

/** Resolves to the lock's path. The file appears with its content, or not at all: it is written under another name and linked. */
async function takeLockFile(folder: string, self: LockOwner, seeker: Seeker): Promise<string> {
  const draft = join(folder, `.lock-${self.token}`)
  await fs.promises.writeFile(draft, `${JSON.stringify(self)}\n`)
  try {
    for (;;) {
      const found = await readLockFiles(folder, await fs.promises.readdir(folder))
      await refuseIfHeld(found, seeker, folder)
      const path = join(folder, `.lock.${1 + Math.max(0, ...found.map(({ generation }) => generation))}`)
      if (!(await linkNew(draft, path))) continue
      await settle(path, seeker, folder)
      return path
    }
  } finally {
    await fs.promises.unlink(draft)
  }
}

/** Someone who found no lock at all may have begun at 1 again meanwhile: whoever sees the other gives way, both if need be. */
async function settle(path: string, seeker: Seeker, folder: string): Promise<void> {
  try {
    const names = await fs.promises.readdir(folder)
    const others = (await readLockFiles(folder, names)).filter((file) => file.path !== path)
    await refuseIfHeld(others, seeker, folder)
    for (const stale of others) await fs.promises.rm(stale.path, { force: true })
    await removeDeadSockets(folder, names)
  } catch (error) {
    await fs.promises.unlink(path)
    throw error
  }
}

async function linkNew(draft: string, path: string): Promise<boolean> {
  try {
    await fs.promises.link(draft, path)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    if (!hasCode(error, 'EPERM', 'ENOTSUP', 'ENOSYS')) throw error
    await fs.promises.copyFile(draft, path, fs.constants.COPYFILE_EXCL) // a file system without links
    return true
  }
}

async function readLockFiles(folder: string, names: readonly string[]): Promise<LockFile[]> {
  return Promise.all(
    names
      .filter((name) => /^\.lock\.\d+$/.test(name))
      .map(async (name) => ({
        path: join(folder, name),
        generation: Number(name.slice(6)),
        owner: await readOwner(join(folder, name)),
      })),
  )
}

interface Holder {
  readonly owner: LockOwner
  readonly path: string
  readonly whereabouts: Whereabouts
}

async function findHolder(found: readonly LockFile[], seeker: Seeker, folder: string): Promise<Holder | undefined> {
  for (const { owner, path } of found) {
    const whereabouts = owner && (await locate(owner, seeker, folder))
    if (whereabouts !== undefined) return { owner: owner!, path, whereabouts }
  }
  return undefined
}

async function refuseIfHeld(found: readonly LockFile[], seeker: Seeker, folder: string): Promise<void> {
  const holder = await findHolder(found, seeker, folder)
  if (holder === undefined) return
  const { owner, path, whereabouts } = holder
  const advice = whereabouts === 'on another machine' ? `If that machine or container is gone, remove ${basename(path)} in it` : 'Stop it'
  throw new FolderInUse(
    `the data folder ${folder} is in use by process ${owner.pid} ${whereIs(owner, whereabouts)}. ${advice}, or choose another folder with --data.`,
  )
}

const whereIs = ({ host }: LockOwner, whereabouts: Whereabouts): string =>
  ({
    here: 'on this machine',
    'in another container': `on this machine, in another container ("${host}")`,
    'on another machine': `on "${host}"`,
  })[whereabouts]

async function readOwner(path: string): Promise<LockOwner | undefined> {
  try {
    return JSON.parse(await fs.promises.readFile(path, 'utf8')) as LockOwner
  } catch (error) {
    if (error instanceof SyntaxError || hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}
