// Syncs in time what was acknowledged unsynced: `durability` interval, and `flush.ms`. One schedule and one timer for all logs of a broker. A log has at most
// one time at which it is to be synced, that of its oldest unsynced append. Logs that may wait equally long are due in the order in which they came, so
// finding the next costs nothing, however many wait. A bounded number is synced at a time, each log once; those that are due longest go first.

import type { Clock, Timer } from '../../lib/clock.ts'
import type { Diagnostics } from '../../lib/diagnostics.ts'

/** What the schedule needs of a log. */
export interface ScheduledLog {
  /** Resolves when everything that was appended before the call is synced. */
  flush(): Promise<void>
}

const SYNCED_AT_ONCE = 8
const LATE_MS = 1000

export class SyncSchedule {
  readonly #clock: Clock
  readonly #diagnostics: Diagnostics
  readonly #waits = new Map<ScheduledLog, number>() // how long each may wait: where it is in #dueTimes
  readonly #dueTimes = new Map<number, Map<ScheduledLog, number>>() // by how long they may wait; the earliest first in each
  readonly #syncing = new Map<ScheduledLog, number>() // with the time at which each was due
  readonly #dueAgain = new Map<ScheduledLog, number>() // while they are synced
  #timer: Timer | undefined
  #timerDueMs = Number.POSITIVE_INFINITY

  constructor(clock: Clock, diagnostics: Diagnostics) {
    this.#clock = clock
    this.#diagnostics = diagnostics
  }

  /** Something unsynced was appended, and is to be on its way to disk `waitMs` from now at the latest. */
  syncWithin(log: ScheduledLog, waitMs: number): void {
    const waitsMs = this.#waits.get(log)
    if (waitsMs !== undefined && waitsMs <= waitMs) return // since earlier
    const dueMs = this.#clock.monotonic() + waitMs
    if (waitsMs !== undefined) {
      if (this.#dueTimes.get(waitsMs)!.get(log)! <= dueMs) return
      this.forget(log)
    }
    this.#waits.set(log, waitMs)
    const queue = this.#dueTimes.get(waitMs) ?? new Map<ScheduledLog, number>()
    this.#dueTimes.set(waitMs, queue.set(log, dueMs))
    this.#setTimer(dueMs)
  }

  /** It is closed, or gone. */
  forget(log: ScheduledLog): void {
    const waitMs = this.#waits.get(log)
    if (waitMs === undefined) return
    this.#waits.delete(log)
    const queue = this.#dueTimes.get(waitMs)!
    queue.delete(log)
    if (queue.size === 0) this.#dueTimes.delete(waitMs)
  }

  /** How long ago the log that is due longest should have been synced; 0 when all is in time. */
  get overdueMs(): number {
    const earliest = Math.min(this.#next()?.dueMs ?? Infinity, ...this.#syncing.values(), ...this.#dueAgain.values())
    return Math.max(0, this.#clock.monotonic() - earliest)
  }

  /** Nothing begins any more. */
  stop(): void {
    this.#timer?.cancel()
    this.#waits.clear()
    this.#dueTimes.clear()
    this.#dueAgain.clear()
  }

  #setTimer(dueMs: number): void {
    if (dueMs >= this.#timerDueMs || this.#syncing.size >= SYNCED_AT_ONCE) return
    this.#timer?.cancel()
    this.#timerDueMs = dueMs
    this.#timer = this.#clock.after(dueMs - this.#clock.monotonic(), () => {
      this.#timerDueMs = Number.POSITIVE_INFINITY
      this.#syncDue()
    })
  }

  #syncDue(): void {
    for (;;) {
      const next = this.#next()
      if (next === undefined) return
      if (next.dueMs > this.#clock.monotonic() || this.#syncing.size >= SYNCED_AT_ONCE) return this.#setTimer(next.dueMs)
      this.forget(next.log)
      if (this.#syncing.has(next.log)) this.#dueAgain.set(next.log, next.dueMs)
      else void this.#sync(next.log, next.dueMs)
    }
  }

  /** The one that is due first. */
  #next(): { log: ScheduledLog; dueMs: number } | undefined {
    let first: { log: ScheduledLog; dueMs: number } | undefined
    for (const queue of this.#dueTimes.values()) {
      for (const [log, dueMs] of queue) {
        if (first === undefined || dueMs < first.dueMs) first = { log, dueMs }
        break
      }
    }
    return first
  }

  async #sync(log: ScheduledLog, dueMs: number): Promise<void> {
    this.#syncing.set(log, dueMs)
    await log.flush().catch(() => undefined) // the log has said what is wrong, and takes no more appends
    this.#syncing.delete(log)
    if (this.#clock.monotonic() - dueMs > LATE_MS)
      this.#diagnostics.warn('syncs are late: the disk does not keep up with durability.interval.ms or flush.ms')
    const againMs = this.#dueAgain.get(log)
    if (againMs === undefined) return this.#syncDue()
    this.#dueAgain.delete(log)
    await this.#sync(log, againMs)
  }
}
