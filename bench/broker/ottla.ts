// Ottla as benchmarks start it: in a process that ends with us, with a watch over its event loop and memory in it, if wanted.

import { fileURLToPath } from 'node:url'
import { type OttlaProcess, startOttla as startProcess } from '../../test/support/broker-process.ts'
import type { WatchReport } from './stall-watch.ts'

export interface OttlaOptions {
  readonly folder: string
  readonly durability: string
  /** Kafka's names and values. */
  readonly settings?: readonly string[]
  /** Any, when it is left out. */
  readonly port?: number
  /** It can report then. */
  readonly isWatched?: boolean
  /** What happens between each other call of `report` and the next is told on standard error. */
  readonly isProfiled?: boolean
  /** Of node itself. */
  readonly nodeFlags?: readonly string[]
  /** At most; as many as we may, when it is left out. */
  readonly openFiles?: number
}

export interface Ottla extends Pick<OttlaProcess, 'bootstrap' | 'pid' | 'dataFolder' | 'stop' | 'kill'> {
  /** Of what happened since the last call. */
  report(): Promise<WatchReport>
}

const [stallWatch, profileWatch] = [besideUs('stall-watch.js'), besideUs('profile-watch.js')]
/** As bin/ottla.cjs has it, which is too late where the watch was imported before: libuv's pool is there then, of 4 threads. */
const THREADS = { UV_THREADPOOL_SIZE: process.env['UV_THREADPOOL_SIZE'] ?? '16' }
const READY_WITHIN_MS = 600_000 // with 10,000 partitions on a slow disk

export async function startOttla(options: OttlaOptions): Promise<Ottla> {
  const { folder, durability, settings = [], port = 0, isWatched = false, isProfiled = false, nodeFlags = [], openFiles } = options
  const broker = await startProcess({
    dataFolder: folder,
    durability,
    port,
    flags: settings.flatMap((setting) => ['--set', setting]),
    nodeFlags: [...nodeFlags, ...(isWatched ? ['--import', stallWatch] : []), ...(isProfiled ? ['--import', profileWatch] : [])],
    hasChannel: isWatched,
    environment: THREADS,
    showsErrors: true,
    readyWithinMs: READY_WITHIN_MS,
    ...(openFiles === undefined ? {} : { limits: `ulimit -n ${openFiles} || exit` }),
  })
  const { bootstrap, pid, dataFolder } = broker
  return {
    bootstrap,
    pid,
    dataFolder,
    report: () => broker.ask('watch?') as Promise<WatchReport>,
    stop: () => broker.stop(),
    kill: () => broker.kill(),
  }
}

export function besideUs(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url))
}
