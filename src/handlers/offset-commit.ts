// OffsetCommit v2-10: how far a group has come, kept in `__consumer_offsets`.
// - Answered when the offsets are as durable as the broker's mode promises; COORDINATOR_NOT_AVAILABLE after `offsets.commit.timeout.ms`, and they may still hold.
// - Each partition by itself: an unknown one answers UNKNOWN_TOPIC_OR_PARTITION, or UNKNOWN_TOPIC_ID (v10+), too long a metadata OFFSET_METADATA_TOO_LARGE.
// - What is wrong with the member (UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, FENCED_INSTANCE_ID, REBALANCE_IN_PROGRESS, STALE_MEMBER_EPOCH) holds for all partitions.
// - Without a generation (-1) anybody may commit for a group that has no members, and makes it if need be.

import { commitOffsets, type OffsetToCommit } from '../groups/offsets/commit-offsets.ts'
import type { Topic } from '../topics/catalog.ts'
import { attempt, attemptLater } from '../wire/attempt.ts'
import { errorCode, Refusal } from '../wire/error-codes.ts'
import { offsetCommit as api } from '../wire/messages/offset-commit.ts'
import type { Infer } from '../wire/schema.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import type { Services } from './services.ts'
import { withinTimeout } from './within-timeout.ts'

type Request = Infer<typeof api.request>
type AskedPartition = Request['topics'][number]['partitions'][number]

const TOPIC_IDS_SINCE_VERSION = 10

export function offsetCommit({ groups, catalog, clock, config }: Services): ServedApi {
  return handler(api, {
    async handle(request, { apiVersion }) {
      const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch: generationId, retentionTimeMs } = request
      const offsets: OffsetToCommit[] = []
      const answers: { errorCode: number }[] = [] // of each of the offsets
      const topics = answerTopics(request, ({ name, topicId, partitions }) => {
        const topic = attempt(() => (apiVersion >= TOPIC_IDS_SINCE_VERSION ? catalog.byId(topicId) : catalog.byName(name)))
        return partitions.map((partition) => {
          const offset = topic instanceof Refusal ? topic : toCommit(topic, partition)
          const answer = answerOf(partition, offset instanceof Refusal ? offset : undefined)
          if (!(offset instanceof Refusal)) {
            offsets.push(offset)
            answers.push(answer)
          }
          return answer
        })
      })
      if (offsets.length === 0) return { topics }
      const commit = { groupId, committer: { memberId, groupInstanceId, generationId, apiVersion }, retentionTimeMs, offsets }
      const work = groups.shardOf(groupId).then((shard) => commitOffsets(shard, commit))
      const results = await attemptLater(() => withinTimeout(clock, config['offsets.commit.timeout.ms'], work, 'COORDINATOR_NOT_AVAILABLE'))
      for (const [index, answer] of answers.entries()) {
        const refusal = results instanceof Refusal ? results : results[index]
        if (refusal !== undefined) answer.errorCode = errorCode(refusal.error)
      }
      return { topics }
    },
    refuse: (request, refusal) => ({
      topics: answerTopics(request, ({ partitions }) => partitions.map((partition) => answerOf(partition, refusal))),
    }),
  })
}

function toCommit(topic: Topic, partition: AskedPartition): OffsetToCommit | Refusal {
  const { partitionIndex, committedOffset: offset, committedLeaderEpoch: leaderEpoch, committedMetadata: metadata } = partition
  if (partitionIndex < 0 || partitionIndex >= topic.partitionCount) return new Refusal('UNKNOWN_TOPIC_OR_PARTITION')
  return { topic: topic.name, topicId: topic.id, partitionIndex, offset, leaderEpoch, metadata }
}

const answerOf = ({ partitionIndex }: AskedPartition, refusal: Refusal | undefined) => ({
  partitionIndex,
  errorCode: refusal === undefined ? 0 : errorCode(refusal.error),
})

/** Kafka leaves out topics of which no partition is named. */
function answerTopics<Answers>({ topics }: Request, partitionsOf: (topic: Request['topics'][number]) => Answers) {
  const meant = topics.filter(({ partitions }) => partitions.length > 0)
  return meant.map((topic) => ({ name: topic.name, topicId: topic.topicId, partitions: partitionsOf(topic) }))
}
