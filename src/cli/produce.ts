// ottla produce: lines, from files or standard input, to records. What it says it wrote was acknowledged by the broker.

import { type Command, Option } from 'commander'
import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { type AcknowledgedBatch, Producer } from '../client/produce.ts'
import { type Codec, CODECS } from '../wire/records/codecs.ts'
import { addBootstrapOption, type BootstrapOption, findOrCreateTopic, withCluster } from './brokers.ts'
import { Failure, failureOf } from './failure.ts'
import { readLines } from './lines.ts'
import { examples, positive, separator, wholeNumber } from './options.ts'
import { type Format, FORMATS, recordParser } from './record-text.ts'
import { formatBytes, formatCount, type Terminal, writeLine } from './terminal.ts'

interface ProduceOptions extends BootstrapOption {
  readonly format: Format
  readonly keySeparator?: string
  readonly partition?: number
  readonly codec: Codec
  readonly batchBytes: number
  readonly json?: boolean
}

export function addProduceCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('produce <topic> [files...]')
    .description('write records to a topic, a line each, from files or standard input')
    .addOption(new Option('-f, --format <format>', 'what a line is').choices(FORMATS).default('value'))
    .option('-k, --key-separator <text>', 'what parts key and value (default: ":"); means --format key:value', separator)
    .option('-p, --partition <number>', 'the partition to write to (default: by the key, as every Kafka client chooses it)', wholeNumber)
    .addOption(new Option('-z, --codec <codec>', 'how batches are compressed').choices(CODECS).default('none'))
    .option('--batch-bytes <bytes>', 'how large batches may grow, before compression', positive, 256 << 10)
    .option('--json', 'print what was written as JSON')
    .addHelpText(
      'after',
      examples(
        'echo hello | ottla produce orders',
        "printf 'a:1\\nb:2\\n' | ottla produce orders --key-separator :",
        'ottla produce orders january.csv february.csv --codec zstd',
        'ottla consume orders --json | ottla produce copy-of-orders --format json',
      ),
    )
  addBootstrapOption(command).action((topic: string, files: string[], options: ProduceOptions) =>
    produceLines(topic, files, options, terminal),
  )
}

async function produceLines(name: string, files: readonly string[], options: ProduceOptions, terminal: Terminal): Promise<void> {
  const written = new Written()
  const progress = new ProgressLine(terminal, written)
  try {
    await withCluster(options, async (cluster) => {
      const { topic, isNew } = await findOrCreateTopic(cluster, name, options)
      if (isNew)
        await writeLine(
          terminal.errors,
          `created topic "${name}" with ${formatCount(topic.partitions.length, 'partition')}, as the broker does by itself`,
        )
      const { codec, batchBytes } = options
      const producer = await Producer.open(cluster, topic, { codec, batchBytes, onAcknowledged: (batch) => written.add(batch) })
      progress.start()
      try {
        await sendAll(sourcesOf(files, terminal), producer, options, terminal)
      } finally {
        await producer.flush() // what came before a line that is no record is written all the same
      }
    })
  } catch (error) {
    progress.end()
    const failure = failureOf(error)
    if (failure === undefined || written.records === 0) throw error
    throw new Failure(failure.kind, `${failure.message}. ${formatCount(written.records, 'record')} had been written before`)
  }
  progress.end()
  await writeLine(terminal.output, options.json === true ? JSON.stringify(written.asJson(name)) : written.sentence(name))
}

interface Source {
  readonly name: string
  readonly open: () => Readable
}

function sourcesOf(files: readonly string[], { input, errors }: Terminal): Source[] {
  const standardInput = { name: 'standard input', open: () => input }
  if (files.length === 0 && input.isTTY === true) errors.write('type records, one a line; Ctrl-D ends\n')
  return files.length === 0
    ? [standardInput]
    : files.map((file) => (file === '-' ? standardInput : { name: file, open: () => createReadStream(file) }))
}

/** Stops reading, and leaves what was read to be written, when the person interrupts. */
async function sendAll(
  sources: readonly Source[],
  producer: Producer,
  { format, keySeparator, partition }: ProduceOptions,
  terminal: Terminal,
): Promise<void> {
  const parse = recordParser(keySeparator === undefined ? format : 'key:value', keySeparator ?? ':')
  let isInterrupted = false
  let opened: Readable | undefined
  terminal.onInterrupt(() => {
    isInterrupted = true
    opened?.destroy()
  })
  for (const { name, open } of sources) {
    let lineNumber = 0
    try {
      opened = open()
      for await (const lines of readLines(opened)) {
        for (const line of lines) {
          lineNumber++
          const record = parse(line)
          const full = producer.add(partition === undefined ? record : { ...record, partition })
          if (full !== undefined) await full
        }
      }
    } catch (error) {
      if (isInterrupted) return
      if (error instanceof Failure) throw new Failure(error.kind, `line ${lineNumber} of ${name}: ${error.message}`)
      throw error
    }
    if (isInterrupted) return
  }
}

/** What the broker has acknowledged. */
class Written {
  readonly #byPartition = new Map<number, { partition: number; records: number; firstOffset: number; lastOffset: number }>()
  records = 0
  bytes = 0

  add({ partition, baseOffset, records }: AcknowledgedBatch): void {
    this.records += records.length
    for (const { key, value } of records) this.bytes += (key?.length ?? 0) + (value?.length ?? 0)
    const lastOffset = baseOffset + records.length - 1
    const earlier = this.#byPartition.get(partition)
    if (earlier === undefined) this.#byPartition.set(partition, { partition, records: records.length, firstOffset: baseOffset, lastOffset })
    else Object.assign(earlier, { records: earlier.records + records.length, lastOffset: Math.max(earlier.lastOffset, lastOffset) })
  }

  sentence(topic: string): string {
    const partitions = this.#byPartition.size > 1 ? `, in ${formatCount(this.#byPartition.size, 'partition')}` : ''
    return `wrote ${formatCount(this.records, 'record')} (${formatBytes(this.bytes)}) to "${topic}"${partitions}`
  }

  asJson(topic: string): object {
    return {
      topic,
      records: this.records,
      bytes: this.bytes,
      partitions: [...this.#byPartition.values()].sort((a, b) => a.partition - b.partition),
    }
  }
}

const PROGRESS_INTERVAL_MS = 200

/** One line that is written over and over, for a person who waits: only where somebody sees it, and not while they type. */
class ProgressLine {
  readonly #terminal: Terminal
  readonly #written: Written
  #timer: NodeJS.Timeout | undefined
  #startedMs = 0
  #isShown = false

  constructor(terminal: Terminal, written: Written) {
    this.#terminal = terminal
    this.#written = written
  }

  start(): void {
    const { errors, input } = this.#terminal
    if (errors.isTTY !== true || input.isTTY === true) return
    this.#startedMs = performance.now()
    this.#timer = setInterval(() => this.#show(), PROGRESS_INTERVAL_MS)
  }

  end(): void {
    clearInterval(this.#timer)
    if (this.#isShown) this.#terminal.errors.write('\r\x1b[K')
    this.#isShown = false
  }

  #show(): void {
    const { records, bytes } = this.#written
    const seconds = (performance.now() - this.#startedMs) / 1000
    this.#terminal.errors.write(
      `\r\x1b[K${formatCount(records, 'record')}, ${formatBytes(bytes)} (${formatBytes(Math.round(bytes / seconds))}/s)`,
    )
    this.#isShown = true
  }
}
