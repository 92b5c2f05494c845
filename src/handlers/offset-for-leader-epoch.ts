// OffsetForLeaderEpoch v2-4: where the records of a leader epoch end (KIP-101, KIP-320), so that a client notices what a crash cut off.
// - An epoch that the log skipped answers the one before it; one from before the log's first answers itself and the log's beginning;
//   one that is yet to come answers -1 and -1.

import { attemptLater } from '../wire/attempt.ts'
import { errorCode, Refusal } from '../wire/error-codes.ts'
import { offsetForLeaderEpoch as api } from '../wire/messages/offset-for-leader-epoch.ts'
import type { Draft, Infer } from '../wire/schema.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import { perPartition } from './per-partition.ts'
import type { Services } from './services.ts'

type Asked = Infer<typeof api.request>['topics'][number]['partitions'][number]
type PartitionResponse = Draft<typeof api.response>['topics'][number]['partitions'][number]

export function offsetForLeaderEpoch({ catalog, placement, records, turnShare }: Services): ServedApi {
  const answer = async (topic: string, { partition, currentLeaderEpoch, leaderEpoch }: Asked): Promise<PartitionResponse> => {
    const found = await attemptLater(() => {
      const found = catalog.byName(topic)
      placement.checkLeader(found, partition, currentLeaderEpoch)
      return records.endOffsetForEpoch(found.id, partition, leaderEpoch)
    })
    return found instanceof Refusal ? refused(partition, found) : { errorCode: 0, partition, ...found }
  }

  return handler(api, {
    async handle({ topics }) {
      const answers = await perPartition(topics, turnShare, ({ topic }, asked) => answer(topic, asked))
      return { topics: topics.map(({ topic }, index) => ({ topic, partitions: answers[index]! })) }
    },
    refuse: ({ topics }, refusal) => ({
      topics: topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition }) => refused(partition, refusal)),
      })),
    }),
  })
}

const refused = (partition: number, refusal: Refusal): PartitionResponse => ({ errorCode: errorCode(refusal.error), partition })
