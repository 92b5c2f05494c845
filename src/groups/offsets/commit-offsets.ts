// A commit: the group says whether the committer may, each offset whether it can be kept; then all of them go to the log together.

import { Refusal } from '../../wire/error-codes.ts'
import type { Committer, Group } from '../group.ts'
import type { Shard } from '../shard.ts'
import type { CommittedOffset } from './committed-offsets.ts'
import type { OffsetChange } from './group-offsets.ts'

export interface OffsetToCommit {
  readonly topic: string
  readonly topicId: string
  readonly partitionIndex: number
  readonly offset: number
  readonly leaderEpoch: number
  readonly metadata: string | null
}

export interface Commit {
  readonly groupId: string
  readonly committer: Committer
  /** How long the offsets are to be kept; -1 when that is for the broker to say. */
  readonly retentionTimeMs: number
  readonly offsets: readonly OffsetToCommit[]
}

/** From this version of OffsetCommit on clients know the errors of the consumer protocol. */
const MEMBER_EPOCHS_SINCE_VERSION = 9

/**
 * Answers each offset in its place: undefined when it is on disk, or why it is not kept (OFFSET_METADATA_TOO_LARGE). Throws the group's refusal, or that of the
 * log, for all of them.
 */
export async function commitOffsets(
  shard: Shard,
  { groupId, committer, retentionTimeMs, offsets }: Commit,
): Promise<(Refusal | undefined)[]> {
  committingGroup(shard, groupId, committer).checkCommit(committer, offsets)
  const { clock, config } = shard.services
  const commitTimestampMs = clock.now()
  const expireTimestampMs = retentionTimeMs === -1 ? -1 : Math.min(commitTimestampMs + retentionTimeMs, Number.MAX_SAFE_INTEGER)
  const changes: OffsetChange[] = []
  const results = offsets.map(({ topic, topicId, partitionIndex, offset, leaderEpoch, metadata }) => {
    if (metadata !== null && metadata.length > config['offset.metadata.max.bytes']) return new Refusal('OFFSET_METADATA_TOO_LARGE')
    const committed: CommittedOffset = { offset, leaderEpoch, metadata: metadata ?? '', commitTimestampMs, expireTimestampMs, topicId }
    changes.push({ place: { groupId, topic, partitionIndex }, committed })
    return undefined
  })
  await shard.offsets.change(changes)
  return results
}

/** Somebody who says that he is no member needs no group: an administrator, or a consumer that chose its partitions itself. */
function committingGroup(shard: Shard, groupId: string, { generationId, apiVersion }: Committer): Group {
  const group = shard.groups.get(groupId)
  if (group !== undefined) return group
  if (generationId < 0) return shard.classicGroup(groupId)
  if (apiVersion >= MEMBER_EPOCHS_SINCE_VERSION) throw new Refusal('GROUP_ID_NOT_FOUND', `group ${groupId} not found`)
  throw new Refusal('ILLEGAL_GENERATION')
}
