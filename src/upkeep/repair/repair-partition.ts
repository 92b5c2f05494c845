// What is to be done for one partition in which `verify` found damage. The segments first, because everything else is made again from them.

import { join } from 'node:path'
import { type Disk, overwriteFile } from '../../disk/disk.ts'
import { LEADER_EPOCH_CHECKPOINT, offsetFileName, PARTITION_METADATA, parseOffsetFileName } from '../../log/file-names.ts'
import { LeaderEpochs } from '../../log/leader-epochs.ts'
import { formatPartitionMetadata } from '../../log/log-folder.ts'
import { NOTHING_AFTER } from '../../log/soundness/batch-order.ts'
import { inspect } from '../../log/soundness/inspect.ts'
import { SegmentIndexes } from '../../log/segments/segment-indexes.ts'
import type { BatchView } from '../../wire/records/batch.ts'
import type { PartitionFacts } from '../partition-check.ts'
import { planSegments, type RepairAction } from './repair-segments.ts'
import { SideFiles } from './side-files.ts'

const INDEX_INTERVAL_BYTES = 4096
const INDEX_BYTES_MAX = 10 << 20

export interface PartitionToRepair {
  readonly disk: Disk
  readonly folder: string
  readonly facts: PartitionFacts
  /** The files in which there is damage. */
  readonly damagedFiles: ReadonlySet<string>
}

/** In the order in which they are to be applied. */
export async function planPartition({ disk, folder, facts, damagedFiles }: PartitionToRepair): Promise<RepairAction[]> {
  const names = new Set(await disk.list(folder))
  const sideFiles = new SideFiles(disk, folder, names)
  const isDamaged = (ending: string): boolean => [...damagedFiles].some((name) => name.endsWith(ending))
  const text = (await disk.readFile(join(folder, LEADER_EPOCH_CHECKPOINT)))?.toString()
  const actions: RepairAction[] = []
  if (isDamaged('.log')) {
    const baseOffsets = offsetsOf(names, 'log')
    const logStartOffset = facts.logStartOffset ?? baseOffsets[0] ?? 0
    const { mayHaveGaps, recoveryPoint = 0 } = facts
    const listedEpochs = text === undefined ? undefined : LeaderEpochs.parse(text)
    actions.push(
      ...(await planSegments({ disk, folder, sideFiles, baseOffsets, logStartOffset, recoveryPoint, mayHaveGaps, listedEpochs })),
    )
  }
  const made = new MadeAgain(disk, folder, sideFiles)
  if (damagedFiles.has(PARTITION_METADATA) && facts.topicId !== undefined)
    actions.push(made.file(PARTITION_METADATA, names, Buffer.from(formatPartitionMetadata(facts.topicId))))
  for (const name of damagedFiles) {
    const kind = parseOffsetFileName(name)?.kind
    if ((kind === 'snapshot' || kind === 'txnindex') && names.has(name)) actions.push(made.without(name))
    else if (kind === 'index' || kind === 'timeindex') if (names.has(name)) actions.push(made.without(name))
  }
  if (isDamaged('.log') || isDamaged('index') || damagedFiles.has(LEADER_EPOCH_CHECKPOINT))
    actions.push(made.fromBatches(names, facts.logStartOffset))
  return actions
}

function offsetsOf(names: Iterable<string>, kind: 'log'): number[] {
  const parsed = [...names].map(parseOffsetFileName).filter((file) => file?.kind === kind)
  return parsed.map((file) => file!.offset).toSorted((a, b) => a - b)
}

class MadeAgain {
  readonly #disk: Disk
  readonly #folder: string
  readonly #sideFiles: SideFiles

  constructor(disk: Disk, folder: string, sideFiles: SideFiles) {
    this.#disk = disk
    this.#folder = folder
    this.#sideFiles = sideFiles
  }

  file(name: string, names: ReadonlySet<string>, bytes: Buffer): RepairAction {
    const sideName = names.has(name) ? this.#sideFiles.nameFor(name) : undefined
    return {
      file: name,
      message: `it is written anew${sideName === undefined ? '' : `; the old one is kept in ${sideName}`}`,
      apply: async () => {
        if (sideName !== undefined) await this.#sideFiles.keepWhole(name, sideName)
        await this.#disk.replaceFile(join(this.#folder, name), bytes)
      },
    }
  }

  without(name: string): RepairAction {
    const sideName = this.#sideFiles.nameFor(name)
    return {
      file: name,
      message: `it is made again from the batches; the old one is kept in ${sideName}`,
      apply: async () => {
        const isThere = (await this.#disk.list(this.#folder))?.includes(name) === true // not when its segment was written anew
        if (isThere) await this.#sideFiles.keepWhole(name, sideName)
      },
    }
  }

  /** The indexes that are missing, and the epochs where they are other than in the file. */
  fromBatches(names: ReadonlySet<string>, logStartOffset: number | undefined): RepairAction {
    const sideName = names.has(LEADER_EPOCH_CHECKPOINT) ? this.#sideFiles.nameFor(LEADER_EPOCH_CHECKPOINT) : undefined
    return {
      file: LEADER_EPOCH_CHECKPOINT,
      message: 'it and the indexes that are missing are made from the batches, where they differ',
      apply: async () => {
        const epochs = new LeaderEpochs()
        const left = new Set(await this.#disk.list(this.#folder))
        for (const baseOffset of offsetsOf(left, 'log')) await this.#walk(baseOffset, left, epochs)
        const path = join(this.#folder, LEADER_EPOCH_CHECKPOINT)
        const text = (await this.#disk.readFile(path))?.toString()
        const listed = text === undefined ? undefined : LeaderEpochs.parse(text)
        const firstOffset = logStartOffset ?? listed?.entries[0]?.startOffset
        if (firstOffset !== undefined) epochs.truncateFromStart(firstOffset)
        if (epochs.format() === text) return
        if (sideName !== undefined && text !== undefined) await this.#sideFiles.keepWhole(LEADER_EPOCH_CHECKPOINT, sideName)
        await this.#disk.replaceFile(path, Buffer.from(epochs.format()))
      },
    }
  }

  async #walk(baseOffset: number, names: ReadonlySet<string>, epochs: LeaderEpochs): Promise<void> {
    const path = join(this.#folder, offsetFileName(baseOffset, 'log'))
    const size = await this.#disk.fileSize(path)
    const indexes = SegmentIndexes.empty(baseOffset, INDEX_BYTES_MAX)
    const visit = (view: BatchView, position: number): boolean => {
      epochs.assign(view.partitionLeaderEpoch, view.baseOffset)
      indexes.add(view, position, INDEX_INTERVAL_BYTES)
      return true
    }
    await this.#disk.openFor(path, 'reading', (file) =>
      inspect({
        file,
        baseOffset,
        start: 0,
        end: size,
        before: { nextOffset: baseOffset, epoch: -1 },
        after: NOTHING_AFTER,
        order: { mayHaveGaps: () => true, epochAt: () => -1 },
        sound: visit,
        damaged: () => undefined, // behind the recovery point; the next start cuts it off
      }),
    )
    indexes.seal()
    const [index, timeIndex] = [offsetFileName(baseOffset, 'index'), offsetFileName(baseOffset, 'timeindex')]
    if (names.has(index) && names.has(timeIndex)) return
    await overwriteFile(this.#disk, join(this.#folder, timeIndex), indexes.times.bytes(), 'synced')
    await overwriteFile(this.#disk, join(this.#folder, index), indexes.offsets.bytes(), 'synced')
    await this.#disk.syncFolder(this.#folder)
  }
}
