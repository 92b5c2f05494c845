// DescribeTopicPartitions (KIP-966): topics and their partitions by name, a page at a time: a cursor says where the next page begins.

import { array, bool, defineApi, int16, int32, string, struct, uuid } from '../schema.ts'

const cursor = struct({ topicName: string, partitionIndex: int32 }).nullable().default(null)

export const describeTopicPartitions = defineApi({
  key: 75,
  name: 'DescribeTopicPartitions',
  versions: '0',
  flexible: '0+',
  request: struct({
    topics: array(struct({ name: string })),
    responsePartitionLimit: int32.default(2000),
    cursor,
  }),
  response: struct({
    throttleTimeMs: int32.default(0),
    topics: array(
      struct({
        errorCode: int16,
        name: string.nullable(),
        topicId: uuid,
        isInternal: bool.default(false),
        partitions: array(
          struct({
            errorCode: int16,
            partitionIndex: int32,
            leaderId: int32,
            leaderEpoch: int32.default(-1),
            replicaNodes: array(int32),
            isrNodes: array(int32),
            eligibleLeaderReplicas: array(int32).nullable().default(null),
            lastKnownElr: array(int32).nullable().default(null),
            offlineReplicas: array(int32),
          }),
        ),
        topicAuthorizedOperations: int32.default(-2_147_483_648),
      }),
    ),
    nextCursor: cursor,
  }),
})
