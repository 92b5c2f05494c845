// Who holds a folder's lock, and whether that very process lives: in containers every process is pid 1, and a pid is used again.

import fs from 'node:fs'
import { hostname } from 'node:os'
import { hasCode } from './disk.ts'
import { isListening } from './lock-socket.ts'

export interface LockOwner {
  readonly pid: number
  /** In clock ticks since boot; '' where the system does not tell. */
  readonly startTime: string
  /** Of the kernel, which containers share. */
  readonly bootId: string
  readonly host: string
  readonly token: string
  readonly hasFlock: boolean
  /** Its socket leads to it from where the folder is on this device: on another it is another file. undefined without a socket. */
  readonly socketDevice: number | undefined
}

/** Of a process that is not gone, as others see it. */
export type Whereabouts = 'here' | 'in another container' | 'on another machine'

/** What a process says of itself. */
type Identity = Pick<LockOwner, 'pid' | 'startTime' | 'bootId' | 'host'>

/** Who looks for the holder. */
export interface Seeker extends Pick<LockOwner, 'bootId' | 'host' | 'hasFlock'> {
  /** Of the folder. */
  readonly device: number
}

const ENDED_STATES = new Set(['Z', 'X', 'x']) // a zombie holds nothing; pid 1 of a container may never reap it

export function identifyThisProcess(): Identity {
  return {
    pid: process.pid,
    startTime: startTimeOf(process.pid) ?? '',
    bootId: readText('/proc/sys/kernel/random/boot_id') ?? '',
    host: hostname(),
  }
}

/** undefined when it is gone. Who cannot be asked is taken to live. */
export async function locate(holder: LockOwner, seeker: Seeker, folder: string): Promise<Whereabouts | undefined> {
  if (holder.hasFlock && seeker.hasFlock) return undefined // we have what it would still hold
  const isOfThisHost = holder.host === seeker.host
  if (holder.bootId !== seeker.bootId || (seeker.bootId === '' && !isOfThisHost)) return isOfThisHost ? undefined : 'on another machine'
  const isSeen = isAmongOurs(holder)
  if (isSeen && holder.startTime !== '') return 'here'
  if (holder.socketDevice === seeker.device) {
    if (!(await isListening(folder, holder.token))) return undefined
    return isSeen ? 'here' : 'in another container'
  }
  if (isSeen) return 'here'
  return isOfThisHost ? undefined : 'on another machine'
}

/** Exact where the system tells when processes started. */
function isAmongOurs({ pid, startTime }: LockOwner): boolean {
  return startTime === '' ? exists(pid) : startTimeOf(pid) === startTime
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
