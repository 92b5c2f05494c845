// Our own command line, `ottla produce` and `ottla consume`, one process a call.

import { execFile, spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { ottlaCommand } from '../../support/broker-process.ts'
import type { ReadFrom, ReadRecord, TestRecord } from './records.ts'

const WITHIN_MS = 30_000

/** A command that needs no broker. */
export function ottlaCommandLine(...commandArguments: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [ottlaCommand, ...commandArguments], { encoding: 'utf8', maxBuffer: 1 << 28 })
}

export class OttlaCli {
  readonly #bootstrap: string

  constructor(bootstrap: string) {
    this.#bootstrap = bootstrap
  }

  /** Its standard output; rejects with its standard error when it fails. */
  run(commandArguments: readonly string[], input = ''): Promise<string> {
    return new Promise((resolve, reject) => {
      const options = { maxBuffer: 1 << 28, timeout: WITHIN_MS }
      const child = execFile(
        process.execPath,
        [ottlaCommand, ...commandArguments, '--bootstrap', this.#bootstrap],
        options,
        (error, output, errors) => (error ? reject(new Error(`ottla ${commandArguments.join(' ')}: ${errors}`)) : resolve(output)),
      )
      child.stdin!.end(input)
    })
  }

  async produce(topic: string, records: readonly TestRecord[], options: readonly string[] = []): Promise<void> {
    const lines = records.map(({ key, value, headers }) =>
      JSON.stringify({ key, value, headers: headers.map(([name, headerValue]) => ({ key: name, value: headerValue })) }),
    )
    await this.run(['produce', topic, '--format', 'json', '--partition', '0', ...options], lines.join('\n') + '\n')
  }

  async consume(topic: string, from: ReadFrom, count: number): Promise<ReadRecord[]> {
    const start = 'offset' in from ? String(from.offset) : new Date(from.timestamp).toISOString()
    const output = await this.run(['consume', topic, '--json', '--partition', '0', '--from', start, '--max', String(count)])
    return output
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => fromJson(JSON.parse(line) as PrintedRecord))
  }
}

interface PrintedRecord {
  offset: number
  timestamp: string
  key: string | null
  value: string | null
  headers: { key: string; value: string | null }[]
}

function fromJson({ offset, timestamp, key, value, headers }: PrintedRecord): ReadRecord {
  return { offset, timestamp: Date.parse(timestamp), key, value, headers: headers.map((header) => [header.key, header.value] as const) }
}
