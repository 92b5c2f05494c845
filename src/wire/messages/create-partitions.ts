// CreatePartitions: raises the partition counts of topics. `count` is the new total; assignments are those of the new partitions alone.

import { array, bool, defineApi, int16, int32, string, struct } from '../schema.ts'

export const createPartitions = defineApi({
  key: 37,
  name: 'CreatePartitions',
  versions: '0-3',
  flexible: '2+',
  request: struct({
    topics: array(struct({ name: string, count: int32, assignments: array(struct({ brokerIds: array(int32) })).nullable() })),
    timeoutMs: int32,
    validateOnly: bool,
  }),
  response: struct({
    throttleTimeMs: int32.default(0),
    results: array(struct({ name: string, errorCode: int16, errorMessage: string.nullable().default(null) })),
  }),
})
