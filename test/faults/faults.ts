// Mistakes in our own code, each an exact edit of a place or two: what a crash would make of them, the crash tests must notice.

interface Edit {
  /** Stands there exactly once. */
  readonly text: string
  readonly instead: string
}

export interface SeededFault extends Edit {
  readonly name: string
  readonly file: string
  /** Where a second line of defence has to go, too. */
  readonly also?: Edit
}

const QUEUE = 'src/log/append-queue.ts'
const SEGMENT = 'src/log/segments/segment.ts'

export const SEEDED_FAULTS: readonly SeededFault[] = [
  {
    name: 'no sync before the answer',
    file: 'src/log/append-io.ts',
    text: 'const error = await failureOf(target.sync())',
    instead: 'const error = await failureOf(Promise.resolve(target))',
  },
  {
    name: 'sync of the wrong file',
    file: SEGMENT,
    text: '    await this.file.sync()\n    await this.#syncName()\n',
    instead: "    await this.#options.disk.openFor(this.#path('index'), 'create', (file) => file.sync())\n    await this.#syncName()\n",
  },
  {
    name: 'high watermark moved early',
    file: QUEUE,
    text: 'const visibleTo = this.#hiddenTo > durableOffset ? durableOffset : this.#writtenOffset',
    instead: 'const visibleTo = this.#writtenOffset',
  },
  {
    name: 'undo forgotten',
    file: QUEUE,
    text: 'for (const append of undone.toReversed()) append.undo()',
    instead: '',
  },
  {
    name: 'folder sync forgotten for a new segment',
    file: SEGMENT,
    text: '    await this.#options.folder.sync()\n    this.#isNameSynced = true\n',
    instead: '    this.#isNameSynced = true\n',
  },
  {
    name: 'checkpoint ahead of the sync',
    file: 'src/log/partition-log.ts',
    text: 'this.#now.writer.upkeep.checkpoint(this.#now.writer.queue.recoveryPoint)',
    instead: 'this.#now.writer.upkeep.checkpoint(this.#now.writer.queue.endOffset)',
  },
  {
    name: 'files removed before the log start is on disk',
    file: 'src/log/partition-log.ts',
    text: 'await this.#services.checkpoints.save(this).catch(refuseUnsaved)',
    instead: 'this.#services.checkpoints.save(this).catch(refuseUnsaved)',
  },
  {
    name: 'clean-shutdown marker kept while running',
    file: 'src/log/checkpoints.ts',
    text: 'await disk.unlink(markerPath)',
    instead: '',
  },
  {
    name: 'topic deleted before that is on disk',
    file: 'src/topics/catalog.ts',
    text: "await this.#options.metadataLog.append([{ type: 'topic-deleted', topicId: topic.id }])",
    instead: "void this.#options.metadataLog.append([{ type: 'topic-deleted', topicId: topic.id }])",
  },
  {
    name: 'producer ids handed out before their block is on disk',
    file: 'src/transactions/producer-ids.ts',
    text: 'await this.#reserve(this.#next + BLOCK_SIZE)',
    instead: 'void this.#reserve(this.#next + BLOCK_SIZE)',
  },
  {
    name: 'recovered end shown before it is synced',
    file: 'src/log/recovery/recovery.ts',
    text: 'if (end.offset > checkpoint.recoveryPoint) await segment.file.sync()',
    instead: '',
  },
  {
    name: 'end of the log not checked after a crash',
    file: 'src/log/segments/segment-scan.ts',
    text: 'if (view.lastOffset >= range.checksumFrom && !view.isCrcValid) {',
    instead: 'if (view.lastOffset < 0) {',
  },
  {
    name: 'journal entry acknowledged before its sync',
    file: 'src/log/journal/journal.ts',
    text: '    await file.file.sync()\n',
    instead: '',
  },
  {
    name: 'journal file freed before the segments are synced',
    file: 'src/log/journal/journal.ts',
    text: 'for (const [log, endOffset] of endOffsets) if (log.recoveryPoint >= endOffset) endOffsets.delete(log)',
    instead: 'endOffsets.clear()',
    also: {
      text: 'await atOnce(SYNCED_AT_ONCE, ',
      instead: 'await atOnce(0, ',
    },
  },
  {
    name: 'replay begins one entry late',
    file: 'src/log/journal/journal-reader.ts',
    text: 'if (entry.number >= firstNumber) visitor.entry(entry)',
    instead: 'if (entry.number > firstNumber) visitor.entry(entry)',
  },
  {
    name: 'replay ends one entry early',
    file: 'src/log/journal/journal-replay.ts',
    text: 'else reach.endOffset = Math.max(reach.endOffset, lastOffset + 1)',
    instead: '',
  },
  {
    name: 'journal removed before it is replayed',
    file: 'src/log/journal/journal-replay.ts',
    text: 'await restoreAll(options, journal)',
    instead: 'void restoreAll(options, journal)',
  },
]
