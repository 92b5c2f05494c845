// A ConsumerGroupHeartbeat finds its group: who joins makes it when there is none, or only offsets, and makes it of a classic group when that may change its protocol.

import { Refusal } from '../../../wire/error-codes.ts'
import { ClassicGroup } from '../../classic/classic-group.ts'
import type { Caller } from '../../group.ts'
import type { Shard } from '../../shard.ts'
import { type HeartbeatRequest, JOIN_EPOCH } from './check-heartbeat.ts'
import { ConsumerGroup } from '../consumer-group.ts'
import { upgraded } from '../migration/upgrade.ts'
import type { GroupChange } from '../state/group-change.ts'

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
  const upgrade = existing instanceof ClassicGroup && existing.state !== 'Empty' ? upgradeOf(existing, shard.services) : undefined
  const group = upgrade === undefined ? ConsumerGroup.empty(groupId, shard.services) : ConsumerGroup.upgraded(upgrade, shard.services)
  try {
    const records = [...(existing?.tombstones() ?? []), ...(upgrade?.records ?? [])]
    const answer = group.consumerHeartbeat(request, caller, { records, events: upgrade?.events ?? [] })
    existing?.close(new Refusal('REBALANCE_IN_PROGRESS', `group ${groupId} is of the consumer protocol now`))
    shard.services.replace(group)
    return answer
  } catch (error) {
    group.close()
    throw error
  }
}

/** Throws GROUP_ID_NOT_FOUND when it stays a classic group. */
function upgradeOf(classic: ClassicGroup, { config, topics }: Shard['services']): GroupChange {
  const mayUpgrade = ['upgrade', 'bidirectional'].includes(config['group.consumer.migration.policy'])
  const isSmallEnough = classic.membership.members.size <= config['group.consumer.max.size']
  const upgrade = mayUpgrade && isSmallEnough ? upgraded(classic.groupId, classic.membership, topics) : undefined
  if (upgrade === undefined) throw new Refusal('GROUP_ID_NOT_FOUND', `group ${classic.groupId} is of the classic protocol, and stays so`)
  return upgrade
}
