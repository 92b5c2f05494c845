// kcat (librdkafka), one process a call. Records are told apart by control characters, so that values may hold anything printable and line ends.

import { execFile } from 'node:child_process'
import type { ReadFrom, ReadRecord, TestRecord } from './records.ts'

const RECORD_END = '\x1e'
const KEY_END = '\x1f'
const WITHIN_MS = 30_000

export class Kcat {
  readonly #bootstrap: string

  constructor(bootstrap: string) {
    this.#bootstrap = bootstrap
  }

  /** Its standard output; rejects with its standard error when it fails. */
  run(commandArguments: readonly string[], input = ''): Promise<string> {
    return new Promise((resolve, reject) => {
      const options = { maxBuffer: 1 << 28, timeout: WITHIN_MS }
      const child = execFile('kcat', ['-b', this.#bootstrap, ...commandArguments], options, (error, output, errors) =>
        error ? reject(new Error(`kcat ${commandArguments.join(' ')}: ${errors}`)) : resolve(output),
      )
      child.stdin!.end(input)
    })
  }

  /** In order, in as few calls as kcat allows: it takes headers, and whether empty means null, once for all the records of a call. */
  async produce(topic: string, records: readonly TestRecord[], options: readonly string[] = []): Promise<void> {
    let start = 0
    while (start < records.length) {
      let end = start + 1
      while (end < records.length && callOf(records[end]!) === callOf(records[start]!)) end++
      await this.#produceAlike(topic, records.slice(start, end), options)
      start = end
    }
  }

  async consume(topic: string, from: ReadFrom, count: number, partition = 0): Promise<ReadRecord[]> {
    const start = 'offset' in from ? String(from.offset) : `s@${from.timestamp}`
    const output = await this.run([
      '-C',
      '-t',
      topic,
      '-p',
      String(partition),
      '-o',
      start,
      '-c',
      String(count),
      '-q',
      '-J',
      '-D',
      RECORD_END,
    ])
    return output
      .split(RECORD_END)
      .filter((line) => line.trim() !== '')
      .map((line) => fromJson(JSON.parse(line) as KcatMessage))
  }

  #produceAlike(topic: string, records: readonly TestRecord[], options: readonly string[]): Promise<string> {
    const [first] = records as [TestRecord]
    const headers = first.headers.flatMap(([name, value]) => ['-H', value === null ? name : `${name}=${value}`])
    const nulls = emptyMeansNull(first) ? ['-Z'] : []
    const input = records.map(({ key, value }) => (key === null ? '' : key + KEY_END) + (value ?? '')).join(RECORD_END)
    return this.run(['-P', '-t', topic, '-p', '0', '-K', KEY_END, '-D', RECORD_END, ...nulls, ...headers, ...options], input)
  }
}

interface KcatMessage {
  offset: number
  ts: number
  key: string | null
  payload: string | null
  headers?: (string | null)[]
}

/** A flat list of names and values, and left out when there are none. */
function fromJson({ offset, ts, key, payload, headers = [] }: KcatMessage): ReadRecord {
  const pairs = Array.from({ length: headers.length / 2 }, (_, index) => [headers[2 * index]!, headers[2 * index + 1]!] as const)
  return { offset, timestamp: ts, key, value: payload, headers: pairs }
}

const emptyMeansNull = ({ value }: TestRecord): boolean => value === null
const callOf = (record: TestRecord): string => JSON.stringify([record.headers, emptyMeansNull(record)])
