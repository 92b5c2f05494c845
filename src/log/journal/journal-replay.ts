// Brings the logs to where the journal says they were: what was acknowledged and is not in the segments, after a power loss, is appended to them again.
// The first pass over the files finds out how far each log reaches, the second one has only the logs that end before. Entries of deleted topics and those that
// the segments hold are skipped, so replaying twice changes nothing. When all of it is in the segments, synced, and only then, the files go.

import { dirname, join } from 'node:path'
import type { Disk, ReadingDisk } from '../../disk/disk.ts'
import { atOnce } from '../../lib/at-once.ts'
import type { Diagnostics } from '../../lib/diagnostics.ts'
import { BatchView } from '../../wire/records/batch.ts'
import { emptyBatches } from '../batches/empty-batch.ts'
import { offsetFileName } from '../file-names.ts'
import { FIRST_NUMBER, formatFirstNumber } from './journal-files.ts'
import { JournalReader } from './journal-reader.ts'
import type { FoundEntry, JournalVisitor, LostEntries } from './journal-scan.ts'

/** What a replay needs of a log. */
interface ReplayedLog {
  /** Everything below was synced, as the checkpoint says. */
  readonly recoveryPoint: number
  /** Recovers what is in its folder. It stays open until `letGo`. */
  open(): Promise<OpenedLog>
  letGo(): void
}

interface OpenedLog {
  readonly logEndOffset: number
  /** Why nothing can be appended to it. */
  readonly offlineReason: string | undefined
  epochAt(offset: number): number
  /** At the log's end, as it was appended first. */
  restore(batch: BatchView): Promise<void>
  readonly folder: string
  /** What was acknowledged is missing. */
  takeOffline(damage: string): void
  flush(): Promise<void>
}

export interface JournalReplayOptions {
  readonly disk: Disk
  readonly folder: string
  readonly diagnostics: Diagnostics
  /** undefined when there is no such topic any more. */
  readonly find: (topicId: string, partition: number) => ReplayedLog | undefined
}

/** Entries that were acknowledged cannot be read, and nobody knows of which log they are. */
class JournalDamaged extends Error {
  override name = 'JournalDamaged'

  constructor(what: string, folder: string) {
    const advice = `ottla verify ${dirname(folder)} tells more; ottla repair ${dirname(folder)} keeps what can be read, and the journal as it is beside it`
    super(`${what}. Nothing was changed. ${advice}.`)
  }
}

const OPENED_AT_ONCE = 32

/** What an earlier run left. */
export interface JournalToReplay {
  readonly reader: JournalReader
  readonly logs: ReadonlyMap<string, LogReach>
  readonly nextNumber: number
}

/** Changes nothing: before anything else is. Rejects with JournalDamaged; resolves to undefined when there is no journal. */
export async function surveyJournal(disk: ReadingDisk, folder: string): Promise<JournalToReplay | undefined> {
  const reader = await JournalReader.open(disk, folder)
  if (reader === undefined) return undefined
  const [path] = reader.unreadable
  if (path !== undefined) throw new JournalDamaged(`the header of ${path} is damaged, a file of the journal`, folder)
  const reach = new Reach(folder)
  return { reader, logs: reach.logs, nextNumber: await reader.read(reach) }
}

/** Resolves to the number of the next entry. */
export async function replayJournal(journal: JournalToReplay | undefined, options: JournalReplayOptions): Promise<number> {
  if (journal === undefined) return 1
  const { disk, folder } = options
  const { reader, nextNumber } = journal
  await restoreAll(options, journal)
  await disk.replaceFile(join(folder, FIRST_NUMBER), Buffer.from(formatFirstNumber(nextNumber)))
  for (const path of reader.paths) await disk.unlink(path)
  await disk.syncFolder(folder)
  return nextNumber
}

interface LogReach {
  readonly topicId: string
  readonly partition: number
  endOffset: number
  /** Entries below it are of a time before the log was truncated: they were in its segments then. */
  sinceNumber: number
}

const keyOf = ({ topicId, partition }: Pick<LogReach, 'topicId' | 'partition'>): string => `${topicId} ${partition}`

/** How far each log reaches, and what is lost. */
class Reach implements JournalVisitor {
  readonly logs = new Map<string, LogReach>()
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  entry(entry: FoundEntry): void {
    const last = entry.batches.at(-1)
    if (last !== undefined) this.#extend(entry, last.lastOffset)
    else this.logs.set(keyOf(entry), { ...entry, endOffset: entry.baseOffset, sinceNumber: entry.number })
  }

  lost({ fromNumber, toNumber, header }: LostEntries): void {
    if (header === undefined || toNumber - fromNumber > 1)
      throw new JournalDamaged(
        `entries ${fromNumber} to ${toNumber - 1} of the journal, which were acknowledged, cannot be read`,
        this.#folder,
      )
    this.#extend(header, header.baseOffset)
  }

  #extend({ topicId, partition }: Pick<LogReach, 'topicId' | 'partition'>, lastOffset: number): void {
    const key = keyOf({ topicId, partition })
    const reach = this.logs.get(key)
    if (reach === undefined) this.logs.set(key, { topicId, partition, endOffset: lastOffset + 1, sinceNumber: 0 })
    else reach.endOffset = Math.max(reach.endOffset, lastOffset + 1)
  }
}

async function restoreAll(options: JournalReplayOptions, { reader, logs }: JournalToReplay): Promise<void> {
  const short = await openThoseBehind(options, logs)
  if (short.size === 0) return
  const restoring = new Restoring(short)
  await reader.read(restoring, () => restoring.settle())
  for (const log of short.values()) {
    await log.finish(options.disk)
    log.letGo()
    options.diagnostics.info('appended to a log what the journal had of it', {
      topicId: log.reach.topicId,
      partition: log.reach.partition,
      restoredBatches: log.restoredBatches,
    })
  }
}

/** The logs that end before what the journal has of them. */
async function openThoseBehind({ find }: JournalReplayOptions, logs: JournalToReplay['logs']): Promise<Map<string, LogBehind>> {
  const behind = new Map<string, LogBehind>()
  await atOnce(OPENED_AT_ONCE, logs.entries(), async ([key, reach]) => {
    const found = find(reach.topicId, reach.partition)
    if (found === undefined || found.recoveryPoint >= reach.endOffset) return
    const log = await found.open()
    const isBehind = log.offlineReason !== undefined || log.logEndOffset < reach.endOffset
    if (isBehind) behind.set(key, new LogBehind(log, reach, () => found.letGo()))
    else found.letGo()
  })
  return behind
}

/** One log that lacks what the journal has. */
class LogBehind {
  readonly reach: LogReach
  readonly letGo: () => void
  readonly #log: OpenedLog
  readonly #apart: BatchView[] = []
  #missing: string | undefined
  #restoring: Promise<unknown> = Promise.resolve()
  restoredBatches = 0

  constructor(log: OpenedLog, reach: LogReach, letGo: () => void) {
    this.letGo = letGo
    this.#log = log
    this.reach = reach
    this.#missing = log.offlineReason
  }

  take(found: BatchView): void {
    const { logEndOffset } = this.#log
    const batch = fitted(found, this.#log)
    if (batch.baseOffset > logEndOffset)
      this.#missing ??= `the journal goes on at offset ${batch.baseOffset}, but the log ends at ${logEndOffset}`
    if (this.#missing !== undefined) this.#apart.push(batch)
    else if (batch.baseOffset === logEndOffset) {
      const restored = this.#log.restore(batch)
      restored.catch(() => undefined) // `settle` rejects
      this.#restoring = Promise.all([this.#restoring, restored])
      this.restoredBatches++
    }
  }

  settle(): Promise<unknown> {
    return this.#restoring
  }

  /** Everything is on disk: in the log, or where it cannot be appended to that, in a file beside the segments that nothing reads. */
  async finish(disk: Disk): Promise<void> {
    if (this.#log.offlineReason === undefined && this.#log.logEndOffset < this.reach.endOffset)
      this.#missing ??= `the journal cannot be read where it has offset ${this.#log.logEndOffset}`
    if (this.#missing === undefined) return this.#log.flush()
    if (this.#log.offlineReason === undefined) this.#log.takeOffline(this.#missing)
    const { folder } = this.#log
    if ((await disk.list(folder)) === undefined) return
    const fromOffset = this.#apart[0]?.baseOffset ?? this.reach.endOffset // without a batch, the file still tells the next start what is missing
    await disk.replaceFile(join(folder, offsetFileName(fromOffset, 'unreplayed')), Buffer.concat(this.#apart.map(bytesOf)))
  }
}

/** What a repair put in the place of lost entries covers more than the log lacks, and where nothing follows it, is of no epoch. */
function fitted(batch: BatchView, log: OpenedLog): BatchView {
  const { baseOffset, lastOffset, recordCount, partitionLeaderEpoch } = batch
  const fromOffset = log.logEndOffset
  if (recordCount > 0 || baseOffset > fromOffset || lastOffset < fromOffset) return batch
  const leaderEpoch = partitionLeaderEpoch === -1 ? log.epochAt(fromOffset) : partitionLeaderEpoch
  return new BatchView(emptyBatches({ fromOffset, toOffset: lastOffset + 1, leaderEpoch }))
}

const bytesOf = ({ buffer, position, sizeInBytes }: BatchView): Buffer => buffer.subarray(position, position + sizeInBytes)

class Restoring implements JournalVisitor {
  readonly #behind: ReadonlyMap<string, LogBehind>

  constructor(behind: ReadonlyMap<string, LogBehind>) {
    this.#behind = behind
  }

  entry(entry: FoundEntry): void {
    const log = this.#behind.get(keyOf(entry))
    if (log === undefined || entry.number < log.reach.sinceNumber) return
    for (const batch of entry.batches) log.take(batch)
  }

  lost(): void {
    // what that means for a log shows where it goes on
  }

  async settle(): Promise<void> {
    for (const log of this.#behind.values()) await log.settle()
  }
}
