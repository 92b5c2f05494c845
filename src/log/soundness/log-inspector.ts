// The soundness of one log: looks closer at its segments where a reader doubts them, or all over when it is scrubbed, and tells what is damaged, each part once.

import type { LeaderEpochs } from '../leader-epochs.ts'
import type { LogServices, LogSettings } from '../log-settings.ts'
import type { Segment } from '../segments/segment.ts'
import type { LogOrder } from './inspect.ts'
import { inspectPart, inspectSegment, startOf } from './inspect-segment.ts'
import type { DamagedPart } from './soundness.ts'

const PIECE_BYTES = 1 << 20

interface LogInspectorOptions {
  /** Where the log is, for people. */
  readonly folder: string
  readonly log: {
    readonly settings: Pick<LogSettings, 'mayHaveGaps'>
    readonly writer: { readonly segments: { readonly all: readonly Segment[] }; readonly epochs: Pick<LeaderEpochs, 'epochAt'> }
  }
  readonly services: Pick<LogServices, 'counters' | 'diagnostics'>
}

export class LogInspector implements LogOrder {
  readonly #options: LogInspectorOptions

  constructor(options: LogInspectorOptions) {
    this.#options = options
  }

  mayHaveGaps(): boolean {
    return this.#options.log.settings.mayHaveGaps
  }

  epochAt(offset: number): number {
    return this.#options.log.writer.epochs.epochAt(offset)
  }

  /** Notes with the segment what is sound and what is not around `position`. */
  inspect(segment: Segment, position: number): Promise<void> {
    const nextBaseOffset = this.#baseOffsetBehind(segment)
    return inspectSegment(segment, { doubtAt: position, nextBaseOffset, order: this, damaged: (part) => this.#tell(segment, part) })
  }

  /** Reads all that is written, a piece at a time, and tells what is damaged. `paced` gets the size of each piece, and says when to go on. */
  async scrub(paced: (bytes: number) => Promise<void>): Promise<void> {
    const { log } = this.#options
    for (const segment of log.writer.segments.all.slice()) {
      try {
        await this.#scrubSegment(segment, paced)
      } catch (error) {
        if (log.writer.segments.all.includes(segment)) throw error // else it was removed or exchanged meanwhile
        await paced(0)
      }
    }
  }

  async #scrubSegment(segment: Segment, paced: (bytes: number) => Promise<void>): Promise<void> {
    for (let start = startOf(segment); start.position < segment.writtenSize;) {
      const nextBaseOffset = this.#baseOffsetBehind(segment)
      const to = start.position + PIECE_BYTES
      const end = await inspectPart(segment, { start, to, nextBaseOffset, order: this, damaged: (part) => this.#tell(segment, part) })
      if (end.position === start.position) break
      await paced(end.position - start.position)
      start = end
    }
  }

  #baseOffsetBehind(segment: Segment): number | undefined {
    return this.#options.log.writer.segments.all.find(({ baseOffset }) => baseOffset > segment.baseOffset)?.baseOffset
  }

  #tell({ baseOffset }: Segment, { position, size, fromOffset, toOffset, message: damage }: DamagedPart): void {
    const { services, folder } = this.#options
    const { counters, diagnostics } = services
    counters.foundDamage(size, toOffset - fromOffset)
    diagnostics.error(
      'a part of a log is damaged: its records are refused to readers. ottla verify tells more, ottla repair takes it out',
      {
        folder,
        segment: baseOffset,
        position,
        size,
        fromOffset,
        lastOffset: toOffset - 1,
        damage,
      },
    )
  }
}
