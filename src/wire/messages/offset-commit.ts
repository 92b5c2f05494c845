// OffsetCommit: how far a group has come in its partitions. Topics by id from version 10 on (KIP-848 clients); with a member epoch in the place of the generation from version 9 on.

import { array, defineApi, int16, int32, int64, string, struct, uuid } from '../schema.ts'

export const offsetCommit = defineApi({
  key: 8,
  name: 'OffsetCommit',
  versions: '2-10',
  flexible: '8+',
  request: struct({
    groupId: string,
    generationIdOrMemberEpoch: int32.default(-1),
    memberId: string,
    groupInstanceId: string.versions('7+').nullable().default(null),
    retentionTimeMs: int64.versions('2-4').default(-1),
    topics: array(
      struct({
        name: string.versions('2-9'),
        topicId: uuid.versions('10+'),
        partitions: array(
          struct({
            partitionIndex: int32,
            committedOffset: int64,
            committedLeaderEpoch: int32.versions('6+').default(-1),
            committedMetadata: string.nullable(),
          }),
        ),
      }),
    ),
  }),
  response: struct({
    throttleTimeMs: int32.versions('3+').default(0),
    topics: array(
      struct({
        name: string.versions('2-9'),
        topicId: uuid.versions('10+'),
        partitions: array(struct({ partitionIndex: int32, errorCode: int16 })),
      }),
    ),
  }),
})
