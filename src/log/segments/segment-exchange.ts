// Takes segments out of a log that is in use: those below its start, and those that compaction has made another of. Their files are renamed to `.deleted`
// at once and go `fileDeleteDelayMs` later, so that who is reading them may go on. One exchange at a time.
//
// Whenever the power fails, a start finds the log as it was or as it is. What lies below the start of the log: the caller has put that on disk before, and
// it is no part of the log for a start, whatever the files are called. What is replaced: the folder is synced after each of three steps. (1) The new files,
// whole and synced, are renamed from `.cleaned` to `.swap`: from here on the exchange is done, if need be by the next start (recovery/leftovers.ts).
// (2) The old ones are renamed to `.deleted`. (3) The new ones get their names. The new segment ends at the offset at which the last of the old ones does,
// which is how a start knows which they are.

import { Mutex } from '../../lib/mutex.ts'
import { offsetFileName } from '../file-names.ts'
import type { LogFolder } from '../log-folder.ts'
import type { LogServices, LogSettings } from '../log-settings.ts'
import type { LogWriter } from '../log-writer.ts'
import { CleanedSegment } from './cleaned-segment.ts'
import type { Segment } from './segment.ts'

/** A log as it is at the moment. */
interface LogNow {
  readonly settings: LogSettings
  readonly writer: LogWriter
  /** Why nothing is read or written any more. */
  readonly unavailable: object | undefined
}

interface SegmentExchangeOptions {
  readonly folder: LogFolder
  readonly services: LogServices
  readonly log: LogNow
}

export class SegmentExchange {
  readonly #options: SegmentExchangeOptions
  readonly #mutex = new Mutex()
  #failure: string | undefined

  constructor(options: SegmentExchangeOptions) {
    this.#options = options
  }

  /** By base offset, the last of them active; none while the log is not available. */
  get segments(): readonly Segment[] {
    const { log } = this.#options
    return log.unavailable === undefined ? log.writer.segments.all : []
  }

  /** Closes the active segment and begins another; whether there was something to close, and nothing on its way to disk. */
  async roll(): Promise<boolean> {
    const { log } = this.#options
    return log.unavailable === undefined && log.writer.roll()
  }

  /** Does something else to the segments while no exchange goes on. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    return this.#mutex.run(work)
  }

  /** Every offset below `offset` is deleted, durably. What cannot be removed now is removed by the next start. */
  removeBelow(offset: number): Promise<void> {
    return this.#mutex.run(async () => {
      const { segments, upkeep, queue } = this.#options.log.writer
      await upkeep.settle()
      await queue.flush().catch(() => undefined) // a sync that is still to come would not find the file by its name
      const removed = segments.takeBelow(offset)
      if (removed.length === 0) return
      this.#options.services.counters.removed(removed)
      await this.#retire(removed, removed).then(
        (retired) => this.#removeLater(retired),
        (error: unknown) => this.#warn(error),
      )
    })
  }

  /** Why nothing is replaced any more: what was begun is finished by the next start. */
  get failure(): string | undefined {
    return this.#failure
  }

  /** By producer id, the last offset of each that may go on. */
  get producerLastOffsets(): ReadonlyMap<number, number> {
    return this.#options.log.writer.producerLastOffsets
  }

  /** Nothing of it is a part of the log before `replace`. */
  begin(baseOffset: number): CleanedSegment {
    const { folder, services, log } = this.#options
    const { disk, filePool, clock } = services
    return new CleanedSegment({ baseOffset, folder, disk, filePool, settings: log.settings, nowMs: clock.now() })
  }

  /**
   * Puts `cleaned`, which is finished and ends at the offset at which they do, in the place of `old`; whether it did: not when these are no part of the log
   * any more, which is as it was then.
   */
  replace(old: readonly Segment[], cleaned: CleanedSegment): Promise<boolean> {
    return this.#mutex.run(async () => {
      const { folder, log } = this.#options
      const { segments } = log.writer
      if (log.unavailable !== undefined || this.#failure !== undefined || !segments.holds(old)) return false
      try {
        await cleaned.rename('.swap')
        await folder.sync()
        const retired = await this.#retire(old, old.slice(1))
        await cleaned.rename('')
        await folder.sync()
        segments.replace(old, cleaned.toSegment())
        this.#removeLater(retired)
        return true
      } catch (error) {
        this.#failure = String(error)
        throw error
      }
    })
  }

  /** The snapshots of `forgotten` are of no use any more. */
  async #retire(segments: readonly Segment[], forgotten: readonly Segment[]): Promise<readonly Segment[]> {
    const { folder, services } = this.#options
    for (const segment of segments) await segment.retire()
    for (const { baseOffset } of forgotten) await services.disk.unlink(folder.file(offsetFileName(baseOffset, 'snapshot')))
    await folder.sync()
    return segments
  }

  #removeLater(segments: readonly Segment[]): void {
    const { services, log } = this.#options
    services.deletions.later(log.settings.fileDeleteDelayMs, async () => {
      for (const segment of segments) await segment.remove().catch((error: unknown) => this.#warn(error))
    })
  }

  #warn(error: unknown): void {
    const { services, folder } = this.#options
    services.diagnostics.warn('files of a log could not be removed; the next start tries again', {
      folder: folder.path,
      error: String(error),
    })
  }
}
