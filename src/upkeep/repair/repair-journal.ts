// Writes the journal anew when a part of it cannot be read, so that the next start replays all the rest. Where the lost entries were of a log that goes on
// behind them, an empty batch takes the place of their offsets, as in a segment. The old files are copied into a folder of their own first. The new file's
// numbers follow those of the old ones: `first-number` tells which of them count, so that it may be stopped anywhere and begun again.

import { basename, join } from 'node:path'
import type { Disk } from '../../disk/disk.ts'
import { emptyBatches } from '../../log/batches/empty-batch.ts'
import { damagedJournalName, JOURNAL_FOLDER } from '../../log/file-names.ts'
import { newMark } from '../../log/journal/journal-entry.ts'
import { FIRST_NUMBER, formatFirstNumber } from '../../log/journal/journal-files.ts'
import { JournalReader } from '../../log/journal/journal-reader.ts'
import { encodeRound, type EntryToWrite } from '../../log/journal/journal-round.ts'
import type { FoundEntry, JournalVisitor, LostEntries } from '../../log/journal/journal-scan.ts'
import type { BatchView } from '../../wire/records/batch.ts'
import type { RepairAction } from './repair-segments.ts'

interface JournalToRepair {
  readonly disk: Disk
  readonly dataFolder: string
  /** Up to where a log is known to be synced, and its name; undefined when there is no such log. */
  readonly find: (topicId: string, partition: number) => { readonly name: string; readonly recoveryPoint: number } | undefined
}

/** None when all of it can be read. */
export async function planJournal(journal: JournalToRepair): Promise<RepairAction[]> {
  const { disk, dataFolder } = journal
  const folder = join(dataFolder, JOURNAL_FOLDER)
  const reader = await JournalReader.open(disk, folder)
  if (reader === undefined) return []
  const readable = new Readable(journal)
  const nextNumber = await reader.read(readable)
  const lost = [...readable.losses, ...reader.unreadable.map((path) => `${basename(path)} cannot be read at all`)]
  if (lost.length === 0) return []
  const names = new Set(await disk.list(dataFolder))
  let number = 1
  while (names.has(damagedJournalName(number))) number++
  const keptName = damagedJournalName(number)
  const { entries } = readable
  return [
    {
      file: JOURNAL_FOLDER,
      message: `${lost.join('; ')}; the next start replays the other ${readable.foundCount} entries; the journal as it was is kept in ${keptName}`,
      async apply() {
        await keepFiles(disk, folder, join(dataFolder, keptName))
        const { chunks } = encodeRound(entries, { firstNumber: nextNumber, mark: newMark(), beginsFile: true })
        const path = join(folder, `repaired-${number}.journal`)
        await disk.replaceFile(path, Buffer.concat(chunks))
        await disk.replaceFile(join(folder, FIRST_NUMBER), Buffer.from(formatFirstNumber(nextNumber)))
        for (const old of reader.paths) if (old !== path) await disk.unlink(old)
        await disk.syncFolder(folder)
      },
    },
  ]
}

async function keepFiles(disk: Disk, folder: string, keptFolder: string): Promise<void> {
  await disk.makeFolder(keptFolder)
  for (const name of (await disk.list(folder)) ?? [])
    await disk.replaceFile(join(keptFolder, name), (await disk.readFile(join(folder, name))) ?? Buffer.alloc(0))
  await disk.syncFolder(join(keptFolder, '..'))
}

class Readable implements JournalVisitor {
  readonly #find: JournalToRepair['find']
  readonly #ends = new Map<string, number>() // of what the journal has, by log
  readonly entries: EntryToWrite[] = []
  readonly losses: string[] = []
  foundCount = 0

  constructor({ find }: JournalToRepair) {
    this.#find = find
  }

  entry(entry: FoundEntry): void {
    this.foundCount++
    const { topicId, partition, baseOffset, batches } = entry
    const log = this.#find(topicId, partition)
    if (log === undefined) return
    const key = `${topicId} ${partition}`
    const end = this.#ends.get(key) ?? log.recoveryPoint
    const [first] = batches
    if (first !== undefined && this.losses.length > 0 && end < baseOffset) {
      this.losses.push(`an empty batch takes the place of offsets ${end} to ${baseOffset - 1} of ${log.name}, where it lacks them`)
      const bytes = emptyBatches({ fromOffset: end, toOffset: baseOffset, leaderEpoch: first.partitionLeaderEpoch })
      this.entries.push({ topicId, partition, baseOffset: end, batches: [bytes], size: bytes.length })
    }
    this.#ends.set(key, (batches.at(-1)?.lastOffset ?? baseOffset - 1) + 1)
    const copies = batches.map(bytesOf)
    this.entries.push({ topicId, partition, baseOffset, batches: copies, size: copies.reduce((sum, { length }) => sum + length, 0) })
  }

  lost({ fromNumber, toNumber, header }: LostEntries): void {
    const name = header && this.#find(header.topicId, header.partition)?.name
    const whose = header === undefined ? '' : `, of ${name ?? 'a deleted topic'} from offset ${header.baseOffset} on`
    this.losses.push(`entries ${fromNumber} to ${toNumber - 1} are lost${whose}`)
  }
}

const bytesOf = ({ buffer, position, sizeInBytes }: BatchView): Buffer => Buffer.from(buffer.subarray(position, position + sizeInBytes))
