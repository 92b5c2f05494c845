// Whether a batch belongs where it lies. Its checksum covers neither its base offset nor its leader epoch: its neighbours must bear them out.
// Pure. Where two neighbours cannot both be right, the one that continues what is before it is believed; where neither does, neither is.

import type { BatchView } from '../../wire/records/batch.ts'

/** What is believed of the batches before one. */
export interface Before {
  /** After the last of them. */
  readonly nextOffset: number
  /** Its leader epoch; -1 when unknown. */
  readonly epoch: number
  /** After batches that are not believed: where the next one begins if no offset is left out. */
  readonly resumeOffset?: number
}

/** What the batch behind one claims, or the segment behind the last. */
export interface After {
  readonly baseOffset: number
  /** -1 when unknown. */
  readonly epoch: number
}

export const NOTHING_AFTER: After = { baseOffset: Number.POSITIVE_INFINITY, epoch: -1 }

/** What is wrong with the place of `view`, as a sentence; undefined when it is believed. `listedEpoch` is what the log's list of epochs has there, -1 when nothing. */
export function orderDamage(view: BatchView, before: Before, after: After, listedEpoch: number): string | undefined {
  return offsetDamage(view, before, after) ?? epochDamage(view, before, after, listedEpoch)
}

function offsetDamage({ baseOffset, lastOffset }: BatchView, before: Before, after: After): string | undefined {
  if (baseOffset < before.nextOffset) return `a batch at offset ${baseOffset} follows offset ${before.nextOffset - 1}`
  if (after.baseOffset > lastOffset) return undefined
  const continues = baseOffset === (before.resumeOffset ?? before.nextOffset)
  return continues ? undefined : `a batch at offsets ${baseOffset} to ${lastOffset} lies before one at offset ${after.baseOffset}`
}

function epochDamage({ partitionLeaderEpoch: epoch }: BatchView, before: Before, after: After, listedEpoch: number): string | undefined {
  if (epoch === listedEpoch && epoch >= before.epoch) return undefined
  if (epoch < before.epoch) return `a batch of leader epoch ${epoch} follows one of ${before.epoch}`
  if (epoch === before.epoch || epoch === after.epoch || epoch === -1) return undefined // the list is wrong
  if (listedEpoch === -1)
    return after.epoch >= 0 && epoch > after.epoch ? `a batch of leader epoch ${epoch} is followed by one of ${after.epoch}` : undefined
  return `a batch claims leader epoch ${epoch}, where ${listedEpoch} led`
}
