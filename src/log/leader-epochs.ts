// Which leader epoch wrote from which offset on: how a client notices that a log was truncated (KIP-101, KIP-320).
// Epochs and start offsets grow. The file is rewritten some time after an epoch begins; recovery reads what it lacks from the batches.
//
//   leader-epoch-checkpoint   three kinds of lines:
//   0                         version
//   2                         number of entries
//   3 1700                    epoch and its first offset, for each entry

import { assert } from '../lib/assert.ts'

interface EpochEntry {
  readonly epoch: number
  readonly startOffset: number
}

export interface EpochEnd {
  readonly leaderEpoch: number
  readonly endOffset: number
}

export class LeaderEpochs {
  #entries: EpochEntry[] = []

  /** undefined when the text is damaged. */
  static parse(text: string): LeaderEpochs | undefined {
    const [version, count, ...lines] = text.split('\n')
    if (lines.pop() !== '') return undefined // each line ends with a newline, the last one too
    if (version !== '0' || count !== String(lines.length)) return undefined
    const epochs = new LeaderEpochs()
    for (const line of lines) {
      const match = /^(\d+) (\d+)$/.exec(line)
      if (match === null) return undefined
      const entry = { epoch: Number(match[1]), startOffset: Number(match[2]) }
      const last = epochs.#entries.at(-1)
      if (last !== undefined && (entry.epoch <= last.epoch || entry.startOffset <= last.startOffset)) return undefined
      epochs.#entries.push(entry)
    }
    return epochs
  }

  format(): string {
    return ['0', this.#entries.length, ...this.#entries.map(({ epoch, startOffset }) => `${epoch} ${startOffset}`), ''].join('\n')
  }

  /** -1 when nothing was ever written. */
  get latestEpoch(): number {
    return this.#entries.at(-1)?.epoch ?? -1
  }

  /** Oldest first. */
  get entries(): readonly EpochEntry[] {
    return this.#entries
  }

  /** Whether `startOffset` begins an epoch that was not noted yet. One that began there or later holds no record, and makes room. */
  assign(epoch: number, startOffset: number): boolean {
    if (epoch <= this.latestEpoch) return false
    this.truncateFromEnd(startOffset)
    this.#entries.push({ epoch, startOffset })
    return true
  }

  undoAssign(epoch: number): void {
    assert(this.latestEpoch === epoch, () => `epoch ${epoch} is not the latest`)
    this.#entries.pop()
  }

  /**
   * The last epoch at or below the one asked for, and where the next one began; -1 and -1 when it is yet to come.
   * `currentEpoch` leads from the log's end on, whether or not anything was written under it.
   */
  endOffsetFor(epoch: number, currentEpoch: number, logEndOffset: number): EpochEnd {
    if (epoch < 0 || epoch > currentEpoch) return { leaderEpoch: -1, endOffset: -1 }
    if (epoch === currentEpoch) return { leaderEpoch: epoch, endOffset: logEndOffset }
    const own = this.#entries.findLast((entry) => entry.epoch <= epoch)
    const next = this.#entries.find((entry) => entry.epoch > epoch)
    return { leaderEpoch: own?.epoch ?? epoch, endOffset: next?.startOffset ?? logEndOffset }
  }

  /** -1 below the first entry. */
  epochAt(offset: number): number {
    return this.#entries.findLast((entry) => entry.startOffset <= offset)?.epoch ?? -1
  }

  /** Records from `offset` on are gone. */
  truncateFromEnd(offset: number): void {
    while ((this.#entries.at(-1)?.startOffset ?? -1) >= offset) this.#entries.pop()
  }

  /** Records below `offset` are gone: the epoch that holds it begins there. */
  truncateFromStart(offset: number): void {
    const holder = this.#entries.findLast((entry) => entry.startOffset <= offset)
    if (holder === undefined) return
    this.#entries = [{ epoch: holder.epoch, startOffset: offset }, ...this.#entries.filter((entry) => entry.startOffset > offset)]
  }
}
