// A whole data folder: what exists, from the metadata log; then every partition; and the files that stand beside them. Reads only.

import { join } from 'node:path'
import type { ReadingDisk } from '../disk/disk.ts'
import { CLEAN_SHUTDOWN, hasChecksum, LOG_START_OFFSETS, parseCheckpoint, parseSizesAtRest, RECOVERY_POINTS } from '../log/checkpoints.ts'
import { CLEANER_OFFSETS } from './compaction/cleaner-offsets.ts'
import {
  JOURNAL_FOLDER,
  isDamagedJournalName,
  isDeletedFolderName,
  isSideFile,
  logFolderName,
  parseLogFolderName,
} from '../log/file-names.ts'
import { listLogFolders } from '../log/log-folders.ts'
import { Malformed } from '../wire/reader.ts'
import { readRecords } from '../wire/records/record.ts'
import type { Report } from './finding.ts'
import { checkJournal } from './journal-check.ts'
import { checkPartition, type PartitionFacts, type Totals } from './partition-check.ts'

export const DATA_FOLDER_PROPERTIES = 'meta.properties'

/** What a record of the metadata log says of topics; undefined when nothing. Throws Malformed. */
type DecodeTopic = (
  key: Buffer | null,
  value: Buffer | null,
) => { readonly topicId: string; readonly topic: KnownTopic | undefined } | undefined

interface KnownTopic {
  readonly name: string
  readonly partitionCount: number
  /** Compaction leaves offsets out. */
  readonly mayHaveGaps: boolean
}

/** Of the log of what exists. */
export interface MetadataLogFacts {
  readonly folderName: string
  readonly topicId: string
  readonly decode: DecodeTopic
  /** Of data folders; those of later versions may hold what we do not know. */
  readonly layoutVersion: number
}

interface FolderCheckOptions {
  readonly disk: ReadingDisk
  readonly dataFolder: string
  readonly metadata: MetadataLogFacts
  /** The one partition folder that is to be checked; all when undefined. */
  readonly only: string | undefined
  readonly report: Report
  readonly totals: Totals
  /** Gets what is known of each partition before it is checked. */
  readonly partition?: (folderName: string, facts: PartitionFacts) => void
}

/** Not part of what the broker promises, and gone or written anew at the next start. */
const PASSING_FILES = /^(\.lock\.\d+|\.lock-[\w-]+(\.sock)?|\.flock|\.ottla-status\.json|.*\.tmp)$/

export async function checkDataFolder(options: FolderCheckOptions): Promise<void> {
  await new FolderCheck(options, (await options.disk.list(options.dataFolder)) ?? []).run()
}

const CHECKED_FROM_START = 'The next start checks every log from its start instead'
const UNREADABLE: Readonly<Record<string, string>> = {
  [RECOVERY_POINTS]: CHECKED_FROM_START,
  [LOG_START_OFFSETS]: CHECKED_FROM_START,
  [CLEANER_OFFSETS]: 'Nothing is lost: compaction begins at the start of every log again',
}

class FolderCheck {
  readonly #options: FolderCheckOptions
  readonly #names: ReadonlySet<string>
  readonly #topics = new Map<string, KnownTopic>() // by id
  readonly #deletedIds = new Set<string>()
  #recoveryPoints: ReadonlyMap<string, number> | undefined
  #logStartOffsets: ReadonlyMap<string, number> | undefined
  #cleanerOffsets: ReadonlyMap<string, number> | undefined
  #atRest: ReadonlyMap<string, number> | undefined

  constructor(options: FolderCheckOptions, names: readonly string[]) {
    this.#options = options
    this.#names = new Set(names)
  }

  async run(): Promise<void> {
    const { only, metadata } = this.#options
    this.#recoveryPoints = await this.#readCheckpoint(RECOVERY_POINTS)
    this.#logStartOffsets = await this.#readCheckpoint(LOG_START_OFFSETS)
    if (this.#names.has(CLEANER_OFFSETS)) this.#cleanerOffsets = await this.#readCheckpoint(CLEANER_OFFSETS)
    this.#atRest = await this.#readMarker()
    if (only === undefined) {
      await this.#checkProperties()
      this.#listUnknown()
      await checkJournal(this.#options.disk, this.#options.dataFolder, this.#options.report)
    }
    if (!this.#names.has(metadata.folderName)) this.#tell('damage', metadata.folderName, 'the log of what exists is missing')
    else await this.#checkMetadataLog(only === undefined || only === metadata.folderName)
    if (only === metadata.folderName) return
    await this.#checkPartitions()
    if (only === undefined) this.#checkMissing()
  }

  async #checkProperties(): Promise<void> {
    const text = (await this.#options.disk.readFile(join(this.#options.dataFolder, DATA_FOLDER_PROPERTIES)))?.toString()
    const found = /^version=1\ncluster\.id=[\w-]{22}\nnode\.id=\d+\nottla\.layout\.version=(\d+)\n$/.exec(text ?? '')
    if (text === undefined) this.#tell('damage', DATA_FOLDER_PROPERTIES, 'the file is missing')
    else if (found === null) this.#tell('damage', DATA_FOLDER_PROPERTIES, 'the file is not as it was written')
    else if (Number(found[1]) !== this.#options.metadata.layoutVersion)
      this.#tell('note', DATA_FOLDER_PROPERTIES, `the folder has layout ${found[1]}, of another version of Ottla`)
  }

  #listUnknown(): void {
    const known = new Set([DATA_FOLDER_PROPERTIES, RECOVERY_POINTS, LOG_START_OFFSETS, CLEANER_OFFSETS, CLEAN_SHUTDOWN, JOURNAL_FOLDER])
    for (const name of this.#names) {
      if (isDeletedFolderName(name)) this.#tell('note', name, 'a deleted partition; the next start removes it')
      else if (isDamagedJournalName(name)) this.#tell('note', name, 'a damaged journal, kept by a repair for you to look at')
      else if (!known.has(name) && !PASSING_FILES.test(name) && parseLogFolderName(name) === undefined)
        this.#tell('note', name, isSideFile(name) ? 'what a repair took out, kept for you to look at' : 'not a file of a data folder')
    }
  }

  async #readCheckpoint(name: string): Promise<ReadonlyMap<string, number> | undefined> {
    const bytes = this.#names.has(name) ? await this.#options.disk.readFile(join(this.#options.dataFolder, name)) : undefined
    const offsets = bytes === undefined ? new Map<string, number>() : parseCheckpoint(bytes.toString())
    if (bytes === undefined && this.#names.has(CLEAN_SHUTDOWN)) this.#tell('damage', name, 'the file is missing, after a clean stop')
    if (offsets === undefined) this.#tell('damage', name, `the file cannot be read. ${UNREADABLE[name]!}`)
    else if (bytes !== undefined && !hasChecksum(bytes.toString())) this.#tell('note', name, 'the file has no checksum')
    return offsets
  }

  async #readMarker(): Promise<ReadonlyMap<string, number> | undefined> {
    if (!this.#names.has(CLEAN_SHUTDOWN)) return undefined
    const sizes = parseSizesAtRest(String(await this.#options.disk.readFile(join(this.#options.dataFolder, CLEAN_SHUTDOWN))))
    if (sizes === undefined) this.#tell('damage', CLEAN_SHUTDOWN, 'the file cannot be read. The next start recovers every log')
    return sizes
  }

  /** Quiet, when only what it says of another folder is of interest. */
  async #checkMetadataLog(isTold: boolean): Promise<void> {
    const { metadata, report, totals } = this.#options
    const { folderName, topicId, decode } = metadata
    const told: Report = isTold ? report : () => undefined
    const facts = { ...this.#factsOf(folderName), topicId, mayHaveGaps: this.#wasCompacted(folderName) }
    await this.#checkPartition(folderName, facts, told, (records, view) => {
      for (const record of readRecords(records, view)) {
        try {
          this.#replay(decode(record.key, record.value))
        } catch (error) {
          if (!(error instanceof Malformed)) throw error
          told({
            level: 'damage',
            file: folderName,
            offset: record.offset,
            message: `the record at offset ${record.offset}: ${error.message}`,
          })
        }
      }
    })
    if (!isTold) Object.assign(totals, { bytes: 0, batches: 0, records: 0 })
  }

  #replay(change: ReturnType<DecodeTopic>): void {
    if (change === undefined) return
    if (change.topic !== undefined) {
      const hadGaps = this.#topics.get(change.topicId)?.mayHaveGaps === true // they stay when a topic is compacted no more
      return void this.#topics.set(change.topicId, { ...change.topic, mayHaveGaps: change.topic.mayHaveGaps || hadGaps })
    }
    this.#topics.delete(change.topicId)
    this.#deletedIds.add(change.topicId)
  }

  async #checkPartitions(): Promise<void> {
    const { disk, dataFolder, only, metadata, report } = this.#options
    const idsByName = new Map([...this.#topics].map(([id, { name }]) => [name, id]))
    for (const found of await listLogFolders(disk, dataFolder)) {
      const folderName = logFolderName(found.topic, found.partition)
      if (folderName === metadata.folderName || (only !== undefined && only !== folderName)) continue
      const id = idsByName.get(found.topic)
      if (found.topicId !== undefined && found.topicId !== id && this.#deletedIds.has(found.topicId)) {
        this.#tell('note', folderName, 'a partition of a deleted topic; the next start removes it')
        continue
      }
      const topic = id === undefined ? undefined : this.#topics.get(id)
      if (topic === undefined) this.#tell('note', folderName, 'a partition of no known topic; the broker leaves it alone')
      else if (found.partition >= topic.partitionCount)
        this.#tell('damage', folderName, `the topic has ${topic.partitionCount} partitions, numbered from 0`)
      const mayHaveGaps = this.#wasCompacted(folderName) || (topic?.mayHaveGaps ?? true)
      await this.#checkPartition(folderName, { ...this.#factsOf(folderName), topicId: id, mayHaveGaps }, report)
    }
  }

  /** Logs that were synced, and whose folders are gone. */
  #checkMissing(): void {
    for (const [checkpoint, offsets] of [
      [RECOVERY_POINTS, this.#recoveryPoints],
      [LOG_START_OFFSETS, this.#logStartOffsets],
    ] as const) {
      for (const [key, offset] of offsets ?? []) {
        const folderName = key.replace(' ', '-')
        if (!this.#names.has(folderName)) this.#tell('damage', checkpoint, `it names ${folderName} (offset ${offset}), which is not there`)
      }
    }
  }

  /** Also by a default of the broker's. */
  #wasCompacted(folderName: string): boolean {
    const { topic, partition } = parseLogFolderName(folderName)!
    return this.#cleanerOffsets?.has(`${topic} ${partition}`) === true
  }

  #factsOf(folderName: string): Omit<PartitionFacts, 'topicId' | 'mayHaveGaps'> {
    const { topic, partition } = parseLogFolderName(folderName)!
    const key = `${topic} ${partition}`
    return {
      recoveryPoint: this.#recoveryPoints === undefined ? undefined : (this.#recoveryPoints.get(key) ?? 0),
      logStartOffset: this.#logStartOffsets?.get(key) ?? 0,
      wasCleanShutdown: this.#atRest !== undefined && (this.#atRest.has(key) || folderName === this.#options.metadata.folderName),
    }
  }

  async #checkPartition(
    folderName: string,
    facts: PartitionFacts,
    report: Report,
    useRecords?: Parameters<typeof checkPartition>[0]['useRecords'],
  ): Promise<void> {
    const { disk, dataFolder, totals } = this.#options
    this.#options.partition?.(folderName, facts)
    await checkPartition({
      disk,
      folder: join(dataFolder, folderName),
      facts,
      report: (finding) => report({ ...finding, file: join(folderName, finding.file) }),
      totals,
      ...(useRecords === undefined ? {} : { useRecords }),
    })
  }

  #tell(level: 'damage' | 'note', file: string, message: string): void {
    this.#options.report({ level, file, message })
  }
}
