// Looks at the data folder's disk while the broker writes, and closes the write gate in time: while less than `min.free.bytes` is free, and for good when
// the folder is not the broker's any more (removed, replaced, or taken over by another process), since nobody would find again what is written then.
// An append costs an addition: a look comes a second after the first append since the last one, or sooner, after a quarter of the room that was left is
// written. An idle broker looks at nothing. The gate opens at a quarter more than the limit, so that it does not open and close by turns.

import type { Disk } from '../../disk/disk.ts'
import type { Clock, Timer } from '../../lib/clock.ts'
import type { Diagnostics } from '../../lib/diagnostics.ts'
import type { WriteGate } from './write-gate.ts'

export interface StorageWatchOptions {
  readonly gate: WriteGate
  readonly dataFolder: string
  readonly disk: Pick<Disk, 'freeBytes'>
  readonly clock: Clock
  readonly diagnostics: Diagnostics
  /** As it is now; 0 when it does not matter how full the disk is. */
  readonly minFreeBytes: () => number
  /** Whether the folder is there and still the broker's own. */
  readonly isFolderHeld: () => Promise<boolean>
}

const PAUSE_MS = 1000
const SMALLEST_ALLOWANCE_BYTES = 1 << 20

export class StorageWatch {
  readonly #options: StorageWatchOptions
  #freeBytes: number | undefined
  #allowanceBytes = 0 // how much may be written before the next look
  #writtenBytes = 0 // since the last one
  #looking: Promise<void> | undefined
  #timer: Timer | undefined
  #isStopped = false

  constructor(options: StorageWatchOptions) {
    this.#options = options
    options.gate.onWrite = (size) => this.#wrote(size)
  }

  /** At the last look; undefined before the first, or where the system does not tell. */
  get freeBytes(): number | undefined {
    return this.#freeBytes
  }

  /** One look at a time; a disk that blocks keeps nobody but it waiting. */
  look(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
      if (this.#options.gate.closedReason !== undefined || this.#writtenBytes > 0) this.#lookLater()
    })
    return this.#looking
  }

  stop(): void {
    this.#isStopped = true
    this.#options.gate.onWrite = undefined
    this.#timer?.cancel()
  }

  #wrote(size: number): void {
    this.#writtenBytes += size
    if (this.#writtenBytes > this.#allowanceBytes) void this.look()
    else this.#lookLater()
  }

  #lookLater(): void {
    const { gate, clock } = this.#options
    if (this.#isStopped || gate.isClosedForGood || this.#looking !== undefined) return
    this.#timer ??= clock.after(PAUSE_MS, () => void this.look())
  }

  async #look(): Promise<void> {
    const { gate, disk, dataFolder, diagnostics, isFolderHeld } = this.#options
    this.#writtenBytes = 0
    try {
      if (!(await isFolderHeld())) return gate.closeForGood(`the data folder ${dataFolder} was removed, replaced or taken over`)
      this.#freeBytes = await disk.freeBytes(dataFolder)
      this.#judge(this.#freeBytes)
    } catch (error) {
      this.#allowanceBytes = Number.POSITIVE_INFINITY // a second from now is soon enough
      diagnostics.warn('how much of the disk is free could not be told', { folder: dataFolder, error: String(error) })
    }
  }

  #judge(freeBytes: number): void {
    const { gate, minFreeBytes } = this.#options
    const limit = minFreeBytes()
    const isClosed = gate.closedReason !== undefined
    this.#allowanceBytes = Math.max(SMALLEST_ALLOWANCE_BYTES, (freeBytes - limit) / 4)
    if (freeBytes < limit && !isClosed)
      gate.closeForNow(`the disk is nearly full: ${inMiB(freeBytes)} free, and writes stop below min.free.bytes (${inMiB(limit)})`)
    else if (isClosed && freeBytes >= limit * 1.25) gate.reopen(`${inMiB(freeBytes)} free`)
  }
}

function inMiB(bytes: number): string {
  return `${(bytes / (1 << 20)).toFixed(1)} MiB`
}
