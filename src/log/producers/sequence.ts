// What a partition remembers of one idempotent producer, and the verdict on its next batch. Pure: state in, verdict out.
// The last five batches are kept because a producer may have five requests in flight and retry any of them (KIP-98).

export interface BatchSequence {
  readonly firstSequence: number
  readonly lastSequence: number
  readonly baseOffset: number
  readonly lastOffset: number
  /** The batch's greatest. */
  readonly timestamp: number
}

export interface ProducerState {
  readonly producerEpoch: number
  /** Of this epoch; oldest first, at most RECENT_BATCHES_MAX. */
  readonly recentBatches: readonly BatchSequence[]
}

export type Verdict =
  | { readonly kind: 'append' }
  | { readonly kind: 'duplicate'; readonly original: BatchSequence }
  | { readonly kind: 'refuse'; readonly error: 'INVALID_PRODUCER_EPOCH' | 'OUT_OF_ORDER_SEQUENCE_NUMBER'; readonly message: string }

export const RECENT_BATCHES_MAX = 5

const APPEND: Verdict = { kind: 'append' }

export function judge(state: ProducerState | undefined, producerEpoch: number, firstSequence: number, lastSequence: number): Verdict {
  if (state === undefined) return APPEND // a producer unknown here may start at any sequence
  if (producerEpoch < state.producerEpoch) {
    return {
      kind: 'refuse',
      error: 'INVALID_PRODUCER_EPOCH',
      message: `producer epoch ${producerEpoch} is over: the current one is ${state.producerEpoch}`,
    }
  }
  if (producerEpoch > state.producerEpoch) return firstSequence === 0 ? APPEND : outOfOrder(firstSequence, 0)
  const original = state.recentBatches.find((batch) => batch.firstSequence === firstSequence && batch.lastSequence === lastSequence)
  if (original !== undefined) return { kind: 'duplicate', original }
  const expected = sequenceAfter(state.recentBatches.at(-1)?.lastSequence ?? -1)
  return firstSequence === expected ? APPEND : outOfOrder(firstSequence, expected)
}

/** The state once `batch` is in the log. One that does not follow is of a producer that had expired: what it wrote before is no batch's original. */
export function withBatch(state: ProducerState | undefined, producerEpoch: number, batch: BatchSequence): ProducerState {
  const last = state?.recentBatches.at(-1)
  const follows = state?.producerEpoch === producerEpoch && last !== undefined && batch.firstSequence === sequenceAfter(last.lastSequence)
  const earlier = follows ? state.recentBatches : []
  return { producerEpoch, recentBatches: [...earlier.slice(1 - RECENT_BATCHES_MAX), batch] }
}

/** Sequences wrap from 2^31 - 1 to 0. */
export function sequenceAfter(sequence: number): number {
  return sequence === 0x7fffffff ? 0 : sequence + 1
}

/** The sequence `count` before `sequence`. */
export function sequenceBefore(sequence: number, count: number): number {
  return sequence >= count ? sequence - count : sequence - count + 2 ** 31
}

function outOfOrder(firstSequence: number, expected: number): Verdict {
  return {
    kind: 'refuse',
    error: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
    message: `the batch begins at sequence ${firstSequence}, but ${expected} is next`,
  }
}
