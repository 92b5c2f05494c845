// ConsumerGroupDescribe: groups of the consumer protocol (KIP-848) with their members, their current and their target assignments.

import { array, bool, defineApi, int16, int32, int8, string, struct, uuid } from '../schema.ts'
import { groupHistory, includeHistory } from './group-history.ts'

export const consumerGroupDescribe = defineApi({
  key: 69,
  name: 'ConsumerGroupDescribe',
  versions: '0-1',
  flexible: '0+',
  request: struct({ groupIds: array(string), includeAuthorizedOperations: bool, includeHistory }),
  response: struct({
    throttleTimeMs: int32.default(0),
    groups: array(
      struct({
        errorCode: int16,
        errorMessage: string.nullable().default(null),
        groupId: string,
        groupState: string,
        groupEpoch: int32,
        assignmentEpoch: int32,
        assignorName: string,
        members: array(
          struct({
            memberId: string,
            instanceId: string.nullable().default(null),
            rackId: string.nullable().default(null),
            memberEpoch: int32,
            clientId: string,
            clientHost: string,
            subscribedTopicNames: array(string),
            subscribedTopicRegex: string.nullable().default(null),
            assignment: struct({ topicPartitions: array(struct({ topicId: uuid, topicName: string, partitions: array(int32) })) }),
            targetAssignment: struct({ topicPartitions: array(struct({ topicId: uuid, topicName: string, partitions: array(int32) })) }),
            memberType: int8.versions('1+').default(-1),
          }),
        ),
        authorizedOperations: int32.default(-2_147_483_648),
        history: groupHistory,
      }),
    ),
  }),
})
