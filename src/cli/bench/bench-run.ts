// A load for some seconds: it warms up, is measured, and is shown to a person who waits. It ends at its time, when there is nothing left to do, or at Ctrl-C.

import type { Measurement } from '../../client/load/measurement.ts'
import { EXIT_CODES } from '../failure.ts'
import type { Terminal } from '../terminal.ts'
import type { BenchOptions } from './bench-options.ts'
import { liveLine, type Measured } from './bench-text.ts'
import { type ProcessUsage, processUsage } from './process-usage.ts'

interface RunningLoad {
  readonly stop: () => void | Promise<void>
  /** Resolves when there is nothing left to do. */
  readonly done?: Promise<void>
}

const SECOND_MS = 1000

/** `start` is handed what the load calls when it cannot go on. `restart` is called when it has warmed up. */
export async function runLoad(
  { seconds, warmUpSeconds, brokerPid }: BenchOptions,
  terminal: Terminal,
  measurement: Measurement,
  start: (onEnd: (error: Error) => void) => Promise<RunningLoad>,
  restart = () => measurement.restart(),
): Promise<Measured> {
  const view = new LiveView(terminal, seconds)
  let fail!: (error: Error) => void
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject
  })
  failed.catch(() => undefined) // it may come when nobody waits any more
  const load = await start(fail)
  const ended = Promise.race([interrupted(terminal), failed, ...(load.done === undefined ? [] : [load.done])])
  try {
    await Promise.race([ended, after(warmUpSeconds * SECOND_MS)])
    const before = usageOf(brokerPid)
    restart()
    view.start(measurement)
    await Promise.race([ended, after(seconds * SECOND_MS)])
    return { ...measurement.total(), broker: usageSince(before, usageOf(brokerPid)) }
  } finally {
    view.end()
    await load.stop()
  }
}

const usageOf = (pid: number | undefined): ProcessUsage | undefined => (pid === undefined ? undefined : processUsage(pid))

function usageSince(before: ProcessUsage | undefined, after: ProcessUsage | undefined): ProcessUsage | undefined {
  return before && after && { cpuSeconds: after.cpuSeconds - before.cpuSeconds, peakBytes: after.peakBytes }
}

/** The second time nothing is waited for. */
function interrupted(terminal: Terminal): Promise<void> {
  return new Promise((resolve) => {
    let times = 0
    terminal.onInterrupt(() => {
      if (++times > 1) terminal.exit(EXIT_CODES.failed)
      resolve()
    })
  })
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref()
  })
}

/** One line that is written over and over: only where somebody sees it. */
class LiveView {
  readonly #errors: Terminal['errors']
  readonly #seconds: number
  readonly #rates: number[] = []
  #timer: NodeJS.Timeout | undefined

  constructor({ errors }: Terminal, seconds: number) {
    this.#errors = errors
    this.#seconds = seconds
  }

  start(measurement: Measurement): void {
    if (this.#errors.isTTY !== true) return
    this.#timer = setInterval(() => {
      const interval = measurement.lately()
      this.#rates.push(interval.bytes / interval.seconds)
      this.#errors.write(`\r\x1b[K${liveLine(this.#rates, interval, this.#seconds)}`)
    }, SECOND_MS)
  }

  end(): void {
    clearInterval(this.#timer)
    if (this.#rates.length > 0) this.#errors.write('\r\x1b[K')
  }
}
