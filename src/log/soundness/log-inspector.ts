// The soundness of one log: looks closer at its segments where a reader doubts them, or all over when it is scrubbed, and tells what is damaged, each part once.

import type { LeaderEpochs } from '../leader-epochs.ts'
import type { LogServices, LogSettings } from '../log-settings.ts'
import type { Segment } from '../segments/segment.ts'
import type { LogOrder } from './inspect.ts'
import { inspectSegment } from './inspect-segment.ts'
import type { DamagedPart } from './soundness.ts'

interface LogInspectorOptions {
  /** Where the log is, for people. */
  readonly folder: string
  readonly settings: () => Pick<LogSettings, 'mayHaveGaps'>
  readonly writer: () => { readonly segments: { readonly all: readonly Segment[] }; readonly epochs: Pick<LeaderEpochs, 'epochAt'> }
  readonly services: Pick<LogServices, 'counters' | 'diagnostics'>
}

export class LogInspector {
  readonly #options: LogInspectorOptions

  readonly order: LogOrder

  constructor(options: LogInspectorOptions) {
    this.#options = options
    this.order = {
      mayHaveGaps: () => options.settings().mayHaveGaps,
      epochAt: (offset) => options.writer().epochs.epochAt(offset),
    }
  }

  /** Notes with the segment what is sound and what is not around `position`. */
  inspect(segment: Segment, position: number): Promise<void> {
    const { order } = this
    const nextBaseOffset = this.#baseOffsetBehind(segment)
    return inspectSegment(segment, { doubtAt: position, nextBaseOffset, order, damaged: (part) => this.#tell(segment, part) })
  }

  #baseOffsetBehind(segment: Segment): number | undefined {
    return this.#options.writer().segments.all.find(({ baseOffset }) => baseOffset > segment.baseOffset)?.baseOffset
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
