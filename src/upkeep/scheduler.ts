// The jobs that go on in the background, each by its name, which is what a broker would claim it by in a cluster. One timer for all of them. A job begins
// again some time after it ended, so that it never overtakes itself; jobs that are due together take turns on the event loop, which each leaves after a few
// milliseconds; one that works long leaves it sooner, and rests, so that who waits for an answer does not notice. At the close nothing begins any more, and what is under way stops at its next step.

import type { Clock, Timer } from '../lib/clock.ts'
import type { Diagnostics } from '../lib/diagnostics.ts'
import { nextTurn } from '../lib/turns.ts'

export interface Job {
  readonly name: string
  /** From the end of a run to the beginning of the next, and from the start to the first; asked anew each time. */
  readonly pauseMs: () => number
  /** For one that works long: how long it works at most between two rests, and how long these are. Left out: 5 ms, and as long as others have to do. */
  readonly pace?: { readonly workMs: number; readonly restMs: number }
  /** One run. Rejects with JobStopped when it was told to stop on the way. */
  run(turn: JobTurn): Promise<void>
}

/** A job's way to give way to others. */
export interface JobTurn {
  /** Undefined when the job may go on at once, else a promise of when. Throws JobStopped, or rejects with it, when it may not go on at all. */
  step(): Promise<void> | undefined
  /** The same after a while. */
  sleep(ms: number): Promise<void>
}

export class JobStopped extends Error {
  override name = 'JobStopped'
}

interface SchedulerOptions {
  readonly clock: Clock
  readonly diagnostics: Diagnostics
}

const UNPACED = { workMs: 5, restMs: 0 }
const LONGEST_SLEEP_MS = 60_000 // a pause that was altered meanwhile holds after this at the latest

interface Scheduled {
  readonly job: Job
  endedMs: number
  isRunning: boolean
}

export class Scheduler {
  readonly #options: SchedulerOptions
  readonly #jobs: Scheduled[] = []
  readonly #running = new Set<Promise<void>>()
  readonly #wakeUps = new Set<() => void>()
  #timer: Timer | undefined
  #isStopping = false

  constructor(options: SchedulerOptions) {
    this.#options = options
  }

  add(job: Job): void {
    this.#jobs.push({ job, endedMs: this.#options.clock.monotonic(), isRunning: false })
    this.#setTimer()
  }

  /** Once nothing of any job goes on any more. */
  async close(): Promise<void> {
    this.#isStopping = true
    this.#timer?.cancel()
    for (const wakeUp of this.#wakeUps) wakeUp()
    await Promise.all(this.#running)
  }

  #setTimer(): void {
    this.#timer?.cancel()
    if (this.#isStopping) return
    const waiting = this.#jobs.filter(({ isRunning }) => !isRunning)
    if (waiting.length === 0) return
    const dueMs = Math.min(...waiting.map(({ job, endedMs }) => endedMs + job.pauseMs()))
    const delayMs = Math.min(dueMs - this.#options.clock.monotonic(), LONGEST_SLEEP_MS)
    this.#timer = this.#options.clock.after(delayMs, () => this.#runDue())
  }

  #runDue(): void {
    const nowMs = this.#options.clock.monotonic()
    for (const scheduled of this.#jobs) {
      if (scheduled.isRunning || scheduled.endedMs + scheduled.job.pauseMs() > nowMs) continue
      const running = this.#run(scheduled).finally(() => this.#running.delete(running))
      this.#running.add(running)
    }
    this.#setTimer()
  }

  async #run(scheduled: Scheduled): Promise<void> {
    const { clock, diagnostics } = this.#options
    scheduled.isRunning = true
    try {
      await scheduled.job.run(this.#newTurn(scheduled.job))
    } catch (error) {
      if (!(error instanceof JobStopped))
        diagnostics.error('a background job failed; it will be tried again', { job: scheduled.job.name, error: String(error) })
    }
    scheduled.isRunning = false
    scheduled.endedMs = clock.monotonic()
    this.#setTimer()
  }

  #newTurn({ pace }: Job): JobTurn {
    const { clock } = this.#options
    const { workMs, restMs } = pace ?? UNPACED
    let sinceMs = clock.monotonic()
    const goOn = (): void => {
      if (this.#isStopping) throw new JobStopped()
      sinceMs = clock.monotonic()
    }
    return {
      step: () => {
        if (this.#isStopping) throw new JobStopped()
        if (clock.monotonic() - sinceMs < workMs) return undefined
        return (restMs === 0 ? nextTurn() : this.#wait(restMs)).then(goOn)
      },
      sleep: (ms) => this.#wait(ms).then(goOn),
    }
  }

  #wait(ms: number): Promise<void> {
    if (this.#isStopping) return Promise.resolve()
    return new Promise((resolve) => {
      const wakeUp = (): void => {
        timer.cancel()
        this.#wakeUps.delete(wakeUp)
        resolve()
      }
      const timer = this.#options.clock.after(ms, wakeUp)
      this.#wakeUps.add(wakeUp)
    })
  }
}
