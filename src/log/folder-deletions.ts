// Folders of deleted logs, renamed, whose files go some time later. Those whose time has not come when the broker closes are left to its next start:
// after the close nothing touches the data folder any more.

import type { Disk } from '../disk/disk.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Diagnostics } from '../lib/diagnostics.ts'
import type { LogFolder } from './log-folder.ts'
import { removeLogFolderOrWarn, renameForDeletion } from './log-folders.ts'

interface FolderDeletionsOptions {
  readonly disk: Disk
  readonly clock: Clock
  readonly diagnostics: Diagnostics
}

export class FolderDeletions {
  readonly #options: FolderDeletionsOptions
  readonly #timers = new Set<Timer>()
  readonly #running = new Set<Promise<void>>()

  constructor(options: FolderDeletionsOptions) {
    this.#options = options
  }

  /** Renames the folder, if there is one, to that of a deleted log, and syncs; its files go `delayMs` later. */
  async delete(folder: LogFolder, delayMs: number): Promise<void> {
    if (folder.exists) this.#removeLater(await renameForDeletion(this.#options.disk, folder.path), delayMs)
  }

  #removeLater(folder: string, delayMs: number): void {
    const timer = this.#options.clock.after(delayMs, () => {
      this.#timers.delete(timer)
      const running = removeLogFolderOrWarn(this.#options, folder).finally(() => this.#running.delete(running))
      this.#running.add(running)
    })
    this.#timers.add(timer)
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) timer.cancel()
    await Promise.all(this.#running)
  }
}
