// OffsetDelete: what a group has committed for some partitions goes (KIP-496).

import { array, defineApi, int16, int32, string, struct } from '../schema.ts'

export const offsetDelete = defineApi({
  key: 47,
  name: 'OffsetDelete',
  versions: '0',
  flexible: 'none',
  request: struct({ groupId: string, topics: array(struct({ name: string, partitions: array(struct({ partitionIndex: int32 })) })) }),
  response: struct({
    errorCode: int16,
    throttleTimeMs: int32.default(0),
    topics: array(struct({ name: string, partitions: array(struct({ partitionIndex: int32, errorCode: int16 })) })),
  }),
})
