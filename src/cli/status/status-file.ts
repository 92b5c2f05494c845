// How `ottla status` asks a broker without a port: it sends SIGUSR2 to the process that holds the lock of the data folder, and that writes its status
// into the folder, whole or not at all. The signal would end a process that does not expect it; so the file is there from the broker's start on, and
// names the run that the lock names: only then is the signal sent. Each status has a number, so that an old one is never taken for the answer.

import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { BrokerStatus } from '../../broker.ts'
import { findLockHolder, type LockHolder } from '../../disk/folder-lock.ts'
import { Failure } from '../failure.ts'

export interface WrittenStatus extends BrokerStatus {
  readonly version: string
  readonly pid: number
  /** Grows with each status of a run. */
  readonly sequence: number
}

const POLL_MS = 20

const statusPath = (dataFolder: string): string => join(dataFolder, '.ottla-status.json')

export class StatusFile {
  readonly #path: string
  readonly #current: () => Omit<WrittenStatus, 'sequence'>
  #sequence = 0
  #writing: Promise<void> = Promise.resolve()

  constructor(dataFolder: string, current: () => Omit<WrittenStatus, 'sequence'>) {
    this.#path = statusPath(dataFolder)
    this.#current = current
  }

  /** One after the other; each is taken when it is written. */
  write(): Promise<void> {
    const written = this.#writing.then(() => this.#writeNow())
    this.#writing = written.catch(() => undefined)
    return written
  }

  async remove(): Promise<void> {
    await this.#writing
    await rm(this.#path, { force: true })
  }

  async #writeNow(): Promise<void> {
    const status: WrittenStatus = { ...this.#current(), sequence: ++this.#sequence }
    await writeFile(`${this.#path}.tmp`, JSON.stringify(status))
    await rename(`${this.#path}.tmp`, this.#path)
  }
}

/** Sends the signal; throws what process.kill throws. */
export type SendSignal = (pid: number) => void

/** The status of the broker that runs on the folder, taken after the call. Fails with words to a person. */
export async function requestStatus(dataFolder: string, send: SendSignal, timeoutMs: number): Promise<WrittenStatus> {
  const holder = await findBroker(dataFolder)
  const before = await readStatus(dataFolder)
  if (before?.runId !== holder.token) {
    throw new Failure(
      'refused',
      `process ${holder.pid}, which uses ${dataFolder}, does not answer: it is starting, or a program that runs the broker inside. Such a program has broker.status().`,
    )
  }
  signal(holder, dataFolder, send)
  for (let waitedMs = 0; waitedMs < timeoutMs; waitedMs += POLL_MS) {
    await setTimeout(POLL_MS)
    const status = await readStatus(dataFolder)
    if (status?.runId === holder.token && status.sequence > before.sequence) return status
  }
  await findBroker(dataFolder) // it may have stopped meanwhile
  throw new Failure(
    'failed',
    `process ${holder.pid} has not answered within ${timeoutMs / 1000} seconds: it is very busy, or stopped (SIGSTOP), or the disk is full.`,
  )
}

async function findBroker(dataFolder: string): Promise<LockHolder> {
  const holder = await findLockHolder(dataFolder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT')
      throw new Failure('connection', `there is no data folder ${dataFolder}. Name the broker's own with --data.`)
    throw error
  })
  if (holder === undefined)
    throw new Failure('connection', `no broker runs on ${dataFolder}. Start one with: ottla start --data ${dataFolder}`)
  if (!holder.hasOurPids)
    throw new Failure('connection', `the broker of ${dataFolder} is process ${holder.pid} ${holder.where}: ask there.`)
  return holder
}

function signal({ pid }: LockHolder, dataFolder: string, send: SendSignal): void {
  try {
    send(pid)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EPERM')
      throw new Failure('refused', `the broker of ${dataFolder}, process ${pid}, belongs to another user: ask as that user.`)
    if (code === 'ESRCH') throw new Failure('connection', `the broker of ${dataFolder}, process ${pid}, has just ended.`)
    throw error
  }
}

/** undefined when there is none, or none that can be read. */
async function readStatus(dataFolder: string): Promise<WrittenStatus | undefined> {
  try {
    return JSON.parse(await readFile(statusPath(dataFolder), 'utf8')) as WrittenStatus
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
