// ConsumerGroupHeartbeat v0-1: the one request of the consumer protocol (KIP-848). Who joins (epoch 0), goes on, leaves (-1) or is away for a while (-2) says so,
// and is told its epoch and, when it is another, its part.
// - Answered when what it has changed is as durable as the broker's mode promises.
// - What contradicts itself is INVALID_REQUEST; UNSUPPORTED_ASSIGNOR, INVALID_REGULAR_EXPRESSION, GROUP_MAX_SIZE_REACHED, UNRELEASED_INSTANCE_ID refuse who joins.
// - UNKNOWN_MEMBER_ID, FENCED_MEMBER_EPOCH, FENCED_INSTANCE_ID: the member gives up what it has, and joins anew.
// - A group of another kind is GROUP_ID_NOT_FOUND. Without `consumer` in group.coordinator.rebalance.protocols the API is UNSUPPORTED_VERSION.
// Differs from Kafka: the topics of a regular expression are found at once, and not behind the answer, so that the first answer brings partitions.

import { checkHeartbeat } from '../groups/consumer/heartbeats/check-heartbeat.ts'
import { consumerHeartbeat } from '../groups/consumer/heartbeats/consumer-heartbeat.ts'
import { errorCode } from '../wire/error-codes.ts'
import { consumerGroupHeartbeat as api } from '../wire/messages/consumer-group-heartbeat.ts'
import { checkConsumerProtocol } from './consumer-protocol.ts'
import { callerOf } from './group-caller.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import type { Services } from './services.ts'

export function consumerGroupHeartbeat({ groups, config }: Services): ServedApi {
  return handler(api, {
    async handle(request, context) {
      checkConsumerProtocol(config)
      checkHeartbeat(request, context.apiVersion, config['group.consumer.assignors'])
      return consumerHeartbeat(await groups.shardOf(request.groupId), request, callerOf(context))
    },
    refuse: (_request, refusal) => ({
      errorCode: errorCode(refusal.error),
      errorMessage: refusal.message,
      memberEpoch: 0,
      heartbeatIntervalMs: 0,
    }),
  })
}
