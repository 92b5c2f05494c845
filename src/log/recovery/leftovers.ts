// What an exchange of segments left half done when the process ended, by the names of the files. A `.log.swap` file is whole and on disk: it takes the place
// of every segment that begins at one of the offsets that it covers. The rest is of no use: `.cleaned` was not finished, `.deleted` is no part of the log.
// Stopped anywhere and started again, it comes to the same result.

import { Damaged } from './damaged.ts'
import type { Disk } from '../../disk/disk.ts'
import { type OffsetFileKind, offsetFileName, parseOffsetFileName, parsePassingFileName, type PassingSuffix } from '../file-names.ts'
import type { LogFolder } from '../log-folder.ts'
import { scanBatches } from '../segments/segment-scan.ts'

const SWAP: PassingSuffix = '.swap'
const DELETED: PassingSuffix = '.deleted'
/** The log last: once it has its name, nothing tells that there was a swap. */
const SWAPPED_KINDS = ['index', 'timeindex', 'log'] as const satisfies readonly OffsetFileKind[]
const REPLACED_KINDS: ReadonlySet<OffsetFileKind> = new Set(['log', 'index', 'timeindex', 'txnindex'])

/** Before the log is looked at. Whether there was anything to finish. Rejects with Damaged when a file cannot be read, and has touched nothing then. */
export async function finishSwaps(disk: Disk, folder: LogFolder, names: ReadonlySet<string>): Promise<boolean> {
  const swaps = [...names].map(parsePassingFileName).filter((file) => file?.suffix === SWAP && file.kind === 'log')
  const covered = await Promise.all(swaps.map(async (swap) => ({ from: swap!.offset, to: await endOf(disk, folder, swap!.offset) })))
  for (const { from, to } of covered) {
    await retireBetween(disk, folder, names, from, to)
    await nameSwapped(disk, folder, from)
  }
  return covered.length > 0
}

/** Gives the files of a `.swap` segment their names, those of the segments it replaces being free; on disk once this resolves. */
async function nameSwapped(disk: Disk, folder: LogFolder, baseOffset: number): Promise<void> {
  const present = await folder.look()
  for (const kind of SWAPPED_KINDS) {
    const name = offsetFileName(baseOffset, kind)
    if (present.has(name + SWAP)) await disk.rename(folder.file(name + SWAP), folder.file(name))
  }
  await folder.sync()
}

/** Once the log is open: what no log needs. */
export async function removeLeftovers(disk: Disk, folder: LogFolder, names: ReadonlySet<string>): Promise<void> {
  const passing = [...names].filter((name) => parsePassingFileName(name) !== undefined)
  for (const name of passing.toSorted()) await disk.unlink(folder.file(name))
}

async function retireBetween(disk: Disk, folder: LogFolder, names: ReadonlySet<string>, from: number, to: number): Promise<void> {
  for (const name of names) {
    const file = parseOffsetFileName(name)
    if (file === undefined || file.offset < from || file.offset >= to) continue
    if (REPLACED_KINDS.has(file.kind)) await disk.rename(folder.file(name), folder.file(name + DELETED))
    else if (file.kind === 'snapshot' && file.offset > from) await disk.unlink(folder.file(name))
  }
  await folder.sync()
}

/** The offset after its last batch: it covers all that it replaces (see clean-segments.ts). */
async function endOf(disk: Disk, folder: LogFolder, baseOffset: number): Promise<number> {
  const path = folder.file(offsetFileName(baseOffset, 'log') + SWAP)
  const range = { start: 0, end: await disk.fileSize(path), nextOffset: baseOffset, checksumFrom: Number.POSITIVE_INFINITY }
  const { nextOffset, damage, position } = await disk.openFor(path, 'reading', (file) => scanBatches(file, range, () => true))
  if (damage !== undefined) throw new Damaged(`a compacted segment, ${baseOffset}, is damaged at byte ${position}: ${damage}`)
  return nextOffset
}
