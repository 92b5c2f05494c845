// ListOffsets: the offset for a timestamp; negative timestamps name special offsets (see handlers/list-offsets.ts).

import { array, defineApi, int16, int32, int64, int8, string, struct } from '../schema.ts'

export const listOffsets = defineApi({
  key: 2,
  name: 'ListOffsets',
  versions: '1-11',
  flexible: '6+',
  request: struct({
    replicaId: int32,
    isolationLevel: int8.versions('2+'),
    topics: array(
      struct({
        name: string,
        partitions: array(struct({ partitionIndex: int32, currentLeaderEpoch: int32.versions('4+').default(-1), timestamp: int64 })),
      }),
    ),
    timeoutMs: int32.versions('10+'),
  }),
  response: struct({
    throttleTimeMs: int32.versions('2+').default(0),
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            partitionIndex: int32,
            errorCode: int16,
            timestamp: int64.default(-1),
            offset: int64.default(-1),
            leaderEpoch: int32.versions('4+').default(-1),
          }),
        ),
      }),
    ),
  }),
})
