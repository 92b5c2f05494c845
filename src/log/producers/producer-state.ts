// The idempotent producers of one partition: who wrote what last. States are never changed in place, so that undoing an append is putting the old one back.
// Rebuilt at open from a snapshot (one batch per producer), the batches after it, and a look back for the four before.

import type { BatchView } from '../../wire/records/batch.ts'
import { decodeSnapshot, encodeSnapshot } from './producer-snapshot.ts'
import { type BatchSequence, judge, type ProducerState, RECENT_BATCHES_MAX, sequenceBefore, type Verdict, withBatch } from './sequence.ts'

const SWEEP_AT_LEAST = 1000

interface Entry {
  readonly state: ProducerState
  /** By our clock, not the batch's timestamp: a producer that replays old records would expire while it writes. */
  readonly lastUsedMs: number
}

export class ProducerStates {
  readonly #now: () => number
  expirationMs: number
  readonly #entries = new Map<number, Entry>()
  #sweepAt = SWEEP_AT_LEAST

  constructor(now: () => number, expirationMs: number) {
    this.#now = now
    this.expirationMs = expirationMs
  }

  /** Takes over what a snapshot holds; whether its bytes are whole. */
  load(bytes: Buffer): boolean {
    const entries = decodeSnapshot(bytes)
    if (entries === undefined) return false
    for (const entry of entries) {
      if (this.#isExpired(entry.timestamp)) continue
      const batch: BatchSequence = {
        firstSequence: sequenceBefore(entry.lastSequence, entry.offsetDelta),
        lastSequence: entry.lastSequence,
        baseOffset: entry.lastOffset - entry.offsetDelta,
        lastOffset: entry.lastOffset,
        timestamp: entry.timestamp,
      }
      const recentBatches = entry.lastSequence < 0 ? [] : [batch] // Kafka's entry of a producer that wrote only a transaction marker
      this.#entries.set(entry.producerId, { state: { producerEpoch: entry.producerEpoch, recentBatches }, lastUsedMs: entry.timestamp })
    }
    return true
  }

  /** Without those that have expired. */
  toSnapshot(): Buffer {
    this.#sweep()
    return encodeSnapshot(
      [...this.#entries].map(([producerId, { state, lastUsedMs }]) => {
        const last = state.recentBatches.at(-1)
        return {
          producerId,
          producerEpoch: state.producerEpoch,
          lastSequence: last?.lastSequence ?? -1,
          lastOffset: last?.lastOffset ?? -1,
          offsetDelta: last === undefined ? 0 : last.lastOffset - last.baseOffset,
          timestamp: lastUsedMs,
        }
      }),
    )
  }

  /** By producer id, the last offset that each wrote; without those that have expired. */
  get lastOffsets(): ReadonlyMap<number, number> {
    this.#sweep()
    return new Map([...this.#entries].map(([producerId, { state }]) => [producerId, state.recentBatches.at(-1)?.lastOffset ?? -1]))
  }

  /** For a batch that has a producer id. */
  judge(view: BatchView): Verdict {
    const entry = this.#entries.get(view.producerId)
    const state = entry === undefined || this.#isExpired(entry.lastUsedMs) ? undefined : entry.state
    return judge(state, view.producerEpoch, view.baseSequence, view.lastSequence)
  }

  /** Notes a batch that is (about to be) in the log, and answers how to take that back. Batches without a producer or sequence change nothing. */
  add(view: BatchView): () => void {
    const { producerId } = view
    if (producerId < 0 || view.baseSequence < 0) return NOTHING_TO_UNDO
    if (this.#entries.size >= this.#sweepAt) this.#sweep()
    const before = this.#entries.get(producerId)
    this.#entries.set(producerId, { state: withBatch(before?.state, view.producerEpoch, sequenceOf(view)), lastUsedMs: this.#now() })
    return () => {
      if (before === undefined) this.#entries.delete(producerId)
      else this.#entries.set(producerId, before)
    }
  }

  /** Puts batches that lie before those known, oldest first, in front: the ones a snapshot leaves out. */
  restoreEarlier(views: readonly BatchView[]): void {
    for (const view of views.toReversed()) {
      const entry = this.#entries.get(view.producerId)
      if (entry === undefined || !this.#lacksBefore(entry, view)) continue
      const recentBatches = [sequenceOf(view), ...entry.state.recentBatches]
      this.#entries.set(view.producerId, { ...entry, state: { ...entry.state, recentBatches } })
    }
  }

  /** Whether an older batch could still be missing for some producer. */
  get lacksEarlier(): boolean {
    return [...this.#entries.values()].some(({ state }) => {
      const first = state.recentBatches[0]
      return first !== undefined && first.firstSequence !== 0 && state.recentBatches.length < RECENT_BATCHES_MAX
    })
  }

  /** Forgets the expired; next when there are twice as many, so that it costs little per append. */
  #sweep(): void {
    for (const [producerId, { lastUsedMs }] of this.#entries) if (this.#isExpired(lastUsedMs)) this.#entries.delete(producerId)
    this.#sweepAt = Math.max(SWEEP_AT_LEAST, 2 * this.#entries.size)
  }

  #isExpired(lastUsedMs: number): boolean {
    return this.#now() - lastUsedMs >= this.expirationMs
  }

  #lacksBefore({ state }: Entry, view: BatchView): boolean {
    const first = state.recentBatches[0]
    return (
      first !== undefined &&
      state.recentBatches.length < RECENT_BATCHES_MAX &&
      view.producerEpoch === state.producerEpoch &&
      view.baseSequence >= 0 &&
      view.lastSequence === sequenceBefore(first.firstSequence, 1) &&
      view.lastOffset < first.baseOffset
    )
  }
}

const NOTHING_TO_UNDO = (): void => {}

function sequenceOf(view: BatchView): BatchSequence {
  return {
    firstSequence: view.baseSequence,
    lastSequence: view.lastSequence,
    baseOffset: view.baseOffset,
    lastOffset: view.lastOffset,
    timestamp: view.maxTimestamp,
  }
}
