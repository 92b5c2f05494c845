// A group that commits and asks, as tests need it: one topic, offsets by partition, errors by name.

import { errorName } from '../../src/wire/error-codes.ts'
import { offsetCommit } from '../../src/wire/messages/offset-commit.ts'
import { offsetFetch } from '../../src/wire/messages/offset-fetch.ts'
import { ZERO_UUID } from '../../src/wire/uuid.ts'
import type { TestServices } from './test-services.ts'

/** Somebody who is no member. Answers the errors of the partitions. */
export async function commit(
  services: TestServices,
  groupId: string,
  offsets: Readonly<Record<number, number>>,
  { topic = 'a', version = 9, retentionTimeMs = -1 } = {},
): Promise<string[]> {
  const topicId = services.catalog.has(topic) ? services.catalog.byName(topic).id : ZERO_UUID
  const partitions = Object.entries(offsets).map(([index, committedOffset]) => ({
    partitionIndex: Number(index),
    committedOffset,
    committedLeaderEpoch: 5,
    committedMetadata: `at ${committedOffset}`,
  }))
  const topics = [{ name: topic, topicId, partitions }]
  const answer = await services.ask(offsetCommit, version, {
    groupId,
    generationIdOrMemberEpoch: -1,
    memberId: '',
    retentionTimeMs: version < 5 ? retentionTimeMs : -1,
    topics,
  })
  return answer.topics[0]!.partitions.map(({ errorCode }) => errorName(errorCode))
}

/** What it has committed, -1 for nothing; or the error. */
export async function fetched(
  services: TestServices,
  groupId: string,
  partitionIndexes: number[] = [0, 1],
  topic = 'a',
): Promise<number[] | string> {
  const answer = await services.ask(offsetFetch, 8, { groups: [{ groupId, topics: [{ name: topic, partitionIndexes }] }] })
  const { errorCode, topics } = answer.groups[0]!
  return errorCode === 0 ? topics[0]!.partitions.map(({ committedOffset }) => committedOffset) : errorName(errorCode)
}
