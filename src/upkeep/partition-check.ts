// Every file of one partition's folder: the segments, one after the other, and what stands beside them, against what the segments hold.
// What a crash may leave past the recovery point is a note: the next start cuts it off, or makes it again.

import { basename, join } from 'node:path'
import type { ReadingDisk } from '../disk/disk.ts'
import { LOG_START_OFFSETS } from '../log/checkpoints.ts'
import {
  LEADER_EPOCH_CHECKPOINT,
  offsetFileName,
  PARTITION_METADATA,
  isSideFile,
  parseOffsetFileName,
  parsePassingFileName,
  type PassingSuffix,
} from '../log/file-names.ts'
import { LeaderEpochs } from '../log/leader-epochs.ts'
import { parsePartitionMetadata } from '../log/log-folder.ts'
import { decodeSnapshot } from '../log/producers/producer-snapshot.ts'
import { parseTransactionIndex } from '../log/segments/transaction-index.ts'
import type { BatchView } from '../wire/records/batch.ts'
import type { Level, Report } from './finding.ts'
import { checkSegment } from './segment-check.ts'

/** What is known of the partition from elsewhere; a folder by itself must be as a clean stop leaves it. */
export interface PartitionFacts {
  readonly topicId: string | undefined
  /** Everything below it was synced. undefined: not known, so that everything must be sound. */
  readonly recoveryPoint: number | undefined
  /** undefined: not known. */
  readonly logStartOffset: number | undefined
  readonly mayHaveGaps: boolean
  readonly wasCleanShutdown: boolean
}

export interface Totals {
  bytes: number
  batches: number
  records: number
}

export interface PartitionCheckOptions {
  readonly disk: ReadingDisk
  readonly folder: string
  readonly facts: PartitionFacts
  /** With names of files in the folder. */
  readonly report: Report
  readonly totals: Totals
  readonly useRecords?: (records: Buffer, view: BatchView) => void
}

export async function checkPartition(options: PartitionCheckOptions): Promise<void> {
  await new PartitionCheck(options, (await options.disk.list(options.folder)) ?? []).run()
}

class PartitionCheck {
  readonly #options: PartitionCheckOptions
  readonly #names: ReadonlySet<string>
  readonly #epochs = new LeaderEpochs() // as the batches have them
  readonly #epochRanges: { readonly epoch: number; readonly first: number; last: number }[] = []
  #endOffset = 0
  #firstOffset: number | undefined
  #isReadable = true

  constructor(options: PartitionCheckOptions, names: readonly string[]) {
    this.#options = options
    this.#names = new Set(names)
  }

  async run(): Promise<void> {
    this.#listUnknown()
    await this.#checkOwner()
    await this.#checkSegments()
    this.#checkEnd()
    await this.#checkEpochs()
    for (const { name, offset } of this.#filesOf('snapshot')) await this.#checkSnapshot(name, offset)
    for (const { name } of this.#filesOf('txnindex')) await this.#checkTransactionIndex(name)
  }

  #listUnknown(): void {
    for (const name of this.#names) {
      const kind = parseOffsetFileName(name)?.kind
      const suffix = parsePassingFileName(name)?.suffix
      if (suffix !== undefined) this.#tell('note', name, PASSING_FILES[suffix])
      else if (kind === 'unreplayed')
        this.#tell('note', name, 'batches that the journal had and a start could not append: one before them is missing')
      else if (isSideFile(name)) this.#tell('note', name, 'what a recovery or repair took out, kept for you to look at')
      else if (kind === undefined && name !== PARTITION_METADATA && name !== LEADER_EPOCH_CHECKPOINT) {
        this.#tell('note', name, 'not a file of a log')
      }
    }
  }

  async #checkOwner(): Promise<void> {
    const { topicId, wasCleanShutdown, recoveryPoint } = this.#options.facts
    const bytes = await this.#read(PARTITION_METADATA)
    const isUnsynced = !wasCleanShutdown && recoveryPoint === 0
    if (bytes === undefined) return this.#tell(isUnsynced ? 'note' : 'damage', PARTITION_METADATA, 'the file is missing')
    const found = parsePartitionMetadata(bytes.toString())
    if (found === undefined) this.#tell(isUnsynced ? 'note' : 'damage', PARTITION_METADATA, 'the file cannot be read')
    else if (topicId !== undefined && found !== topicId) {
      this.#tell('damage', PARTITION_METADATA, `the folder belongs to topic id ${found}, the topic of this name has ${topicId}`)
    }
  }

  async #checkSegments(): Promise<void> {
    const { disk, facts, totals, report, useRecords } = this.#options
    const segments = this.#withoutRemoved(this.#filesOf('log'))
    this.#firstOffset = segments[0]?.offset
    this.#endOffset = this.#firstOffset ?? facts.logStartOffset ?? 0
    for (const [index, { name, offset: baseOffset }] of segments.entries()) {
      const size = await disk.fileSize(join(this.#options.folder, name))
      if (size === 0) {
        if (segments.length > 1) this.#tell('note', name, 'an empty segment, which a failed write leaves')
        continue
      }
      this.#checkFollows(name, baseOffset)
      const isLast = index === segments.length - 1
      const end = await checkSegment({
        disk,
        baseOffset,
        size,
        pathOf: (file) => join(this.#options.folder, file),
        hasFile: (file) => this.#names.has(file),
        levelAt: (offset) => this.#levelAt(offset),
        mayHaveGaps: facts.mayHaveGaps,
        isSealedAt: (endOffset) => this.#isSealedAt(endOffset, isLast),
        report,
        progress: (bytes) => void (totals.bytes += bytes),
        visit: (view) => this.#visit(view, name),
        ...(useRecords === undefined ? {} : { useRecords }),
      })
      this.#endOffset = end.nextOffset
      this.#isReadable &&= end.isReadable
    }
    this.#checkStrayIndexes(segments)
  }

  /** Without those that lie below the start of the log: a crash may leave any of them. */
  #withoutRemoved<T extends { name: string; offset: number }>(segments: readonly T[]): readonly T[] {
    const { logStartOffset = 0 } = this.#options.facts
    const count = Math.max(
      0,
      segments.findLastIndex(({ offset }) => offset <= logStartOffset),
    )
    for (const { name } of segments.slice(0, count))
      this.#tell('note', name, 'it lies below the start of the log; the next start removes it')
    return segments.slice(count)
  }

  /** A segment that ends where the recovery point is may have been the last one still when that was written down. */
  #isSealedAt(endOffset: number, isLast: boolean): boolean {
    const { recoveryPoint, wasCleanShutdown } = this.#options.facts
    if (recoveryPoint === undefined) return !isLast
    return wasCleanShutdown ? endOffset <= recoveryPoint : !isLast && endOffset < recoveryPoint
  }

  #checkFollows(name: string, baseOffset: number): void {
    if (!this.#isReadable || baseOffset === this.#endOffset) return
    if (baseOffset < this.#endOffset) {
      this.#tell(this.#levelAt(baseOffset), name, `it begins at offset ${baseOffset}, which the segment before it holds too`)
    } else if (!this.#options.facts.mayHaveGaps) {
      this.#tell(this.#levelAt(this.#endOffset), name, `offsets ${this.#endOffset} to ${baseOffset - 1}, before it, are missing`)
    }
  }

  #visit(view: BatchView, name: string): void {
    const { totals } = this.#options
    totals.batches++
    totals.records += view.recordCount
    const { partitionLeaderEpoch: epoch, baseOffset } = view
    if (epoch < this.#epochs.latestEpoch) {
      this.#tell(
        this.#levelAt(baseOffset),
        name,
        `the batch at offset ${baseOffset} has leader epoch ${epoch}, one before it ${this.#epochs.latestEpoch}`,
      )
    }
    this.#epochs.assign(epoch, baseOffset)
    const range = this.#epochRanges.at(-1)
    if (range?.epoch === epoch) range.last = view.lastOffset
    else this.#epochRanges.push({ epoch, first: baseOffset, last: view.lastOffset })
  }

  #checkStrayIndexes(segments: readonly { offset: number }[]): void {
    const known = new Set(segments.map(({ offset }) => offset))
    for (const kind of ['index', 'timeindex', 'txnindex'] as const) {
      for (const { name, offset } of this.#filesOf(kind)) if (!known.has(offset)) this.#tell('note', name, 'the index of no segment')
    }
  }

  #checkEnd(): void {
    const { folder, facts } = this.#options
    const { recoveryPoint = 0, logStartOffset = 0, wasCleanShutdown } = facts
    const name = offsetFileName(this.#firstOffset ?? logStartOffset, 'log')
    if (this.#firstOffset === undefined) {
      if (recoveryPoint > logStartOffset)
        this.#tell('damage', name, `there is no segment; the log was synced up to offset ${recoveryPoint}`)
      return
    }
    if (recoveryPoint > 0 && this.#firstOffset > logStartOffset && !this.#options.facts.mayHaveGaps) {
      const lost = `offsets ${logStartOffset} to ${this.#firstOffset - 1}, with which the log begins, are missing`
      this.#tell('damage', name, lost)
    }
    if (!this.#isReadable) return
    if (this.#endOffset < logStartOffset) {
      const level = wasCleanShutdown || this.#endOffset === recoveryPoint ? 'damage' : 'note'
      const file = join('..', LOG_START_OFFSETS)
      const message = `${basename(folder)} is said to begin at offset ${logStartOffset}, but ends at ${this.#endOffset}`
      this.#options.report({ level, file, offset: logStartOffset, message })
    }
    for (const { name, offset } of this.#filesOf('unreplayed'))
      if (offset > this.#endOffset)
        this.#tell('damage', name, `offsets ${this.#endOffset} to ${offset - 1}, which the journal had, are missing`)
    const last = this.#filesOf('log').at(-1)!.name
    if (this.#endOffset < recoveryPoint)
      this.#tell('damage', last, `the log ends at offset ${this.#endOffset}, but was synced up to ${recoveryPoint}`)
    else if (wasCleanShutdown && this.#options.facts.recoveryPoint !== undefined && this.#endOffset > recoveryPoint)
      this.#tell(
        'note',
        last,
        `the log ends at offset ${this.#endOffset}; after the clean stop only ${recoveryPoint} is known to be synced`,
      )
  }

  /** The file against the batches, as far as it must know them. */
  async #checkEpochs(): Promise<void> {
    const { recoveryPoint = Infinity, wasCleanShutdown } = this.#options.facts
    const text = (await this.#read(LEADER_EPOCH_CHECKPOINT))?.toString()
    const inFile = text === undefined ? new LeaderEpochs() : LeaderEpochs.parse(text)
    const level = this.#levelAt(Math.min(this.#endOffset - 1, recoveryPoint - 1))
    if (inFile === undefined) return this.#tell(level, LEADER_EPOCH_CHECKPOINT, `the file cannot be read. ${EPOCHS_MADE_AGAIN}`)
    if (!this.#isReadable || this.#firstOffset === undefined) return
    const knownTo = Math.min(recoveryPoint, this.#endOffset)
    const logStartOffset = this.#options.facts.logStartOffset ?? inFile.entries[0]?.startOffset ?? 0
    const from = Math.max(logStartOffset, this.#firstOffset)
    if (from >= knownTo) return
    for (const epochs of [inFile, this.#epochs]) epochs.truncateFromEnd(knownTo)
    this.#epochs.truncateFromStart(from)
    if (!wasCleanShutdown || this.#options.facts.logStartOffset === undefined) inFile.truncateFromStart(from) // it is written after the start was moved
    const [expected, found] = [this.#epochs.format(), inFile.format()].map((list) => list.trimEnd().split('\n').slice(2).join(', '))
    if (expected === found || (this.#options.facts.mayHaveGaps && this.#isBorneOut(inFile, from, knownTo))) return
    const message = `epochs and their first offsets are "${found}", and "${expected}" in the batches. ${EPOCHS_MADE_AGAIN}`
    this.#tell(level, LEADER_EPOCH_CHECKPOINT, message)
  }

  /** Where compaction has removed the first batches of an epoch, or all of them, the file alone knows of it. */
  #isBorneOut(inFile: LeaderEpochs, from: number, to: number): boolean {
    const known = this.#epochRanges.filter(({ first, last }) => last >= from && first < to)
    return known.every(
      ({ epoch, first, last }) => inFile.epochAt(Math.max(first, from)) === epoch && inFile.epochAt(Math.min(last, to - 1)) === epoch,
    )
  }

  async #checkSnapshot(name: string, offset: number): Promise<void> {
    const entries = decodeSnapshot((await this.#read(name))!)
    const level = this.#levelAt(offset - 1)
    const { wasCleanShutdown } = this.#options.facts
    if (entries === undefined) this.#tell(wasCleanShutdown ? level : 'note', name, 'the file cannot be read: its checksum or size is wrong')
    else if (entries.some(({ lastOffset }) => lastOffset >= offset)) this.#tell(level, name, `it knows of records from offset ${offset} on`)
    else if (this.#isReadable && offset > this.#endOffset)
      this.#tell('note', name, `it is from beyond the end of the log, ${this.#endOffset}`)
  }

  async #checkTransactionIndex(name: string): Promise<void> {
    const bytes = (await this.#read(name))!
    const { end } = parseTransactionIndex(bytes)
    if (end < bytes.length) this.#tell('damage', name, 'an entry does not continue the one before it, or is incomplete', end)
  }

  #filesOf(kind: 'log' | 'index' | 'timeindex' | 'txnindex' | 'snapshot' | 'unreplayed'): { name: string; offset: number }[] {
    const files = [...this.#names].flatMap((name) => {
      const parsed = parseOffsetFileName(name)
      return parsed?.kind === kind ? [{ name, offset: parsed.offset }] : []
    })
    return files.toSorted((a, b) => a.offset - b.offset)
  }

  async #read(name: string): Promise<Buffer | undefined> {
    const bytes = this.#names.has(name) ? await this.#options.disk.readFile(join(this.#options.folder, name)) : undefined
    this.#options.totals.bytes += bytes?.length ?? 0
    return bytes
  }

  #levelAt(offset: number): Level {
    return offset >= (this.#options.facts.recoveryPoint ?? Infinity) ? 'note' : 'damage'
  }

  #tell(level: Level, file: string, message: string, position?: number): void {
    this.#options.report({ level, file, ...(position === undefined ? {} : { position }), message })
  }
}

const PASSING_FILES: Readonly<Record<PassingSuffix, string>> = {
  '.deleted': 'no part of the log any more; removed later, or by the next start',
  '.cleaned': 'what compaction was writing; the next start removes it',
  '.swap': 'what compaction has written; the next start puts it in the place of the segments that it covers',
}

const EPOCHS_MADE_AGAIN = 'Nothing is lost: remove the file, and the next start makes it again'
