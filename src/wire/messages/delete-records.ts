// DeleteRecords: moves the start of partitions up to an offset; -1 is the high watermark. The answer tells the new start as low watermark.

import { array, defineApi, int16, int32, int64, string, struct } from '../schema.ts'

export const deleteRecords = defineApi({
  key: 21,
  name: 'DeleteRecords',
  versions: '0-2',
  flexible: '2+',
  request: struct({
    topics: array(struct({ name: string, partitions: array(struct({ partitionIndex: int32, offset: int64 })) })),
    timeoutMs: int32,
  }),
  response: struct({
    throttleTimeMs: int32.default(0),
    topics: array(struct({ name: string, partitions: array(struct({ partitionIndex: int32, lowWatermark: int64, errorCode: int16 })) })),
  }),
})
