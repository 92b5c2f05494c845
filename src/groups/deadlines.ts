// Until when a member has to do something. One timer for all of a member's deadlines: a deadline that is put off is only noted, and the timer, when it fires,
// is set anew for what is left; so a heartbeat costs no timer.

import type { Clock, Timer } from '../lib/clock.ts'

/** `session`: to be heard of; `revocation`: to give up what it is to give up; `join` and `sync`: of a classic member, to do so. */
export type DeadlineKind = 'session' | 'revocation' | 'join' | 'sync'

interface Watched {
  readonly dueMs: Map<DeadlineKind, number>
  timer: Timer
  firesMs: number
  isExcused: boolean
}

/** More than a busy event loop is late by. */
const LATE_MS = 1000

export class Deadlines {
  readonly #clock: Clock
  readonly #missed: (memberId: string, kind: DeadlineKind) => void
  readonly #members = new Map<string, Watched>()

  /** `missed` is called once for a member: it has no deadlines any more then. */
  constructor(clock: Clock, missed: (memberId: string, kind: DeadlineKind) => void) {
    this.#clock = clock
    this.#missed = missed
  }

  set(memberId: string, kind: DeadlineKind, delayMs: number): void {
    const dueMs = this.#clock.monotonic() + delayMs
    const watched = this.#members.get(memberId)
    if (watched === undefined) {
      this.#members.set(memberId, {
        dueMs: new Map([[kind, dueMs]]),
        timer: this.#timer(memberId, delayMs),
        firesMs: dueMs,
        isExcused: false,
      })
      return
    }
    watched.dueMs.set(kind, dueMs)
    watched.isExcused = false
    if (dueMs >= watched.firesMs) return
    watched.timer.cancel()
    watched.timer = this.#timer(memberId, delayMs)
    watched.firesMs = dueMs
  }

  has(memberId: string, kind: DeadlineKind): boolean {
    return this.#members.get(memberId)?.dueMs.has(kind) === true
  }

  clear(memberId: string, kind: DeadlineKind): void {
    this.#members.get(memberId)?.dueMs.delete(kind)
  }

  forget(memberId: string): void {
    this.#members.get(memberId)?.timer.cancel()
    this.#members.delete(memberId)
  }

  close(): void {
    for (const memberId of this.#members.keys()) this.forget(memberId)
  }

  #timer(memberId: string, delayMs: number): Timer {
    return this.#clock.after(delayMs, () => this.#look(memberId))
  }

  #look(memberId: string): void {
    const watched = this.#members.get(memberId)!
    const nowMs = this.#clock.monotonic()
    const next = [...watched.dueMs].sort(([, a], [, b]) => a - b)[0]
    if (next === undefined) return this.forget(memberId)
    const [kind, dueMs] = next
    const lateMs = nowMs - watched.firesMs
    const isExcused = !watched.isExcused && lateMs > LATE_MS
    if (dueMs <= nowMs && !isExcused) {
      this.forget(memberId)
      return this.#missed(memberId, kind)
    }
    const leftMs = Math.max(dueMs - nowMs, isExcused ? lateMs : 0)
    watched.isExcused = isExcused
    watched.timer = this.#timer(memberId, leftMs)
    watched.firesMs = nowMs + leftMs
  }
}
