// What was renamed because it is no part of a log any more, and whose files go some time later. One timer for all of it. What has not come due when the
// broker closes is left to its next start: after the close nothing touches the data folder any more.

import type { Disk } from '../disk/disk.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Diagnostics } from '../lib/diagnostics.ts'
import type { TurnShare } from '../lib/turn-share.ts'
import type { LogFolder } from './log-folder.ts'
import { removeLogFolderOrWarn, renameForDeletion } from './log-folders.ts'

interface DeletionsOptions {
  readonly disk: Disk
  readonly clock: Clock
  readonly turnShare: TurnShare
  readonly diagnostics: Diagnostics
}

interface Deletion {
  readonly dueMs: number
  /** Never rejects. */
  readonly remove: () => Promise<void>
}

export class Deletions {
  readonly #options: DeletionsOptions
  readonly #clock: Clock
  #waiting: Deletion[] = []
  #timer: Timer | undefined
  #timerDueMs = Infinity
  #running: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(options: DeletionsOptions) {
    this.#options = options
    this.#clock = options.clock
  }

  /** Renames the folder, if there is one, to that of a deleted log, and syncs; its files go `delayMs` later. */
  async delete(folder: LogFolder, delayMs: number): Promise<void> {
    if (!folder.exists) return
    await this.#options.turnShare.step() // the logs of a topic share a checkpoint, and come here all at once
    const renamed = await renameForDeletion(this.#options.disk, folder.path)
    this.later(delayMs, () => removeLogFolderOrWarn(this.#options, renamed))
  }

  /** `remove` never rejects. What comes due together goes one after the other, in the order in which it came. */
  later(delayMs: number, remove: () => Promise<void>): void {
    if (this.#isClosed) return
    const dueMs = this.#clock.monotonic() + delayMs
    this.#waiting.push({ dueMs, remove })
    if (dueMs < this.#timerDueMs) this.#setTimer(dueMs)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#waiting = []
    this.#timer?.cancel()
    await this.#running
  }

  #setTimer(dueMs: number): void {
    this.#timer?.cancel()
    this.#timerDueMs = dueMs
    this.#timer = dueMs === Infinity ? undefined : this.#clock.after(dueMs - this.#clock.monotonic(), () => this.#removeDue())
  }

  #removeDue(): void {
    const nowMs = this.#clock.monotonic()
    const due = this.#waiting.filter(({ dueMs }) => dueMs <= nowMs)
    this.#waiting = this.#waiting.filter(({ dueMs }) => dueMs > nowMs)
    this.#setTimer(this.#waiting.reduce((least, { dueMs }) => Math.min(least, dueMs), Infinity))
    this.#running = this.#removeAfter(this.#running, due)
  }

  async #removeAfter(earlier: Promise<void>, due: readonly Deletion[]): Promise<void> {
    await earlier
    for (const { remove } of due) if (!this.#isClosed) await remove()
  }
}
