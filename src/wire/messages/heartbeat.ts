// Heartbeat: a member of a classic group is alive, and hears when a rebalance has begun.

import { defineApi, int16, int32, string, struct } from '../schema.ts'

export const heartbeat = defineApi({
  key: 12,
  name: 'Heartbeat',
  versions: '0-4',
  flexible: '4+',
  request: struct({
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: string.versions('3+').nullable().default(null),
  }),
  response: struct({ throttleTimeMs: int32.versions('1+').default(0), errorCode: int16 }),
})
