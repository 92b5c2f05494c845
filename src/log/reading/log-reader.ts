// What a log reads from its segments: batches from an offset on, a record by its time. Segments that are exchanged or removed meanwhile are read again as they
// are then, so a reader never sees part of one and part of another.

import { Refusal } from '../../wire/error-codes.ts'
import type { ReadOptions, ReadResult } from '../log-answers.ts'
import type { LogServices } from '../log-settings.ts'
import type { Segment } from '../segments/segment.ts'
import type { SegmentList } from '../segments/segment-list.ts'
import { readSegments } from '../segments/segment-read.ts'
import type { FoundRecord, TimestampQuery } from '../segments/timestamps.ts'
import type { LogInspector } from '../soundness/log-inspector.ts'

export interface LogReaderOptions {
  readonly folder: string
  readonly services: Pick<LogServices, 'bufferPool' | 'readAhead' | 'diagnostics'>
  readonly inspector: LogInspector
  readonly log: { readonly writer: { readonly segments: SegmentList } }
  /** Why records at `offset` are not to be had any more, if that is so: whatever else went wrong comes from it. */
  readonly refusalOf: (offset: number) => Refusal | undefined
}

export class LogReader {
  readonly #options: LogReaderOptions

  constructor(options: LogReaderOptions) {
    this.#options = options
  }

  get inspector(): LogInspector {
    return this.#options.inspector
  }

  /** Rejects with a Refusal. */
  read(offset: number, maxBytes: number, { upTo, atLeastOneBatch }: ReadOptions): Promise<ReadResult> {
    const { services, inspector } = this.#options
    const { bufferPool, readAhead } = services
    const request = { offset, maxBytes, upTo, atLeastOneBatch, bufferPool, readAhead, inspector }
    return this.#reading(offset, (segments) => readSegments(segments, request))
  }

  /** Rejects with a Refusal. */
  find(
    query: Omit<TimestampQuery, 'inspector'>,
    find: (segments: readonly Segment[], query: TimestampQuery) => Promise<FoundRecord | undefined>,
  ): Promise<FoundRecord | undefined> {
    const { inspector } = this.#options
    return this.#reading(query.from, (segments) => find(segments, { ...query, inspector }))
  }

  /** Once more when the segments were exchanged under the reader. */
  async #reading<T>(offset: number, read: (segments: readonly Segment[]) => Promise<T>): Promise<T> {
    const { log, refusalOf } = this.#options
    for (;;) {
      const segments = log.writer.segments.from(offset)
      try {
        return await read(segments)
      } catch (error) {
        const refusal = refusalOf(offset)
        if (refusal !== undefined) throw refusal
        if (log.writer.segments.holds(segments)) throw this.#failed(offset, error)
      }
    }
  }

  #failed(offset: number, error: unknown): Refusal {
    const { folder, services } = this.#options
    if (error instanceof Refusal && error.error === 'CORRUPT_MESSAGE') return error // it was told when it was found
    services.diagnostics.error('a log could not be read', { folder, offset, error: String(error) })
    return error instanceof Refusal ? error : new Refusal('KAFKA_STORAGE_ERROR', `the log could not be read: ${String(error)}`)
  }
}
