// The brokers that are measured: Ottla in each durability, and Kafka as it comes and with a sync of every append.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { ottlaCommand } from '../../test/support/broker-process.ts'
import { startKafka } from '../../test/support/kafka-process.ts'

export type Contender = 'os' | 'each' | 'interval' | 'fsync' | 'kafka' | 'kafka-synced'

export interface MeasuredBroker {
  readonly bootstrap: string
  readonly pid: number
  readonly dataFolder: string
  /** The longest stall of its event loop since the last call; undefined where there is none. */
  stallMs(): Promise<number | undefined>
  stop(): Promise<void>
}

interface ContenderRow {
  readonly title: string
  readonly start: (folder: string, settings: readonly string[]) => Promise<MeasuredBroker>
}

const KAFKA_HEAP_MB = 1024 // the default of its start script
const stallWatch = fileURLToPath(new URL('stall-watch.js', import.meta.url))

export const CONTENDERS: Readonly<Record<Contender, ContenderRow>> = {
  os: { title: 'Ottla, os', start: ottlaWith('os') },
  each: { title: 'Ottla, flush.messages=1', start: ottlaWith('os', ['log.flush.interval.messages=1']) },
  interval: { title: 'Ottla, interval', start: ottlaWith('interval') },
  fsync: { title: 'Ottla, fsync', start: ottlaWith('fsync') },
  kafka: { title: 'Kafka', start: kafkaWith([]) },
  'kafka-synced': { title: 'Kafka, flush.messages=1', start: kafkaWith(['log.flush.interval.messages=1']) },
}

export const isOurs = (contender: Contender): boolean => !contender.startsWith('kafka')

function kafkaWith(ownSettings: readonly string[]): ContenderRow['start'] {
  return async (folder, settings) => {
    const kafka = await startKafka(folder, [...ownSettings, ...settings], KAFKA_HEAP_MB)
    return { ...kafka, stallMs: () => Promise.resolve(undefined) }
  }
}

function ottlaWith(durability: string, ownSettings: readonly string[] = []): ContenderRow['start'] {
  return async (folder, caseSettings) => {
    const settings = [...ownSettings, ...caseSettings]
    const own = ['start', '--port', '0', '--data', folder, '--durability', durability, ...settings.flatMap((setting) => ['--set', setting])]
    const child = spawn(process.execPath, ['--import', stallWatch, ottlaCommand, ...own], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
    const ended = once(child, 'exit')
    let output = ''
    const port = await new Promise<string>((resolve, reject) => {
      child.stdout!.on('data', (chunk: Buffer) => {
        const found = / is ready on \S+:(\d+)/.exec((output += String(chunk)))
        if (found !== null) resolve(found[1]!)
      })
      child.once('exit', () => reject(new Error(`the broker ended before it was ready:\n${output}`)))
    })
    return {
      bootstrap: `127.0.0.1:${port}`,
      pid: child.pid!,
      dataFolder: folder,
      async stallMs() {
        child.send('stall?')
        const [answer] = (await once(child, 'message')) as [{ stallMs: number }]
        return answer.stallMs
      },
      async stop() {
        child.kill('SIGTERM')
        await ended
      },
    }
  }
}
