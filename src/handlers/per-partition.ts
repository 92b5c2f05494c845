// The shape that most requests share, topics with partitions, and what a refusal means in it: the error code of that one partition, nothing more.

import type { TurnShare } from '../lib/turn-share.ts'
import { attemptLater } from '../wire/attempt.ts'
import { errorCode, Refusal } from '../wire/error-codes.ts'

const PARTITIONS_PER_STEP = 64 // less than a millisecond

type PartitionAnswer<Answer> = { partitionIndex: number; errorCode: number } & Partial<Answer>

/** Answers each asked partition, none waiting for another, with its index and an error code; a refused one carries nothing else. */
export function perPartition<Asked extends { partitionIndex: number }, Answer extends object>(
  asked: readonly Asked[],
  turnShare: TurnShare,
  answer: (asked: Asked) => Promise<Answer>,
): Promise<PartitionAnswer<Answer>[]> {
  return turnShare.startEach(asked, PARTITIONS_PER_STEP, async (one) => {
    const { partitionIndex } = one
    const result = await attemptLater(() => answer(one))
    if (result instanceof Refusal) return { partitionIndex, errorCode: errorCode(result.error) } as PartitionAnswer<Answer>
    return { partitionIndex, errorCode: 0, ...result }
  })
}
