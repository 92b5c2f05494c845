// OffsetCommit v2-10: how far a group has come, kept in `__consumer_offsets`.
// - Answered when the offsets are as durable as the broker's mode promises; REQUEST_TIMED_OUT after `offsets.commit.timeout.ms`, and they may still hold.
// - Each partition by itself: an unknown one answers UNKNOWN_TOPIC_OR_PARTITION, or UNKNOWN_TOPIC_ID (v10+), too long a metadata OFFSET_METADATA_TOO_LARGE.
// - What is wrong with the member (UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, FENCED_INSTANCE_ID, REBALANCE_IN_PROGRESS, STALE_MEMBER_EPOCH) holds for all partitions.
// - Without a generation (-1) anybody may commit for a group that has no members, and makes it if need be.

import { commitOffsets, type OffsetToCommit } from '../groups/offsets/commit-offsets.ts'
import type { Topic } from '../topics/catalog.ts'
import { attempt, attemptLater } from '../wire/attempt.ts'
import { errorCode, Refusal } from '../wire/error-codes.ts'
import { offsetCommit as api } from '../wire/messages/offset-commit.ts'
import type { Draft, Infer } from '../wire/schema.ts'
import { checkGroupId } from './group-id.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import type { Services } from './services.ts'
import { withinTimeout } from './within-timeout.ts'

type Request = Infer<typeof api.request>
type Response = Draft<typeof api.response>
type Outcome = Refusal | undefined

const TOPIC_IDS_SINCE_VERSION = 10

export function offsetCommit(services: Services): ServedApi {
  const { groups, catalog, clock, config } = services
  return handler(api, {
    async handle(request, { apiVersion }) {
      const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch: generationId, retentionTimeMs } = request
      checkGroupId(groupId)
      const outcomes = request.topics.map(({ partitions }): Outcome[] => partitions.map(() => undefined))
      const offsets: OffsetToCommit[] = []
      const tellers: ((outcome: Outcome) => void)[] = [] // for each of the offsets
      for (const [topicIndex, { name, topicId, partitions }] of request.topics.entries()) {
        const topic = attempt(() => (apiVersion >= TOPIC_IDS_SINCE_VERSION ? catalog.byId(topicId) : catalog.byName(name)))
        for (const [index, partition] of partitions.entries()) {
          const tell = (outcome: Outcome): void => void (outcomes[topicIndex]![index] = outcome)
          const offset = topic instanceof Refusal ? topic : attempt(() => toCommit(topic, partition))
          if (offset instanceof Refusal) tell(offset)
          else {
            offsets.push(offset)
            tellers.push(tell)
          }
        }
      }
      const commit = { groupId, committer: { memberId, groupInstanceId, generationId, apiVersion }, retentionTimeMs, offsets }
      const work = groups.shardOf(groupId).then((shard) => commitOffsets(shard, commit))
      const results = await attemptLater(() => withinTimeout(clock, config['offsets.commit.timeout.ms'], work))
      for (const [index, tell] of tellers.entries()) tell(results instanceof Refusal ? results : results[index])
      return responseOf(request, (topicIndex, index) => outcomes[topicIndex]![index])
    },
    refuse: (request, refusal) => responseOf(request, () => refusal),
  })
}

function toCommit(topic: Topic, partition: Request['topics'][number]['partitions'][number]): OffsetToCommit {
  const { partitionIndex, committedOffset: offset, committedLeaderEpoch: leaderEpoch, committedMetadata: metadata } = partition
  if (partitionIndex < 0 || partitionIndex >= topic.partitionCount) throw new Refusal('UNKNOWN_TOPIC_OR_PARTITION')
  return { topic: topic.name, topicId: topic.id, partitionIndex, offset, leaderEpoch, metadata }
}

function responseOf({ topics }: Request, outcomeOf: (topicIndex: number, index: number) => Outcome): Response {
  return {
    topics: topics.map(({ name, topicId, partitions }, topicIndex) => ({
      name,
      topicId,
      partitions: partitions.map(({ partitionIndex }, index) => {
        const outcome = outcomeOf(topicIndex, index)
        return { partitionIndex, errorCode: outcome === undefined ? 0 : errorCode(outcome.error) }
      }),
    })),
  }
}
