// OffsetFetch v1-10: what groups have committed. One group up to v7, several from v8 on; topics by id from v10 on.
// - What was not committed answers offset -1 and no error, also for a group that does not exist. Null topics (v2+) ask for all that the group has.
// - Nothing that is not on disk yet is told, so that a consumer never goes on from an offset that a crash takes back.
// - A member that says who it is (v9+) is refused with UNKNOWN_MEMBER_ID or STALE_MEMBER_EPOCH when it is not, or is no more.
// - An unknown topic id (v10+) answers UNKNOWN_TOPIC_ID.

import { type CommittedOffset, isOf } from '../groups/offsets/committed-offsets.ts'
import type { Shard } from '../groups/shard.ts'
import type { Topic } from '../topics/catalog.ts'
import { attempt, attemptLater } from '../wire/attempt.ts'
import { errorCode, Refusal } from '../wire/error-codes.ts'
import { offsetFetch as api } from '../wire/messages/offset-fetch.ts'
import type { Draft, Infer } from '../wire/schema.ts'
import { ZERO_UUID } from '../wire/uuid.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import type { Services } from './services.ts'

type AskedGroup = Infer<typeof api.request>['groups'][number]
type GroupResponse = NonNullable<Draft<typeof api.response>['groups']>[number]
type TopicResponse = GroupResponse['topics'][number]
type PartitionResponse = TopicResponse['partitions'][number]

const SEVERAL_GROUPS_SINCE_VERSION = 8
const TOPIC_IDS_SINCE_VERSION = 10

export function offsetFetch(services: Services): ServedApi {
  return handler(api, {
    async handle(request, { apiVersion }) {
      const byId = apiVersion >= TOPIC_IDS_SINCE_VERSION
      if (apiVersion >= SEVERAL_GROUPS_SINCE_VERSION)
        return { groups: await Promise.all(request.groups.map((asked) => fetchGroup(services, asked, byId))) }
      const topics = request.topics?.map((topic) => ({ ...topic, topicId: ZERO_UUID })) ?? null
      const group = await fetchGroup(services, { groupId: request.groupId, memberId: null, memberEpoch: -1, topics }, byId)
      return oneGroup(group, request.topics)
    },
    refuse: ({ groups, groupId, topics }, refusal) => ({
      ...oneGroup({ groupId, topics: [], errorCode: errorCode(refusal.error) }, topics),
      groups: groups.map((asked) => ({ groupId: asked.groupId, topics: [], errorCode: errorCode(refusal.error) })),
    }),
  })
}

/** Before version 2 only partitions could tell what is wrong. */
function oneGroup({ topics, errorCode: code = 0 }: GroupResponse, asked: Infer<typeof api.request>['topics']) {
  const refusedTopics = (asked ?? []).map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map((partitionIndex) => ({ ...NOTHING, partitionIndex, errorCode: code })),
  }))
  const answered = topics.map(({ name, partitions }) => ({ name: name ?? '', partitions }))
  return { topics: code === 0 ? answered : refusedTopics, errorCode: code, groups: [] }
}

async function fetchGroup({ groups, catalog }: Services, asked: AskedGroup, byId: boolean): Promise<GroupResponse> {
  const { groupId, memberId, memberEpoch, topics } = asked
  const found = await attemptLater(async () => {
    const shard = await groups.shardOf(groupId)
    shard.groups.get(groupId)?.checkFetch(memberId, memberEpoch)
    return topics === null ? allOf(shard, groupId, catalog) : topics.map((topic) => topicResponse(shard, groupId, catalog, topic, byId))
  })
  return found instanceof Refusal ? { groupId, topics: [], errorCode: errorCode(found.error) } : { groupId, topics: found }
}

type AskedTopic = NonNullable<AskedGroup['topics']>[number]

function topicResponse(shard: Shard, groupId: string, catalog: Services['catalog'], asked: AskedTopic, byId: boolean): TopicResponse {
  const { name, topicId, partitionIndexes } = asked
  const topic = attempt(() => (byId ? catalog.byId(topicId) : catalog.byName(name)))
  const partitions = partitionIndexes.map((partitionIndex) => {
    if (topic instanceof Refusal) return { ...NOTHING, partitionIndex, errorCode: byId ? errorCode(topic.error) : 0 }
    return partitionResponse(partitionIndex, shard.offsets.committed.get({ groupId, topic: topic.name, partitionIndex }, topic.id))
  })
  return { name, topicId, partitions }
}

function allOf(shard: Shard, groupId: string, catalog: Services['catalog']): TopicResponse[] {
  const responses: TopicResponse[] = []
  for (const [name, committed] of shard.offsets.committed.of(groupId)) {
    const topic = attempt((): Topic => catalog.byName(name))
    if (topic instanceof Refusal) continue
    const ofTopic = [...committed].filter(([, offset]) => isOf(offset, topic.id))
    const partitions = ofTopic.map(([partitionIndex, offset]) => partitionResponse(partitionIndex, offset))
    if (partitions.length > 0) responses.push({ name, topicId: topic.id, partitions })
  }
  return responses
}

const NOTHING = { committedOffset: -1, committedLeaderEpoch: -1, metadata: '', errorCode: 0 } as const

function partitionResponse(partitionIndex: number, committed: CommittedOffset | undefined): PartitionResponse {
  if (committed === undefined) return { ...NOTHING, partitionIndex }
  const { offset: committedOffset, leaderEpoch: committedLeaderEpoch, metadata } = committed
  return { partitionIndex, committedOffset, committedLeaderEpoch, metadata, errorCode: 0 }
}
