// Every byte of a small journal, one after the other, is another than was written; every file is cut at every length, and gone: after a kill, when the segments
// hold everything, and after a power loss, when they hold nothing that was not synced. What becomes of it is what the table says: never a crash of ours, a
// record that was not written, or the loss of one that was acknowledged without a word.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { ENTRY_HEADER_SIZE, FILE_HEADER_SIZE } from '../../../src/log/journal/journal-entry.ts'
import { JournalReader } from '../../../src/log/journal/journal-reader.ts'
import { diskOf, type Files, filesOf } from '../../support/disk-files.ts'
import { FaultDisk } from '../../support/fault-disk.ts'
import { openJournaled } from '../../support/journaled-logs.ts'
import { readAll } from '../../support/read-log.ts'
import { batchOf, startAppend } from '../../support/test-log.ts'
import { formatJournalTable, JOURNAL_DAMAGE, type JournalDamageRow, type JournalOutcome } from './journal-damage-table.ts'

type State = 'killed' | 'powerLoss'

const PARTITIONS = [0, 1, 2]
const JOURNAL = '/data/journal'
const LIMITS = { partitionCount: PARTITIONS.length, fileBytes: 1024 }

interface KnownEntry {
  readonly path: string
  readonly position: number
  readonly headerEnd: number
  readonly batchesEnd: number
  readonly end: number
  readonly partition: number
  readonly baseOffset: number
  readonly round: number
}

const images = {} as Record<State, Files>
const values: string[][] = PARTITIONS.map(() => [])
let entries: readonly KnownEntry[]

beforeAll(async () => {
  const first = new FaultDisk()
  const opened = await openJournaled(first, LIMITS)
  for (const partition of PARTITIONS) await appendTo(opened, [partition])
  const disk = await FaultDisk.onto(await first.afterPowerLoss(() => 'nothing', ['/', '/data']), '/data')
  const again = await openJournaled(disk, LIMITS)
  for (const partitions of [[0], [1, 2], [0, 1], [2], [0, 1, 2], [1], [0, 2], [1], [0, 1, 2]]) await appendTo(again, partitions)
  images.killed = await filesOf(disk.afterKill(), '/data')
  images.powerLoss = await filesOf(await disk.afterPowerLoss(() => 'nothing', ['/', '/data']), '/data')
  entries = await entriesOf(images.killed)
})

async function appendTo({ logs }: Awaited<ReturnType<typeof openJournaled>>, partitions: readonly number[]): Promise<void> {
  const dones: Promise<void>[] = []
  for (const partition of partitions) {
    const value = `${partition}:${values[partition]!.length}`.padEnd(9 + values[partition]!.length, '.')
    values[partition]!.push(value)
    dones.push(startAppend(logs[partition]!, await batchOf([value])).done)
  }
  await Promise.all(dones)
}

async function entriesOf(files: Files): Promise<KnownEntry[]> {
  const disk = await diskOf(files)
  const found: KnownEntry[] = []
  for (const path of journalPaths(files)) {
    const alone = await diskOf(new Map([[path, files.get(path)!]]))
    let position = FILE_HEADER_SIZE
    await (await JournalReader.open(alone, JOURNAL))!.read({
      entry: ({ size, partition, baseOffset, number, place }) => {
        const batchesEnd = position + ENTRY_HEADER_SIZE + size
        const end = Math.ceil(batchesEnd / 8) * 8
        found.push({
          path,
          position,
          headerEnd: position + ENTRY_HEADER_SIZE,
          batchesEnd,
          end,
          partition,
          baseOffset,
          round: number - place,
        })
        position = end
      },
      lost: () => expect.fail('something is lost of what is whole'),
    })
  }
  expect(await disk.list(JOURNAL)).toContain('first-number')
  return found
}

const journalPaths = (files: Files): string[] => [...files.keys()].filter((path) => path.endsWith('.journal')).toSorted()

async function start(files: Files, mayMiss: readonly KnownEntry[]): Promise<JournalOutcome | `wrong: ${string}`> {
  const disk = await diskOf(files)
  const opened = await openJournaled(disk, { ...LIMITS, leaderEpoch: 1 }).catch((error: unknown) => error as Error)
  if (opened instanceof Error) {
    if (opened.name !== 'JournalDamaged' || !/ottla verify .*ottla repair/.test(opened.message)) return `wrong: ${opened.stack}`
    return isSame(await filesOf(disk, '/data'), files) ? 'refused' : 'wrong: refused, but something was changed'
  }
  let outcome: JournalOutcome = 'whole'
  for (const [partition, log] of opened.logs.entries()) {
    if (log.offlineReason !== undefined) {
      const missing = mayMiss.filter((entry) => entry.partition === partition)
      if (missing.length === 0) return `wrong: partition ${partition}: ${log.offlineReason}`
      outcome = 'offline'
      continue
    }
    const read = (await readAll(log)).map(({ value }) => value)
    const written = values[partition]!
    if (read.some((value, offset) => value !== written[offset])) return `wrong: partition ${partition} has ${read.join()}`
    if (read.length === written.length) continue
    if (!mayMiss.some((entry) => entry.partition === partition && entry.baseOffset === read.length))
      return `wrong: partition ${partition} ends at ${read.length} of ${written.length}`
    outcome = 'ends there'
  }
  return outcome
}

const isSame = (a: Files, b: Files): boolean => a.size === b.size && [...a].every(([path, bytes]) => b.get(path)?.equals(bytes) === true)

interface Damage {
  readonly path: string
  readonly position: number
  /** What is left of the file; undefined when it is gone. */
  readonly bytes: Buffer | undefined
  readonly row: JournalDamageRow
  readonly mayMiss: readonly KnownEntry[]
}

async function faultsOf(state: State, damages: Iterable<Damage>): Promise<string[]> {
  const faults: string[] = []
  for (const { path, position, bytes, row, mayMiss } of damages) {
    const files = new Map(images[state])
    if (bytes === undefined) files.delete(path)
    else files.set(path, bytes)
    const outcome = await start(files, mayMiss)
    const expected: readonly string[] = row[state]
    if (!expected.includes(outcome)) faults.push(`${path} at byte ${position} (${row.what}): ${outcome}, not ${expected.join(' or ')}`)
  }
  return faults
}

const lastRound = (): number => entries.at(-1)!.round

function rowOf(path: string, position: number): { row: JournalDamageRow; mayMiss: readonly KnownEntry[] } {
  if (!path.endsWith('.journal')) return { row: JOURNAL_DAMAGE.firstNumber, mayMiss: [] }
  if (position < FILE_HEADER_SIZE) return { row: JOURNAL_DAMAGE.header, mayMiss: [] }
  const entry = entries.find((one) => one.path === path && position >= one.position && position < one.end)
  if (entry === undefined || position >= entry.batchesEnd) return { row: JOURNAL_DAMAGE.padding, mayMiss: [] }
  if (entry.round === lastRound()) return { row: JOURNAL_DAMAGE.lastRound, mayMiss: entries.slice(entries.indexOf(entry)) }
  return { row: position < entry.headerEnd ? JOURNAL_DAMAGE.entry : JOURNAL_DAMAGE.batches, mayMiss: [entry] }
}

function* flips(state: State): Iterable<Damage> {
  for (const [path, whole] of images[state]) {
    if (!path.startsWith(JOURNAL)) continue
    for (let position = 0; position < whole.length; position++) {
      for (const changed of [whole[position]! ^ (1 << (position & 7)), 0x00, 0xff]) {
        if (changed === whole[position]) continue
        const bytes = Buffer.from(whole)
        bytes[position] = changed
        yield { path, position, bytes, ...rowOf(path, position) }
      }
    }
  }
}

function* cuts(state: State): Iterable<Damage> {
  const paths = journalPaths(images[state])
  for (const path of paths) {
    const whole = images[state].get(path)!
    const row = path === paths.at(-1) ? JOURNAL_DAMAGE.lastCut : JOURNAL_DAMAGE.cut
    const end = entries.findLast((entry) => entry.path === path)!.batchesEnd
    for (let size = 0; size < end; size++) {
      const mayMiss = entries.filter((entry) => entry.path === path && entry.batchesEnd > size)
      yield { path, position: size, bytes: whole.subarray(0, size), row, mayMiss }
    }
    yield { path, position: 0, bytes: undefined, row, mayMiss: entries.filter((entry) => entry.path === path) }
  }
  yield { path: `${JOURNAL}/first-number`, position: 0, bytes: undefined, row: JOURNAL_DAMAGE.firstNumber, mayMiss: [] }
}

describe.each(['killed', 'powerLoss'] as const)('a small journal (%s)', (state) => {
  it('is as described', async () => {
    expect(journalPaths(images[state]).length).toBeGreaterThanOrEqual(2)
    expect(entries.filter(({ round }) => round === lastRound())).toHaveLength(3)
    expect(entries.some(({ batchesEnd, end }) => batchesEnd < end)).toBe(true)
    expect(await start(images[state], [])).toBe('whole')
  })

  it('does what the table says when any one byte is another', async () => {
    expect(await faultsOf(state, flips(state))).toEqual([])
  }, 300_000)

  it('does what the table says when any one file is cut at any length, or gone', async () => {
    expect(await faultsOf(state, cuts(state))).toEqual([])
  }, 300_000)
})

describe('docs/disk-format.md', () => {
  it('has the table of the journal', () => {
    const text = readFileSync(fileURLToPath(new URL('../../../docs/disk-format.md', import.meta.url)), 'utf8')
    expect(text).toContain(formatJournalTable())
  })
})
