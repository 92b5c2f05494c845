// A ConsumerGroupHeartbeat finds its group: who joins makes it when there is none, or none but what an administrator, or a group that is empty now, has committed.

import { Refusal } from '../../../wire/error-codes.ts'
import type { Caller } from '../../group.ts'
import type { Shard } from '../../shard.ts'
import { type HeartbeatRequest, JOIN_EPOCH } from './check-heartbeat.ts'
import { ConsumerGroup } from '../consumer-group.ts'

/** Throws GROUP_ID_NOT_FOUND, also for a group of another kind, or as the group does. */
export function consumerHeartbeat(
  shard: Pick<Shard, 'groups' | 'services'>,
  request: HeartbeatRequest,
  caller: Caller,
): ReturnType<ConsumerGroup['consumerHeartbeat']> {
  const { groupId, memberEpoch } = request
  const existing = shard.groups.get(groupId)
  if (existing instanceof ConsumerGroup) return existing.consumerHeartbeat(request, caller)
  if (memberEpoch !== JOIN_EPOCH) throw new Refusal('GROUP_ID_NOT_FOUND', `there is no consumer group ${groupId}`)
  if (existing !== undefined && existing.state !== 'Empty')
    throw new Refusal('GROUP_ID_NOT_FOUND', `group ${groupId} is of the classic protocol`)
  const group = ConsumerGroup.empty(groupId, shard.services)
  const answer = group.consumerHeartbeat(request, caller, existing?.tombstones())
  existing?.close(new Refusal('UNKNOWN_MEMBER_ID', `group ${groupId} is of the consumer protocol now`))
  shard.services.replace(group)
  return answer
}
