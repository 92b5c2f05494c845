// What a command has of the outside: its streams, its environment, and the wish that it stop. Handed in, so that tests can play the person.
// Results go to `output`, everything said beside them to `errors`.

import type { Readable, Writable } from 'node:stream'

export interface Terminal {
  readonly input: Readable & { readonly isTTY?: boolean }
  readonly output: Writable
  readonly errors: Writable & { readonly isTTY?: boolean }
  readonly env: Readonly<Record<string, string | undefined>>
  /** Calls `listener` for every SIGINT and SIGTERM from now on, instead of ending the process. */
  onInterrupt: (listener: () => void) => void
  /** Calls `listener` whenever another process asks for the status of the broker here. */
  onStatusRequest: (listener: () => void) => void
  /** Asks process `pid` for it; undefined on a system without signals. */
  askForStatus: ((pid: number) => void) | undefined
  /** Ends the process as it is: for when asking nicely did not help. */
  exit: (code: number) => void
}

/** Resolves when more may be written; at once when nobody reads any more. */
export async function write(stream: Writable, text: string | Buffer): Promise<void> {
  if (stream.destroyed || stream.write(text)) return
  await new Promise<void>((resolve) => {
    const goOn = (): void => {
      stream.off('drain', goOn).off('close', goOn)
      resolve()
    }
    stream.on('drain', goOn).on('close', goOn)
  })
}

/** Resolves when the bytes are with the system; false when nobody reads any more. */
export function writeOut(stream: Writable, bytes: Buffer): Promise<boolean> {
  if (stream.destroyed) return Promise.resolve(false)
  return new Promise((resolve) => stream.write(bytes, (error) => resolve(error === null || error === undefined)))
}

export async function writeLine(stream: Writable, line: string): Promise<void> {
  await write(stream, `${line}\n`)
}

/** Columns parted by two spaces; a column of numbers is right-aligned. */
export function formatTable(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const widths = header.map((name, column) => Math.max(name.length, ...rows.map((row) => String(row[column]).length)))
  const isNumeric = header.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'))
  const line = (cells: readonly (string | number)[]): string =>
    cells
      .map((cell, column) => (isNumeric[column] === true ? String(cell).padStart(widths[column]!) : String(cell).padEnd(widths[column]!)))
      .join('  ')
      .trimEnd()
  return [line(header.map((name) => name.toUpperCase())), ...rows.map(line)].join('\n')
}

/** `1 topic`, `1,200 topics`. */
export function formatCount(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatNumber(count)} ${count === 1 ? noun : plural}`
}

/** A whole number: `1,200`. Not by toLocaleString, whose tables take seven megabytes in a broker that only says hello. */
export function formatNumber(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, ',')
}

/** Decimal units, as disks are sold: `512 bytes`, `1.2 GB`. */
export function formatBytes(bytes: number): string {
  const units = ['kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 'bytes'
  for (const larger of units) {
    if (value < 999.5) break
    value /= 1000
    unit = larger
  }
  if (unit === 'bytes') return `${bytes} ${bytes === 1 ? 'byte' : 'bytes'}`
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${unit}`
}

/** What a broker holds: `3 topics, 12 partitions, 1.2 GB`. */
export function formatHoldings({ topics, partitions, bytes, uncountedPartitions }: Holdings): string {
  const size =
    uncountedPartitions === 0 ? formatBytes(bytes) : `at least ${formatBytes(bytes)} (${formatNumber(uncountedPartitions)} to be checked)`
  return `${formatCount(topics, 'topic')}, ${formatCount(partitions, 'partition')}, ${size}`
}

interface Holdings {
  readonly topics: number
  readonly partitions: number
  readonly bytes: number
  readonly uncountedPartitions: number
}
