// Takes segments out of a log that is in use: those below its start. Their files are renamed to `.deleted` at once and go `fileDeleteDelayMs` later, so that
// who is reading them may go on. One exchange at a time.
//
// Whenever the power fails, a start finds the log as it was or as it is: the caller has put the new start on disk before, and what lies below it is no
// part of the log for a start, whatever the files are called.

import { Mutex } from '../../lib/mutex.ts'
import { offsetFileName } from '../file-names.ts'
import type { LogFolder } from '../log-folder.ts'
import type { LogServices, LogSettings } from '../log-settings.ts'
import type { LogWriter } from '../log-writer.ts'
import type { Segment } from './segment.ts'

interface SegmentExchangeOptions {
  readonly folder: LogFolder
  readonly services: LogServices
  readonly settings: () => LogSettings
  readonly writer: () => LogWriter
}

export class SegmentExchange {
  readonly #options: SegmentExchangeOptions
  readonly #mutex = new Mutex()

  constructor(options: SegmentExchangeOptions) {
    this.#options = options
  }

  /** Does something else to the segments while no exchange goes on. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    return this.#mutex.run(work)
  }

  /** Every offset below `offset` is deleted, durably. What cannot be removed now is removed by the next start. */
  removeBelow(offset: number): Promise<void> {
    return this.#mutex.run(async () => {
      const { segments, upkeep, queue } = this.#options.writer()
      await upkeep.settle()
      await queue.flush().catch(() => undefined) // a sync that is still to come would not find the file by its name
      const removed = segments.takeBelow(offset)
      if (removed.length === 0) return
      this.#options.services.counters.removed(removed)
      await this.#retire(removed, removed).catch((error: unknown) => this.#warn(error))
    })
  }

  /** The snapshots of `forgotten` are of no use any more. */
  async #retire(segments: readonly Segment[], forgotten: readonly Segment[]): Promise<void> {
    const { folder, services, settings } = this.#options
    for (const segment of segments) await segment.retire()
    for (const { baseOffset } of forgotten) await services.disk.unlink(folder.file(offsetFileName(baseOffset, 'snapshot')))
    await folder.sync()
    services.deletions.later(settings().fileDeleteDelayMs, async () => {
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
