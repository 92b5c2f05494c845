// OffsetFetch: what a group has committed. One group up to version 7, several from version 8 on; topics by id from version 10 on. No topics (null) asks for all.

import { array, bool, defineApi, int16, int32, int64, string, struct, uuid } from '../schema.ts'

export const offsetFetch = defineApi({
  key: 9,
  name: 'OffsetFetch',
  versions: '1-10',
  flexible: '6+',
  request: struct({
    groupId: string.versions('1-7'),
    topics: array(struct({ name: string, partitionIndexes: array(int32) }))
      .versions('1-7')
      .nullable('2+'),
    groups: array(
      struct({
        groupId: string,
        memberId: string.versions('9+').nullable().default(null),
        memberEpoch: int32.versions('9+').default(-1),
        topics: array(struct({ name: string.versions('8-9'), topicId: uuid.versions('10+'), partitionIndexes: array(int32) })).nullable(),
      }),
    ).versions('8+'),
    requireStable: bool.versions('7+').default(false),
  }),
  response: struct({
    throttleTimeMs: int32.versions('3+').default(0),
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            partitionIndex: int32,
            committedOffset: int64,
            committedLeaderEpoch: int32.versions('5+').default(-1),
            metadata: string.nullable(),
            errorCode: int16,
          }),
        ),
      }),
    ).versions('1-7'),
    errorCode: int16.versions('2-7').default(0),
    groups: array(
      struct({
        groupId: string,
        topics: array(
          struct({
            name: string.versions('8-9'),
            topicId: uuid.versions('10+'),
            partitions: array(
              struct({
                partitionIndex: int32,
                committedOffset: int64,
                committedLeaderEpoch: int32.default(-1),
                metadata: string.nullable(),
                errorCode: int16,
              }),
            ),
          }),
        ),
        errorCode: int16.default(0),
      }),
    ).versions('8+'),
  }),
})
