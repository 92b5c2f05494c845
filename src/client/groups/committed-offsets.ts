// What a group has committed: read, set and deleted by an administrator, or by a member of it.

import { errorName, isRetriable, Refusal } from '../../wire/error-codes.ts'
import { offsetCommit as offsetCommitApi } from '../../wire/messages/offset-commit.ts'
import { offsetDelete } from '../../wire/messages/offset-delete.ts'
import { offsetFetch as offsetFetchApi } from '../../wire/messages/offset-fetch.ts'
import { refuse } from '../answers.ts'
import type { Coordinators } from './coordinators.ts'

/** Up to the version before topic ids: names are what people see, and an offset may outlive its topic. */
const offsetFetch = { ...offsetFetchApi, maxVersion: 9 }
const offsetCommit = { ...offsetCommitApi, maxVersion: 9 }

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

export interface CommittedOffset extends TopicPartition {
  readonly offset: number
  readonly leaderEpoch: number
  readonly metadata: string
}

/** Who commits. */
export interface Committer {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly generationIdOrMemberEpoch: number
}

/** An administrator, who may only while the group has no members. */
const NOBODY: Committer = { memberId: '', groupInstanceId: null, generationIdOrMemberEpoch: -1 }

/** Of all partitions that it has committed, by topic and partition. A group that is not there has none. */
export async function committedOffsets(coordinators: Coordinators, groupId: string): Promise<CommittedOffset[]> {
  const request = { groupId, topics: null, groups: [{ groupId, topics: null }] }
  const response = await coordinators.ask(groupId, offsetFetch, request, ({ groups, errorCode }) => {
    const code = groups[0]?.errorCode ?? errorCode
    if (errorName(code) !== 'GROUP_ID_NOT_FOUND') refuse(code)
  })
  const { topics } = response.groups[0] ?? response
  return topics
    .flatMap(({ name: topic, partitions }) =>
      partitions.map(({ partitionIndex, committedOffset, committedLeaderEpoch, metadata, errorCode }) => {
        refuse(errorCode)
        return { topic, partition: partitionIndex, offset: committedOffset, leaderEpoch: committedLeaderEpoch, metadata: metadata ?? '' }
      }),
    )
    .filter(({ offset }) => offset >= 0)
    .sort(byPartition)
}

/** Throws the first refusal, of the group or of a partition. */
export async function commitOffsets(
  coordinators: Coordinators,
  groupId: string,
  offsets: readonly CommittedOffset[],
  committer: Committer = NOBODY,
): Promise<void> {
  const topics = [...byTopic(offsets)].map(([name, ofTopic]) => ({
    name,
    partitions: ofTopic.map(({ partition, offset, leaderEpoch, metadata }) => ({
      partitionIndex: partition,
      committedOffset: offset,
      committedLeaderEpoch: leaderEpoch,
      committedMetadata: metadata,
    })),
  }))
  const response = await coordinators.ask(groupId, offsetCommit, { groupId, ...committer, topics }, (answer) => {
    for (const { partitions } of answer.topics) for (const { errorCode } of partitions) refuseWhatMayPass(errorCode)
  })
  refusePartitions(response.topics)
}

/** Throws GROUP_SUBSCRIBED_TO_TOPIC, GROUP_ID_NOT_FOUND, …: all that could be deleted is. */
export async function deleteOffsets(coordinators: Coordinators, groupId: string, partitions: readonly TopicPartition[]): Promise<void> {
  const topics = [...byTopic(partitions)].map(([name, ofTopic]) => ({
    name,
    partitions: ofTopic.map(({ partition }) => ({ partitionIndex: partition })),
  }))
  const response = await coordinators.ask(groupId, offsetDelete, { groupId, topics }, ({ errorCode }) => refuse(errorCode))
  refusePartitions(response.topics)
}

/** A coordinator that is not ready says so for each partition. A topic that is not there will not come. */
function refuseWhatMayPass(errorCode: number): void {
  const error = errorName(errorCode)
  if (isRetriable(error) && error !== 'UNKNOWN_TOPIC_OR_PARTITION') refuse(errorCode)
}

interface AnsweredTopic {
  readonly name: string
  readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[]
}

function refusePartitions(topics: readonly AnsweredTopic[]): void {
  for (const { name, partitions } of topics)
    for (const { partitionIndex, errorCode } of partitions) {
      if (errorCode === 0) continue
      const { error, message } = new Refusal(errorName(errorCode))
      throw new Refusal(error, `partition ${partitionIndex} of topic "${name}": ${message}`)
    }
}

export function byTopic<T extends TopicPartition>(partitions: readonly T[]): Map<string, T[]> {
  const grouped = new Map<string, T[]>()
  for (const place of partitions) {
    const others = grouped.get(place.topic)
    if (others === undefined) grouped.set(place.topic, [place])
    else others.push(place)
  }
  return grouped
}

export function byPartition(a: TopicPartition, b: TopicPartition): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1
  return a.partition - b.partition
}
