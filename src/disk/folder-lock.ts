// Keeps a second broker out of a data folder: `.lock` names the process that holds it, by pid, start time, boot, host and a random token.
// It is stale only when that very process is gone: in containers every process is pid 1, and a pid is used again. A process of another host cannot be
// looked at, so its lock stands until someone removes the file; unless both had the optional package fs-ext, whose flock on `.flock` the
// operating system ends with the process, wherever it ran.

import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { hasCode } from './disk.ts'

export interface FolderLock {
  release(): Promise<void>
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

/** Rejects with FolderInUse. `loadFlock` and `identify` are for tests. */
export async function lockFolder(folder: string, { loadFlock = loadFsExt, identify = identifyThisProcess } = {}): Promise<FolderLock> {
  const flock = await loadFlock()
  const kernelLock = flock && (await takeKernelLock(join(folder, '.flock'), folder, flock))
  const path = join(folder, '.lock')
  const owner: LockOwner = { ...identify(), token: randomUUID(), hasFlock: kernelLock !== undefined }
  try {
    await takeLockFile(path, owner, folder)
  } catch (error) {
    await kernelLock?.release()
    throw error
  }
  return {
    async release() {
      if ((await readOwner(path))?.token === owner.token) await fs.promises.unlink(path)
      await kernelLock?.release()
    },
  }
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

async function takeKernelLock(path: string, folder: string, flock: Flock): Promise<FolderLock> {
  const handle = await fs.promises.open(path, 'a')
  try {
    await new Promise<void>((resolve, reject) => flock(handle.fd, 'exnb', (error) => (error ? reject(error) : resolve())))
  } catch (error) {
    await handle.close()
    throw hasCode(error, 'EAGAIN', 'EWOULDBLOCK') ? new FolderInUse(`the data folder ${folder} is in use by another process.`) : error
  }
  return { release: () => handle.close() }
}

/** The file appears with its content, or not at all: it is written under another name and linked. */
async function takeLockFile(path: string, owner: LockOwner, folder: string): Promise<void> {
  const draft = `${path}.${owner.token}`
  await fs.promises.writeFile(draft, `${JSON.stringify(owner)}\n`)
  try {
    while (!(await linkNew(draft, path))) {
      const holder = await readOwner(path)
      if (holder !== undefined && isAlive(holder, owner)) throw inUse(folder, holder, owner)
      await removeStale(path, holder, `${draft}.stale`)
    }
  } finally {
    await fs.promises.unlink(draft)
  }
}

async function linkNew(draft: string, path: string): Promise<boolean> {
  try {
    await fs.promises.link(draft, path)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  }
}

/** Two who find the same stale lock must not remove each other's new one: what was moved aside goes back when it is not what was found. */
async function removeStale(path: string, stale: LockOwner | undefined, aside: string): Promise<void> {
  try {
    await fs.promises.rename(path, aside)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return
    throw error
  }
  if ((await readOwner(aside))?.token !== stale?.token) await linkNew(aside, path)
  await fs.promises.unlink(aside)
}

function isAlive(holder: LockOwner, self: LockOwner): boolean {
  if (holder.hasFlock && self.hasFlock) return false // we have what it would still hold
  if (holder.host !== self.host) return true
  if (holder.bootId !== self.bootId) return false
  if (holder.startTime !== '') return startTimeOf(holder.pid) === holder.startTime
  return exists(holder.pid)
}

function inUse(folder: string, holder: LockOwner, self: LockOwner): FolderInUse {
  const where = holder.host === self.host ? 'on this machine' : `on "${holder.host}"`
  const advice = holder.host === self.host ? 'Stop it' : `If that machine or container is gone, remove ${join(folder, '.lock')}`
  return new FolderInUse(
    `the data folder ${folder} is in use by process ${holder.pid} ${where}. ${advice}, or choose another folder with --data.`,
  )
}

/** undefined when there is none, or it is torn: then nobody holds it. */
async function readOwner(path: string): Promise<LockOwner | undefined> {
  try {
    return JSON.parse(await fs.promises.readFile(path, 'utf8')) as LockOwner
  } catch (error) {
    if (error instanceof SyntaxError || hasCode(error, 'ENOENT')) return undefined
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
