// Writes the journal anew when a part of it cannot be read, so that the next start replays all the rest. Where the lost entries were of a log that goes on
// behind them, an empty batch takes the place of their offsets, as in a segment. The old files are copied into a folder of their own first. The new file's
// numbers follow those of the old ones: `first-number` tells which of them count, so that it may be stopped anywhere and begun again.

import { basename, join } from 'node:path'
import type { Disk } from '../../disk/disk.ts'
import { emptyBatches } from '../../log/batches/empty-batch.ts'
import { damagedJournalName, JOURNAL_FOLDER } from '../../log/file-names.ts'
import { type EntryToWrite, newMark } from '../../log/journal/journal-entry.ts'
import { FIRST_NUMBER, formatFirstNumber } from '../../log/journal/journal-files.ts'
import { JournalReader } from '../../log/journal/journal-reader.ts'
import { encodeRound } from '../../log/journal/journal-round.ts'
import type { FoundEntry, JournalVisitor, LostEntries } from '../../log/journal/journal-scan.ts'
import { BATCH_HEADER_SIZE, BatchView } from '../../wire/records/batch.ts'
import type { RepairAction } from './repair-segments.ts'
import { SideFiles } from './side-files.ts'

const OF_NO_EPOCH = -1 // the replay gives it the log's own

/** Batches of a log, of which one before them is missing. */
export interface Unreplayed {
  readonly topicId: string
  readonly partition: number
  readonly folder: string
  readonly file: string
  /** From where on there is something, or could be. */
  readonly fromOffset: number
  readonly bytes: Buffer
}

interface JournalToRepair {
  readonly disk: Disk
  readonly dataFolder: string
  /** What an earlier start could not append, and kept. */
  readonly unreplayed: readonly Unreplayed[]
  /** Up to where a log is known to be synced, and its name; undefined when there is no such log. */
  readonly find: (topicId: string, partition: number) => { readonly name: string; readonly recoveryPoint: number } | undefined
}

/** None when all of it can be read. */
export async function planJournal(journal: JournalToRepair): Promise<RepairAction[]> {
  const { disk, dataFolder } = journal
  const folder = join(dataFolder, JOURNAL_FOLDER)
  const reader = await JournalReader.open(disk, folder)
  const readable = new Readable(journal)
  const nextNumber = (await reader?.read(readable)) ?? 1
  const lost = [...readable.losses, ...(reader?.unreadable ?? []).map((path) => `${basename(path)} cannot be read at all`)]
  const { foundCount } = readable
  for (const kept of journal.unreplayed) readable.add(kept)
  if (lost.length === 0 && journal.unreplayed.length === 0) return []
  const names = new Set(await disk.list(dataFolder))
  let number = 1
  while (names.has(damagedJournalName(number))) number++
  const keptName = damagedJournalName(number)
  const { entries } = readable
  return [
    {
      file: JOURNAL_FOLDER,
      message: [
        ...lost,
        ...journal.unreplayed.map(
          ({ folder: log, file, bytes }) =>
            `the next start appends ${bytes.length > 0 ? `what is in ${basename(log)}/${file}, behind ` : ''}an empty batch`,
        ),
        `the next start replays the other ${foundCount} entries; the journal as it was is kept in ${keptName}`,
      ].join('; '),
      async apply() {
        await disk.makeFolder(folder)
        await keepFiles(disk, folder, join(dataFolder, keptName))
        const { chunks } = encodeRound(entries, { firstNumber: nextNumber, mark: newMark(), beginsFile: true })
        const path = join(folder, `repaired-${number}.journal`)
        await disk.replaceFile(path, Buffer.concat(chunks))
        await disk.replaceFile(join(folder, FIRST_NUMBER), Buffer.from(formatFirstNumber(nextNumber)))
        for (const old of reader?.paths ?? []) if (old !== path) await disk.unlink(old)
        await disk.syncFolder(folder)
        for (const { folder: log, file } of journal.unreplayed) await new SideFiles(disk, log, (await disk.list(log)) ?? []).keep(file)
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
  #isGap = false // offsets may be missing from now on
  foundCount = 0

  constructor({ find }: JournalToRepair) {
    this.#find = find
  }

  entry(entry: FoundEntry): void {
    this.foundCount++
    const { topicId, partition, baseOffset, batches } = entry
    if (this.#find(topicId, partition) === undefined) return
    const [first] = batches
    if (first !== undefined && this.#isGap) this.#fill(entry, baseOffset, first.partitionLeaderEpoch)
    this.#ends.set(`${topicId} ${partition}`, (batches.at(-1)?.lastOffset ?? baseOffset - 1) + 1)
    const copies = batches.map(bytesOf)
    this.entries.push({ topicId, partition, baseOffset, batches: copies, size: copies.reduce((sum, { length }) => sum + length, 0) })
  }

  #fill({ topicId, partition }: Pick<FoundEntry, 'topicId' | 'partition'>, toOffset: number, leaderEpoch: number): void {
    const log = this.#find(topicId, partition)!
    const fromOffset = this.#ends.get(`${topicId} ${partition}`) ?? log.recoveryPoint
    if (fromOffset >= toOffset) return
    this.losses.push(`an empty batch takes the place of offsets ${fromOffset} to ${toOffset - 1} of ${log.name}, where it lacks them`)
    const bytes = emptyBatches({ fromOffset, toOffset, leaderEpoch })
    this.entries.push({ topicId, partition, baseOffset: fromOffset, batches: [bytes], size: bytes.length })
  }

  add({ topicId, partition, fromOffset, bytes }: Unreplayed): void {
    if (bytes.length === 0) this.#fill({ topicId, partition }, fromOffset, OF_NO_EPOCH)
    for (let position = 0; position + BATCH_HEADER_SIZE <= bytes.length;) {
      const batch = new BatchView(bytes, position)
      if (batch.sizeInBytes < BATCH_HEADER_SIZE || position + batch.sizeInBytes > bytes.length || !batch.isCrcValid) break
      this.#isGap = true
      this.entry({ number: 0, place: 0, size: batch.sizeInBytes, topicId, partition, baseOffset: batch.baseOffset, batches: [batch] })
      position += batch.sizeInBytes
    }
  }

  lost({ fromNumber, toNumber, header }: LostEntries): void {
    const name = header && this.#find(header.topicId, header.partition)?.name
    const whose = header === undefined ? '' : `, of ${name ?? 'a deleted topic'} from offset ${header.baseOffset} on`
    this.#isGap = true
    this.losses.push(`entries ${fromNumber} to ${toNumber - 1} are lost${whose}`)
  }
}

const bytesOf = ({ buffer, position, sizeInBytes }: BatchView): Buffer => Buffer.from(buffer.subarray(position, position + sizeInBytes))
