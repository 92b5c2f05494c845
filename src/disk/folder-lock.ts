// Keeps a second broker out of a data folder: `.lock.<n>` names the process that holds it, by pid, start time, boot, host and a random token.
// It is stale only when that very process is gone: in containers every process is pid 1, and a pid is used again. A stale lock is never taken
// away but followed by `.lock.<n + 1>`, which only one can make. A process of another host cannot be looked at, so its lock stands until someone
// removes the file; unless both have the optional package fs-ext, whose flock on `.flock` ends with the process, wherever it runs.

import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import { hostname } from 'node:os'
import { basename, join } from 'node:path'
import { hasCode } from './disk.ts'

export interface FolderLock {
  /** Random, and new each time. */
  readonly token: string
  /** False once the folder, or the lock in it, was removed or replaced: another process may use it then. */
  isHeld(): Promise<boolean>
  release(): Promise<void>
}

export interface LockHolder {
  readonly pid: number
  readonly host: string
  readonly token: string
  readonly isOnThisMachine: boolean
}

const ENDED_STATES = new Set(['Z', 'X', 'x']) // a zombie holds nothing; pid 1 of a container may never reap it

/** Another process uses the folder. The message says which, and what to do. */
export class FolderInUse extends Error {
  override name = 'FolderInUse'
}

export interface LockOwner {
  readonly pid: number
  /** In clock ticks since boot; '' where the system does not tell. */
  readonly startTime: string
  readonly bootId: string
  readonly host: string
  readonly token: string
  readonly hasFlock: boolean
}

/** What fs-ext offers; undefined when it is not installed. */
export type Flock = (descriptor: number, flags: 'exnb' | 'un', callback: (error: Error | null) => void) => void

/** Rejects with FolderInUse. */
export async function lockFolder(folder: string, { loadFlock = loadFsExt } = {}): Promise<FolderLock> {
  const flock = await loadFlock()
  const kernelLock = flock && (await takeKernelLock(join(folder, '.flock'), folder, flock))
  const owner: LockOwner = { ...identifyThisProcess(), token: randomUUID(), hasFlock: kernelLock !== undefined }
  try {
    const path = await takeLockFile(folder, owner)
    return {
      token: owner.token,
      isHeld: async () => (await readOwner(path))?.token === owner.token,
      async release() {
        await fs.promises.rm(path, { force: true })
        await kernelLock?.release()
      },
    }
  } catch (error) {
    await kernelLock?.release()
    throw error
  }
}

/** Whose lock is on the folder; undefined when nobody's is. Changes nothing. Rejects with ENOENT when there is no folder. */
export async function findLockHolder(folder: string): Promise<LockHolder | undefined> {
  const self = { ...identifyThisProcess(), token: '', hasFlock: false }
  const holder = (await findLockFiles(folder)).map(({ owner }) => owner).find((owner) => owner !== undefined && isAlive(owner, self))
  return holder && { pid: holder.pid, host: holder.host, token: holder.token, isOnThisMachine: holder.host === self.host }
}

async function loadFsExt(): Promise<Flock | undefined> {
  const name = 'fs-ext' // not a dependency: it needs a compiler
  try {
    return ((await import(name)) as { flock: Flock }).flock
  } catch {
    return undefined
  }
}

function identifyThisProcess(): Omit<LockOwner, 'token' | 'hasFlock'> {
  return {
    pid: process.pid,
    startTime: startTimeOf(process.pid) ?? '',
    bootId: readText('/proc/sys/kernel/random/boot_id') ?? '',
    host: hostname(),
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
async function takeLockFile(folder: string, self: LockOwner): Promise<string> {
  const draft = join(folder, `.lock-${self.token}`)
  await fs.promises.writeFile(draft, `${JSON.stringify(self)}\n`)
  try {
    for (;;) {
      const found = await findLockFiles(folder)
      refuseIfHeld(found, self, folder)
      const path = join(folder, `.lock.${1 + Math.max(0, ...found.map(({ generation }) => generation))}`)
      if (!(await linkNew(draft, path))) continue
      const others = (await findLockFiles(folder)).filter((file) => file.path !== path)
      await settleWith(others, path, self, folder)
      return path
    }
  } finally {
    await fs.promises.unlink(draft)
  }
}

/** Someone who found no lock at all may have begun at 1 again meanwhile: whoever sees the other gives way, both if need be. */
async function settleWith(others: readonly LockFile[], path: string, self: LockOwner, folder: string): Promise<void> {
  try {
    refuseIfHeld(others, self, folder)
  } catch (error) {
    await fs.promises.unlink(path)
    throw error
  }
  for (const stale of others) await fs.promises.rm(stale.path, { force: true })
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

async function findLockFiles(folder: string): Promise<LockFile[]> {
  const names = (await fs.promises.readdir(folder)).filter((name) => /^\.lock\.\d+$/.test(name))
  return Promise.all(
    names.map(async (name) => ({
      path: join(folder, name),
      generation: Number(name.slice(6)),
      owner: await readOwner(join(folder, name)),
    })),
  )
}

function refuseIfHeld(found: readonly LockFile[], self: LockOwner, folder: string): void {
  for (const { owner, path } of found) if (owner !== undefined && isAlive(owner, self)) throw inUse(folder, path, owner, self)
}

function isAlive(holder: LockOwner, self: LockOwner): boolean {
  if (holder.hasFlock && self.hasFlock) return false // we have what it would still hold
  if (holder.host !== self.host) return true
  if (holder.bootId !== self.bootId) return false
  if (holder.startTime !== '') return startTimeOf(holder.pid) === holder.startTime
  return exists(holder.pid)
}

function inUse(folder: string, path: string, holder: LockOwner, self: LockOwner): FolderInUse {
  const where = holder.host === self.host ? 'on this machine' : `on "${holder.host}"`
  const advice = holder.host === self.host ? 'Stop it' : `If that machine or container is gone, remove ${basename(path)} in it`
  return new FolderInUse(
    `the data folder ${folder} is in use by process ${holder.pid} ${where}. ${advice}, or choose another folder with --data.`,
  )
}

async function readOwner(path: string): Promise<LockOwner | undefined> {
  try {
    return JSON.parse(await fs.promises.readFile(path, 'utf8')) as LockOwner
  } catch (error) {
    if (error instanceof SyntaxError || hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}

/** Field 22 of /proc/<pid>/stat, whose second may contain anything in parentheses; undefined for one that has ended, reaped by its parent or not. */
function startTimeOf(pid: number): string | undefined {
  const text = readText(`/proc/${pid}/stat`)
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ')
  return fields === undefined || ENDED_STATES.has(fields[0]!) ? undefined : fields[19]
}

function readText(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'utf8').trim()
  } catch {
    return undefined
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return hasCode(error, 'EPERM')
  }
}
