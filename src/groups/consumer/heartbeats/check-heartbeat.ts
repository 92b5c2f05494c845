// What is wrong with a ConsumerGroupHeartbeat as such, whatever the group: the fields that each kind of it must have, and must not.

import type { consumerGroupHeartbeat } from '../../../wire/messages/consumer-group-heartbeat.ts'
import { Refusal } from '../../../wire/error-codes.ts'
import type { Infer } from '../../../wire/schema.ts'
import { AWAY_EPOCH } from '../state/member.ts'

export type HeartbeatRequest = Infer<typeof consumerGroupHeartbeat.request>

export const JOIN_EPOCH = 0
export const LEAVE_EPOCH = -1
const MEMBER_IDS_OF_CLIENTS_SINCE_VERSION = 1

/** Throws INVALID_REQUEST, or UNSUPPORTED_ASSIGNOR. */
export function checkHeartbeat(request: HeartbeatRequest, apiVersion: number, assignors: readonly string[]): void {
  const { groupId, memberId, memberEpoch, instanceId, rackId, serverAssignor } = request
  const makesItsId = apiVersion >= MEMBER_IDS_OF_CLIENTS_SINCE_VERSION || memberEpoch !== JOIN_EPOCH
  if (makesItsId) refuseWithout(memberId.trim(), 'a member needs an id')
  refuseWithout(groupId.trim(), 'a group needs a name')
  refuseWithout(instanceId?.trim() ?? 'none', 'a group instance id must not be empty')
  refuseWithout(rackId?.trim() ?? 'none', 'a rack id must not be empty')
  if (memberEpoch === JOIN_EPOCH) checkJoin(request)
  if (memberEpoch === AWAY_EPOCH) refuseWithout(instanceId, 'only a member with a group instance id may leave for a while')
  if (memberEpoch < AWAY_EPOCH) throw new Refusal('INVALID_REQUEST', `${memberEpoch} is no member epoch`)
  if (serverAssignor !== null && !assignors.includes(serverAssignor))
    throw new Refusal('UNSUPPORTED_ASSIGNOR', `there is no assignor "${serverAssignor}" here; there are: ${assignors.join(', ')}`)
}

function checkJoin({ rebalanceTimeoutMs, topicPartitions, subscribedTopicNames, subscribedTopicRegex }: HeartbeatRequest): void {
  if (rebalanceTimeoutMs === -1) throw new Refusal('INVALID_REQUEST', 'who joins says its rebalance timeout')
  if (topicPartitions === null || topicPartitions.length > 0)
    throw new Refusal('INVALID_REQUEST', 'who joins says that it owns no partitions')
  if (subscribedTopicNames === null && subscribedTopicRegex === null)
    throw new Refusal('INVALID_REQUEST', 'who joins says which topics it is subscribed to, be it none')
}

function refuseWithout(value: string | null, message: string): void {
  if (value === null || value === '') throw new Refusal('INVALID_REQUEST', message)
}

/** Whether the member says everything of itself, as it does when it is not sure what the group knows. */
export const isFull = ({ rebalanceTimeoutMs, subscribedTopicNames, subscribedTopicRegex, topicPartitions }: HeartbeatRequest): boolean =>
  rebalanceTimeoutMs !== -1 && (subscribedTopicNames !== null || subscribedTopicRegex !== null) && topicPartitions !== null
