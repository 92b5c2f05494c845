// Ottla in a process of its own, which ends with us; with a watch over its event loop and memory in it, if wanted.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { ottlaCommand } from '../../test/support/broker-process.ts'
import { endsWithUs } from './left-behind.ts'
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
  /** Of node itself. */
  readonly nodeFlags?: readonly string[]
}

export interface Ottla {
  readonly bootstrap: string
  readonly pid: number
  readonly dataFolder: string
  /** Of what happened since the last call. */
  report(): Promise<WatchReport>
  stop(): Promise<void>
  kill(): Promise<void>
}

const stallWatch = fileURLToPath(new URL('stall-watch.js', import.meta.url))

export async function startOttla(options: OttlaOptions): Promise<Ottla> {
  const { folder, durability, settings = [], port = 0, isWatched = false, nodeFlags = [] } = options
  const sets = settings.flatMap((setting) => ['--set', setting])
  const own = ['start', '--port', String(port), '--data', folder, '--durability', durability, ...sets]
  const command = [...nodeFlags, ...(isWatched ? ['--import', stallWatch] : []), ottlaCommand, ...own]
  const child = endsWithUs(spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit', isWatched ? 'ipc' : 'ignore'] }))
  const ended = once(child, 'exit')
  let output = ''
  const readyPort = await new Promise<string>((resolve, reject) => {
    child.stdout!.on('data', (chunk: Buffer) => {
      const found = / is ready on \S+:(\d+)/.exec((output += String(chunk)))
      if (found !== null) resolve(found[1]!)
    })
    child.once('exit', () => reject(new Error(`the broker ended before it was ready:\n${output}`)))
  })
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    child.kill(signal)
    await ended
  }
  return {
    bootstrap: `127.0.0.1:${readyPort}`,
    pid: child.pid!,
    dataFolder: folder,
    async report() {
      child.send('watch?')
      const [answer] = (await once(child, 'message')) as [WatchReport]
      return answer
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  }
}
