// What goes to disk beside the batches, so that the next open finds it: the indexes of a segment that is full, the producers as of its end,
// the leader epochs. None of it is needed for durability: recovery makes it again from the batches. Therefore it happens in the background,
// a failure is logged and tried again, and the recovery point that is written down stays behind what is not on disk yet.

import { overwriteFile } from '../disk/disk.ts'
import { LEADER_EPOCH_CHECKPOINT, offsetFileName } from './file-names.ts'
import type { LeaderEpochs } from './leader-epochs.ts'
import type { LogFolder } from './log-folder.ts'
import type { LogServices } from './log-settings.ts'
import type { Segment } from './segments/segment.ts'

type FullSegment = Pick<Segment, 'baseOffset' | 'isSealed' | 'seal'>

export interface LogUpkeepOptions {
  readonly folder: LogFolder
  readonly services: LogServices
  readonly segments: { readonly all: readonly FullSegment[]; readonly active: Pick<Segment, 'baseOffset' | 'saveActiveIndexes'> }
  readonly epochs: LeaderEpochs
  readonly hasNewEpochs: boolean
}

export class LogUpkeep {
  readonly #options: LogUpkeepOptions
  readonly #snapshots = new Map<number, Buffer>() // by offset; not on disk yet
  #savedEpochs: string | undefined
  #rollCount = 0
  #sealedRollCount = 0 // of them, those whose segments are at rest
  #rolledTo = 0 // segments below are full for good: the roll behind them cannot be undone any more
  #working: Promise<void> = Promise.resolve()

  constructor(options: LogUpkeepOptions) {
    this.#options = options
    this.#savedEpochs = options.hasNewEpochs ? undefined : options.epochs.format()
  }

  /** The producers as of `offset`, where a segment begins. To be written once the roll is certain. */
  noteSnapshot(offset: number, bytes: Buffer): void {
    this.#snapshots.set(offset, bytes)
  }

  undoSnapshot(offset: number): void {
    this.#snapshots.delete(offset)
  }

  /** The roll to `offset` is certain: brings the segments before it to rest, and does `then` once that is on disk. */
  sealBelow(offset: number, then: () => Promise<void>): void {
    this.#rolledTo = offset
    this.#rollCount++
    const earlier = this.#working
    this.#working = this.#sealAfter(earlier, then)
  }

  /** Nothing of it is in progress. */
  settle(): Promise<void> {
    return this.#working
  }

  get hasUnsavedEpochs(): boolean {
    return this.#options.epochs.format() !== this.#savedEpochs
  }

  /** How much of what is synced up to `recoveryPoint` recovery may rely on. */
  async checkpoint(recoveryPoint: number): Promise<number> {
    const { segments, epochs, services, folder } = this.#options
    const text = epochs.format()
    if (text !== this.#savedEpochs && folder.exists) {
      await services.disk.replaceFile(folder.file(LEADER_EPOCH_CHECKPOINT), Buffer.from(text))
      this.#savedEpochs = text
    }
    const lagging = segments.all.slice(0, -1).findIndex((segment) => !segment.isSealed)
    return lagging < 0 ? recoveryPoint : Math.min(recoveryPoint, segments.all[lagging + 1]!.baseOffset - 1) // so that it is scanned once more
  }

  /** Everything is in its file: the next open has next to nothing to read. */
  async saveAll(logEndOffset: number, snapshot: Buffer): Promise<void> {
    await this.settle()
    const { folder, segments } = this.#options
    if (!folder.exists) return
    this.#rolledTo = segments.active.baseOffset
    this.#rollCount++
    await this.#seal()
    await segments.active.saveActiveIndexes()
    await this.#saveSnapshot(logEndOffset, snapshot, 'unsynced')
  }

  async #sealAfter(earlier: Promise<void>, then: () => Promise<void>): Promise<void> {
    await earlier
    try {
      await this.#seal()
      await then()
    } catch (error) {
      const { folder, services } = this.#options
      services.diagnostics.warn('an index or snapshot could not be written; it will be tried again', {
        folder: folder.path,
        error: String(error),
      })
    }
  }

  /** One that had to wait for another finds that its own work is done already: thousands of rolls cost one look at the segments. */
  async #seal(): Promise<void> {
    const rollCount = this.#rollCount
    if (rollCount === this.#sealedRollCount) return
    const { segments, folder } = this.#options
    const full = segments.all.filter((segment) => !segment.isSealed && segment.baseOffset < this.#rolledTo)
    for (const segment of full) await segment.seal()
    for (const [offset, bytes] of this.#snapshots) {
      if (offset > this.#rolledTo) continue
      await this.#saveSnapshot(offset, bytes, 'synced')
      this.#snapshots.delete(offset)
    }
    if (full.length > 0) await folder.sync()
    this.#sealedRollCount = rollCount
  }

  async #saveSnapshot(offset: number, bytes: Buffer, durability: 'synced' | 'unsynced'): Promise<void> {
    const { folder, services } = this.#options
    await overwriteFile(services.disk, folder.file(offsetFileName(offset, 'snapshot')), bytes, durability)
  }
}
