// What Kafka's DumpLogSegments says of a folder's files: its complaints, and the batches that it sees. It exits 0 even when it complains.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { javaArguments } from '../../support/kafka-jars.ts'
import { splitBatches } from '../../support/wire-reader.ts'
import type { KafkaTools } from './kafka-tools.ts'
import { ottlaCommandLine } from './ottla-cli.ts'

const DUMP_HEAP_MB = 512
const COMPLAINT = /Mismatches|Found|isvalid: false|not found|Could not|out of order|Exception|Error/

export interface DumpedBatch {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly count: number
  readonly baseSequence: number
  readonly lastSequence: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly partitionLeaderEpoch: number
  readonly position: number
  readonly maxTimestamp: number
  readonly size: number
  readonly codec: string
}

export const segmentFiles = (folder: string, ...endings: string[]): string[] =>
  readdirSync(folder)
    .filter((name) => endings.some((ending) => name.endsWith(ending)))
    .toSorted()
    .map((name) => join(folder, name))

/** Deep: every record of every batch is read, decompressed, and compared with the indexes. */
export async function dumpSegments(tools: KafkaTools, files: readonly string[]): Promise<string> {
  const result = await tools.run('DumpLogSegments', ['--deep-iteration', '--files', files.join(',')])
  return result.output + result.errors
}

/** The same in a JVM of its own, of files whose records nobody could hold as text: what it dumped, and its complaints. */
export async function complaintsAbout(files: readonly string[]): Promise<{ dumped: string[]; complaints: string[] }> {
  const tool = ['org.apache.kafka.tools.DumpLogSegments', '--deep-iteration', '--files', files.join(',')]
  const java = spawn('java', [...javaArguments(DUMP_HEAP_MB), ...tool])
  const [dumped, complaints]: [string[], string[]] = [[], []]
  for (const input of [java.stdout, java.stderr])
    createInterface({ input }).on('line', (line) => {
      if (line.startsWith('Dumping ')) dumped.push(line.slice('Dumping '.length))
      if (COMPLAINT.test(line)) complaints.push(line)
    })
  const [exitCode] = (await once(java, 'close')) as [number | null]
  if (exitCode !== 0) complaints.push(`DumpLogSegments exited with ${exitCode}`)
  return { dumped, complaints }
}

export const complaintsOf = (dump: string): string[] => dump.split('\n').filter((line) => COMPLAINT.test(line))

/** The batches of one .log file, as the tool lists them. */
export function dumpedBatches(dump: string): DumpedBatch[] {
  return dump
    .split('\n')
    .filter((line) => line.startsWith('baseOffset: '))
    .map((line) => {
      const field = (name: string): string => new RegExp(`(?:^| )${name}: (\\S+)`).exec(line)![1]!
      const number = (name: string): number => Number(field(name))
      return {
        baseOffset: number('baseOffset'),
        lastOffset: number('lastOffset'),
        count: number('count'),
        baseSequence: number('baseSequence'),
        lastSequence: number('lastSequence'),
        producerId: number('producerId'),
        producerEpoch: number('producerEpoch'),
        partitionLeaderEpoch: number('partitionLeaderEpoch'),
        position: number('position'),
        maxTimestamp: number('CreateTime'),
        size: number('size'),
        codec: field('compresscodec'),
      }
    })
}

/** The same list, read by our own code. */
export function ownBatches(logFile: string): DumpedBatch[] {
  let position = 0
  return splitBatches(readFileSync(logFile)).map((batch) => {
    const start = position
    position += batch.sizeInBytes
    return {
      baseOffset: batch.baseOffset,
      lastOffset: batch.lastOffset,
      count: batch.recordCount,
      baseSequence: batch.baseSequence,
      lastSequence: batch.lastSequence,
      producerId: batch.producerId,
      producerEpoch: batch.producerEpoch,
      partitionLeaderEpoch: batch.partitionLeaderEpoch,
      position: start,
      maxTimestamp: batch.maxTimestamp,
      size: batch.sizeInBytes,
      codec: batch.codec,
    }
  })
}

/** The same list, as `ottla dump` prints it. */
export function ottlaDumpedBatches(logFile: string): DumpedBatch[] {
  const { stdout } = ottlaCommandLine('dump', logFile, '--json')
  const printed = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  return printed.map(
    (batch) =>
      ({ ...Object.fromEntries(LISTED.map((name) => [name, batch[name]])), count: batch['recordCount'] }) as unknown as DumpedBatch,
  )
}

const LISTED =
  'baseOffset lastOffset baseSequence lastSequence producerId producerEpoch partitionLeaderEpoch position maxTimestamp size codec'.split(
    ' ',
  )
