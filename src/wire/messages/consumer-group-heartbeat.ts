// ConsumerGroupHeartbeat: the one request of the consumer protocol (KIP-848): joins, goes on, leaves (member epoch -1, or -2 for a static member that will be back), and brings the assignment. A field that did not change is null.

import { array, defineApi, int16, int32, string, struct, uuid } from '../schema.ts'

export const consumerGroupHeartbeat = defineApi({
  key: 68,
  name: 'ConsumerGroupHeartbeat',
  versions: '0-1',
  flexible: '0+',
  request: struct({
    groupId: string,
    memberId: string,
    memberEpoch: int32,
    instanceId: string.nullable().default(null),
    rackId: string.nullable().default(null),
    rebalanceTimeoutMs: int32.default(-1),
    subscribedTopicNames: array(string).nullable().default(null),
    subscribedTopicRegex: string.versions('1+').nullable().default(null),
    serverAssignor: string.nullable().default(null),
    topicPartitions: array(struct({ topicId: uuid, partitions: array(int32) }))
      .nullable()
      .default(null),
  }),
  response: struct({
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable().default(null),
    memberId: string.nullable().default(null),
    memberEpoch: int32,
    heartbeatIntervalMs: int32,
    assignment: struct({ topicPartitions: array(struct({ topicId: uuid, partitions: array(int32) })) })
      .nullable()
      .default(null),
  }),
})
