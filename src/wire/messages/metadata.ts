// Metadata: brokers, topics and partition leaders. Null topics ask for all; so does, in version 0, an empty list.
// From version 10 on topics have ids; from 12 on they may be asked for by id, with a null name.

import { array, bool, defineApi, int16, int32, string, struct, uuid } from '../schema.ts'

export const metadata = defineApi({
  key: 3,
  name: 'Metadata',
  versions: '0-13',
  flexible: '9+',
  request: struct({
    topics: array(struct({ topicId: uuid.versions('10+'), name: string.nullable('10+') })).nullable('1+'),
    allowAutoTopicCreation: bool.versions('4+').default(true),
    includeClusterAuthorizedOperations: bool.versions('8-10'),
    includeTopicAuthorizedOperations: bool.versions('8+'),
  }),
  response: struct({
    throttleTimeMs: int32.versions('3+').default(0),
    brokers: array(struct({ nodeId: int32, host: string, port: int32, rack: string.versions('1+').nullable().default(null) })),
    clusterId: string.versions('2+').nullable().default(null),
    controllerId: int32.versions('1+').default(-1),
    topics: array(
      struct({
        errorCode: int16,
        name: string.nullable('12+'),
        topicId: uuid.versions('10+'),
        isInternal: bool.versions('1+').default(false),
        partitions: array(
          struct({
            errorCode: int16,
            partitionIndex: int32,
            leaderId: int32,
            leaderEpoch: int32.versions('7+').default(-1),
            replicaNodes: array(int32),
            isrNodes: array(int32),
            offlineReplicas: array(int32).versions('5+'),
          }),
        ),
        topicAuthorizedOperations: int32.versions('8+').default(-0x8000_0000),
      }),
    ),
    clusterAuthorizedOperations: int32.versions('8-10').default(-0x8000_0000),
    errorCode: int16.versions('13+'),
  }),
})
