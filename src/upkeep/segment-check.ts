// One segment from its first byte to its last: every batch, and both indexes against them, unless a part of the batches cannot be made out.

import type { ReadingDisk } from '../disk/disk.ts'
import { type OffsetFileKind, offsetFileName } from '../log/file-names.ts'
import type { BatchView } from '../wire/records/batch.ts'
import { batchDamage } from './batch-damage.ts'
import type { Level, Report } from './finding.ts'
import { type IndexDamage, OffsetIndexCheck, TimeIndexCheck } from './index-check.ts'
import { type UnreadablePart, walkBatches } from './walk-batches.ts'

export interface SegmentCheckOptions {
  readonly disk: ReadingDisk
  readonly baseOffset: number
  readonly size: number
  readonly pathOf: (name: string) => string
  readonly hasFile: (name: string) => boolean
  /** Of something that is wrong with what lies at or behind an offset. */
  readonly levelAt: (offset: number) => Level
  /** Whether offsets may be left out between batches. */
  readonly mayHaveGaps: boolean
  /** Whether the indexes must be there, and complete, if the segment ends at that offset. */
  readonly isSealedAt: (endOffset: number) => boolean
  /** With the name of the file in the folder. */
  readonly report: Report
  readonly progress: (bytes: number) => void
  readonly visit: (view: BatchView) => void
  /** Gets the records of sound batches, decompressed. */
  readonly useRecords?: (records: Buffer, view: BatchView) => void
}

export interface SegmentEnd {
  readonly nextOffset: number
  /** All batches could be made out. */
  readonly isReadable: boolean
}

export async function checkSegment(options: SegmentCheckOptions): Promise<SegmentEnd> {
  const { disk, baseOffset, size, pathOf, levelAt, report, visit, useRecords } = options
  const name = offsetFileName(baseOffset, 'log')
  const offsets = await indexOf(options, 'index', (bytes) => new OffsetIndexCheck(bytes, baseOffset))
  const times = await indexOf(options, 'timeindex', (bytes) => new TimeIndexCheck(bytes, baseOffset))
  let expectedOffset = baseOffset
  let isReadable = true
  let toldBytes = 0

  const check = (view: BatchView, position: number): boolean | Promise<boolean> => {
    const tell = (message: string): void => {
      const { baseOffset: offset } = view
      const level = levelAt(Math.min(offset, expectedOffset)) // its own may be what is wrong
      report({ level, file: name, position, offset, message: `the batch at offset ${offset}: ${message}` })
    }
    const passesEnd = levelAt(expectedOffset) !== levelAt(view.lastOffset) // of what was synced: no compaction does that
    if (view.baseOffset > expectedOffset && (!options.mayHaveGaps || passesEnd))
      tell(`it follows offset ${expectedOffset - 1}; those between are missing`)
    expectedOffset = view.lastOffset + 1
    offsets?.follow(view, position)
    times?.follow(view)
    visit(view)
    if (position - toldBytes >= PROGRESS_BYTES) {
      options.progress(position - toldBytes)
      toldBytes = position
    }
    const damage = batchDamage(view, useRecords && ((records) => useRecords(records, view)))
    if (!(damage instanceof Promise)) {
      if (damage !== undefined) tell(damage)
      return true
    }
    return damage.then((later) => {
      if (later !== undefined) tell(later)
      return true
    })
  }

  const unreadable = (part: UnreadablePart): void => {
    report({ level: levelAt(part.offset), file: name, ...part })
    isReadable = false
    expectedOffset = Infinity // what comes next does not follow, and that has been told
  }
  const nextOffset = await disk.openFor(pathOf(name), 'reading', (file) =>
    walkBatches({ file, size, baseOffset, visit: check, unreadable }),
  )
  options.progress(size - toldBytes)
  if (!isReadable) return { nextOffset, isReadable }
  offsets?.finish()
  times?.finish(options.isSealedAt(nextOffset), nextOffset - 1)
  tellIndex(options, 'index', offsets?.damage)
  tellIndex(options, 'timeindex', times?.damage)
  if (size > 0 && options.isSealedAt(nextOffset)) {
    if (offsets === undefined) tellMissing(options, 'index')
    if (times === undefined) tellMissing(options, 'timeindex')
  }
  return { nextOffset, isReadable }
}

const PROGRESS_BYTES = 1 << 20

async function indexOf<T>(options: SegmentCheckOptions, kind: OffsetFileKind, read: (bytes: Buffer) => T): Promise<T | undefined> {
  const name = offsetFileName(options.baseOffset, kind)
  const bytes = options.hasFile(name) ? await options.disk.readFile(options.pathOf(name)) : undefined
  if (bytes !== undefined) options.progress(bytes.length)
  return bytes && read(bytes)
}

function tellIndex({ baseOffset, levelAt, report }: SegmentCheckOptions, kind: OffsetFileKind, damage: IndexDamage | undefined): void {
  if (damage === undefined) return
  const { position, offset, message } = damage
  report({ level: levelAt(offset), file: offsetFileName(baseOffset, kind), position, message: `${message}. ${MADE_AGAIN}` })
}

function tellMissing({ baseOffset, report }: SegmentCheckOptions, kind: OffsetFileKind): void {
  report({ level: 'damage', file: offsetFileName(baseOffset, kind), message: `the file is missing. ${MADE_AGAIN}` })
}

const MADE_AGAIN = 'Nothing is lost: remove the file, and the broker makes it again from the batches'
