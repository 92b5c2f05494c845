// Every byte of every file of a small log, one after the other, is another than was written; every file is cut at every length, and gone. What becomes of it
// is what the table says, and never a crash of ours, a record that was not written, or the loss of one that is whole and can be reached.
// OTTLA_DAMAGE=all tries every pattern at every byte; else the patterns take turns.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { MemoryDisk } from '../../../src/disk/memory-disk.ts'
import { RECOVERY_POINTS } from '../../../src/log/checkpoints.ts'
import { asRefusal } from '../../../src/wire/attempt.ts'
import { BatchView } from '../../../src/wire/records/batch.ts'
import type { Codec } from '../../../src/wire/records/codecs.ts'
import { diskOf, type Files, filesOf } from '../../support/disk-files.ts'
import { append, openLog, type TestLog } from '../../support/test-log.ts'
import { formatTable, type Outcome, rowOf } from './damage-table.ts'

const SETTINGS = { segmentBytes: 4096, indexIntervalBytes: 700 }
const CODECS: readonly Codec[] = ['none', 'gzip', 'lz4']
const PATTERNS: readonly ((byte: number, position: number) => number)[] = [
  (byte, position) => byte ^ (1 << (position & 7)),
  () => 0x00,
  () => 0xff,
]
const SEGMENT = /\/(\d{20})\.log$/

interface KnownBatch {
  readonly path: string
  readonly position: number
  readonly size: number
  readonly baseOffset: number
  readonly endOffset: number
  readonly bytes: string
}

interface Image {
  readonly files: Files
  readonly batches: readonly KnownBatch[]
  readonly recoveryPoint: number
}

let stopped: Image

beforeAll(async () => {
  const disk = new MemoryDisk()
  for (const leaderEpoch of [1, 2, 3]) {
    const opened = await openLog(disk, { settings: SETTINGS, leaderEpoch })
    for (let index = 0; index < 7; index++) await appendNext(opened, 7 * (leaderEpoch - 1) + index)
    await opened.close()
  }
  const files = await filesOf(disk, '/data')
  const batches = [...files].flatMap(([path, bytes]) => batchesOf(path, bytes)).toSorted((a, b) => a.baseOffset - b.baseOffset)
  stopped = { files, batches, recoveryPoint: batches.at(-1)!.endOffset }
})

const timestampOf = (batch: number): number => 1_000_000 + 10 * batch

async function appendNext({ log }: TestLog, index: number): Promise<void> {
  const values = ['a', 'b', 'c'].map(
    (letter) => `${index}${letter}${Array.from({ length: 60 }, (_, at) => (at * 7919 + index * 104_729) % 997).join('')}`,
  )
  const timestamps = values.map((_, record) => timestampOf(index) + record)
  await append(log, values, { codec: CODECS[index % 3]!, timestamps, producerId: 5, producerEpoch: 0, baseSequence: 3 * index })
}

function batchesOf(path: string, bytes: Buffer): KnownBatch[] {
  const batches: KnownBatch[] = []
  if (!SEGMENT.test(path)) return batches
  for (let position = 0; position < bytes.length; position += batches.at(-1)!.size) {
    const view = new BatchView(bytes, position)
    const { sizeInBytes: size, baseOffset, lastOffset } = view
    batches.push({
      path,
      position,
      size,
      baseOffset,
      endOffset: lastOffset + 1,
      bytes: bytes.toString('latin1', position, position + size),
    })
  }
  return batches
}

/** As a crash leaves it when no more than that is known to be synced. */
function killed(recoveryPoint: number): Image {
  const files = new Map([...stopped.files].filter(([path]) => !path.endsWith('cleanshutdown')))
  files.set(`/data/${RECOVERY_POINTS}`, Buffer.from(recoveryPoint === 0 ? '0\n0\n' : `0\n1\norders 0 ${recoveryPoint}\n`))
  return { ...stopped, files, recoveryPoint }
}

interface Served {
  readonly log: TestLog['log']
  /** By base offset: whether the batch is served as it was written. */
  readonly right: ReadonlySet<number>
  readonly wrong: readonly string[]
  readonly filesAfter: Files
}

async function serve(files: Files, batches: readonly KnownBatch[]): Promise<Served> {
  const disk = await diskOf(files)
  const { log } = await openLog(disk, { settings: SETTINGS, leaderEpoch: 4 })
  const right = new Set<number>()
  const wrong: string[] = []
  for (const { baseOffset, endOffset, bytes } of batches) {
    const read = await Promise.resolve()
      .then(() => log.read(baseOffset, 1, { upTo: log.highWatermark, atLeastOneBatch: true }))
      .catch(asRefusal)
    if (read instanceof Error) {
      if (!['CORRUPT_MESSAGE', 'KAFKA_STORAGE_ERROR', 'OFFSET_OUT_OF_RANGE'].includes(read.error))
        wrong.push(`${baseOffset}: ${read.error}`)
    } else if (read.size > 0) {
      const served = Buffer.concat(read.chunks).toString('latin1')
      if (isSame(served, bytes)) right.add(baseOffset)
      else wrong.push(`offsets ${baseOffset} to ${endOffset - 1} read otherwise`)
    }
  }
  if (right.size === batches.length) wrong.push(...(await wrongTimes(log, batches)))
  return { log, right, wrong, filesAfter: await filesOf(disk, '/data') }
}

/** Timestamps grow with the offsets: where the search for each of some leads to. */
async function wrongTimes(log: TestLog['log'], batches: readonly KnownBatch[]): Promise<string[]> {
  const wrong: string[] = []
  for (let index = 1; index < batches.length; index += 4) {
    const found = await log.offsetForTimestamp(timestampOf(index), log.highWatermark)
    if (found?.offset !== batches[index]!.baseOffset)
      wrong.push(`the time of offset ${batches[index]!.baseOffset} leads to ${found?.offset}`)
  }
  const newest = await log.offsetOfMaxTimestamp(log.highWatermark)
  if (newest?.offset !== log.highWatermark - 1) wrong.push(`the greatest timestamp is said to be at ${newest?.offset}`)
  return wrong
}

/** But for the leader epoch, which says nothing about records. */
const isSame = (served: string, written: string): boolean =>
  served.slice(0, 12) === written.slice(0, 12) && served.slice(16) === written.slice(16)

/** What became of it, or why that is none of the outcomes. */
function outcomeOf({ log, right, wrong, filesAfter }: Served, image: Image, damaged: Files, hit: readonly KnownBatch[]): string {
  if (wrong.length > 0) return `wrong: ${wrong.join('; ')}`
  const { batches } = image
  if (log.offlineReason !== undefined) {
    const changed = [...damaged].filter(([path, bytes]) => SEGMENT.test(path) && filesAfter.get(path)?.equals(bytes) !== true)
    return changed.length === 0 ? 'offline' : `offline, but ${changed.map(([path]) => path).join()} changed`
  }
  const missing = batches.filter(({ baseOffset }) => !right.has(baseOffset))
  if (missing.length === 0) return 'whole'
  if (missing.every((batch) => hit.includes(batch)) && log.logEndOffset === batches.at(-1)!.endOffset) return 'refused'
  const first = missing[0]!
  const isEnd =
    missing.every(({ baseOffset }) => baseOffset >= first.baseOffset) && missing.length === batches.length - batches.indexOf(first)
  const index = batches.indexOf(first)
  const isAtHit = hit.includes(first) || (index > 0 && hit.includes(batches[index - 1]!)) // its epoch is told by the one behind it
  if (isEnd && isAtHit && log.logEndOffset === first.baseOffset) return 'cut'
  return `missing: ${missing.map(({ baseOffset }) => baseOffset).join()}; ends at ${log.logEndOffset}`
}

async function faultOf(
  image: Image,
  path: string,
  bytes: Buffer | undefined,
  position: number,
  allowed?: readonly Outcome[],
): Promise<string | undefined> {
  const others = [...image.files].filter(([other]) => other !== path)
  const damaged: Files = new Map(bytes === undefined ? others : [...others, [path, bytes]])
  const hit = image.batches.filter((batch) => batch.path === path && batch.position + batch.size > position)
  const [first] = hit
  const touched = bytes?.length === image.files.get(path)!.length ? hit.slice(0, 1) : hit
  const row = rowOf(path, first === undefined ? position : Math.max(0, position - first.position))
  const isSynced = first === undefined || first.endOffset <= image.recoveryPoint
  const expected = allowed ?? (isSynced ? row.synced : row.unsynced)
  const outcome = await serve(damaged, image.batches).then(
    (served) => outcomeOf(served, image, damaged, touched),
    (error: unknown) => `crashed: ${String(error)}`,
  )
  return expected.includes(outcome as Outcome)
    ? undefined
    : `${path} at byte ${position} (${row.what}): ${outcome}, not ${expected.join(' or ')}`
}

const images: readonly [string, () => Image][] = [
  ['after a clean stop', () => stopped],
  ['after a crash, with a recovery point within the second segment', () => killed(stopped.batches.at(-4)!.baseOffset)],
  ['after a crash, with nothing known to be synced', () => killed(0)],
]

describe.each(images)('a small log %s', (_, imageOf) => {
  it('is as described', async () => {
    const image = imageOf()
    expect([...image.files.keys()].filter((path) => SEGMENT.test(path))).toHaveLength(2)
    const served = await serve(image.files, image.batches)
    expect(outcomeOf(served, image, image.files, [])).toBe('whole')
  })

  it('does what the table says when any one byte is another', async () => {
    const image = imageOf()
    const faults: string[] = []
    for (const [path, bytes] of image.files) {
      for (let position = 0; position < bytes.length; position++) {
        const patterns = process.env['OTTLA_DAMAGE'] === 'all' ? PATTERNS : [PATTERNS[position % PATTERNS.length]!]
        for (const pattern of patterns) {
          const damaged = Buffer.from(bytes)
          damaged[position] = pattern(bytes[position]!, position)
          if (damaged[position] === bytes[position]) damaged[position]! ^= 0x01
          const fault = await faultOf(image, path, damaged, position)
          if (fault !== undefined) faults.push(fault)
        }
      }
    }
    expect(faults).toEqual([])
  }, 300_000)

  it('does what the table says when any one file is cut at any length, or gone', async () => {
    const image = imageOf()
    const faults: string[] = []
    for (const [path, bytes] of image.files) {
      const step = SEGMENT.test(path) && process.env['OTTLA_DAMAGE'] !== 'all' ? 7 : 1
      const allowed: readonly Outcome[] | undefined = SEGMENT.test(path) ? ['refused', 'offline', 'cut'] : undefined
      for (let size = 0; size < bytes.length; size += step) {
        const fault = await faultOf(image, path, bytes.subarray(0, size), size, allowed)
        if (fault !== undefined) faults.push(`cut to ${size}: ${fault}`)
      }
      const fault = await faultOf(image, path, undefined, 0, allowed)
      if (fault !== undefined) faults.push(`gone: ${fault}`)
    }
    expect(faults).toEqual([])
  }, 300_000)
})

describe('docs/disk-format.md', () => {
  it('has the table', () => {
    const text = readFileSync(fileURLToPath(new URL('../../../docs/disk-format.md', import.meta.url)), 'utf8')
    expect(text).toContain(formatTable())
  })
})
