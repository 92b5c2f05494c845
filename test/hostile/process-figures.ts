// What a process holds, as Linux tells it: the most of its resident memory, and sockets.

import { readdirSync, readlinkSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { residentMegabytes } from '../support/resident.ts'

const LOOK_EVERY_MS = 100

/** Those that listen included. */
export function socketCount(pid: number): number {
  const folder = `/proc/${pid}/fd`
  return readdirSync(folder).filter((name) => {
    try {
      return readlinkSync(`${folder}/${name}`).startsWith('socket:')
    } catch {
      return false // closed meanwhile
    }
  }).length
}

/** Looks at a process again and again until it is told to end. One that holds more than it may is killed: the machine is not its alone. */
export class MemoryWatch {
  readonly #limitMb: number
  readonly #ending = new AbortController()
  #peakMb = 0

  constructor(pid: number, limitMb: number) {
    this.#limitMb = limitMb
    void this.#watch(pid)
  }

  /** The highest that was seen since this was last asked. */
  takePeakMb(): number {
    const peakMb = this.#peakMb
    this.#peakMb = 0
    return peakMb
  }

  end(): void {
    this.#ending.abort()
  }

  async #watch(pid: number): Promise<void> {
    while (!this.#ending.signal.aborted) {
      const nowMb = Math.round(residentMegabytes(pid))
      this.#peakMb = Math.max(this.#peakMb, nowMb)
      if (nowMb > this.#limitMb) {
        process.kill(pid, 'SIGKILL')
        console.log(`killed at ${nowMb} MB`)
        return
      }
      await setTimeout(LOOK_EVERY_MS)
    }
  }
}
