// The shape that most requests share, topics with partitions, and what a refusal means in it: the error code of that one partition, nothing more.

import type { TurnShare } from '../lib/turn-share.ts'
import { attemptLater } from '../wire/attempt.ts'
import { errorCode, Refusal } from '../wire/error-codes.ts'

const AT_ONCE = 256 // as many keep the disk busy; what all of them have waited for comes in one turn

type PartitionAnswer<Answer> = { partitionIndex: number; errorCode: number } & Partial<Answer>

/** Answers each asked partition, some hundred at once, with its index and an error code; a refused one carries nothing else. */
export function perPartition<Asked extends { partitionIndex: number }, Answer extends object>(
  asked: readonly Asked[],
  turnShare: TurnShare,
  answer: (asked: Asked) => Promise<Answer>,
): Promise<PartitionAnswer<Answer>[]> {
  return turnShare.each(asked, AT_ONCE, async (one) => {
    const { partitionIndex } = one
    const result = await attemptLater(() => answer(one))
    if (result instanceof Refusal) return { partitionIndex, errorCode: errorCode(result.error) } as PartitionAnswer<Answer>
    return { partitionIndex, errorCode: 0, ...result }
  })
}
