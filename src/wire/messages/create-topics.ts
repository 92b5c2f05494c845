// CreateTopics: from version 5 on the answer tells the configs and counts that the new topic got (KIP-525), from 7 on its id.

import { array, bool, defineApi, int16, int32, int8, string, struct, uuid } from '../schema.ts'

export const createTopics = defineApi({
  key: 19,
  name: 'CreateTopics',
  versions: '2-7',
  flexible: '5+',
  request: struct({
    topics: array(
      struct({
        name: string,
        numPartitions: int32,
        replicationFactor: int16,
        assignments: array(struct({ partitionIndex: int32, brokerIds: array(int32) })),
        configs: array(struct({ name: string, value: string.nullable() })),
      }),
    ),
    timeoutMs: int32.default(60_000),
    validateOnly: bool.default(false),
  }),
  response: struct({
    throttleTimeMs: int32.default(0),
    topics: array(
      struct({
        name: string,
        topicId: uuid.versions('7+'),
        errorCode: int16,
        errorMessage: string.nullable(),
        topicConfigErrorCode: int16.versions('5+').tag(0),
        numPartitions: int32.versions('5+').default(-1),
        replicationFactor: int16.versions('5+').default(-1),
        configs: array(
          struct({ name: string, value: string.nullable(), readOnly: bool, configSource: int8.default(-1), isSensitive: bool }),
        )
          .versions('5+')
          .nullable(),
      }),
    ),
  }),
})
