// SyncGroup: the leader of a classic group hands in the assignment of its generation, and every member gets its part.

import { array, bytes, defineApi, int16, int32, string, struct } from '../schema.ts'

export const syncGroup = defineApi({
  key: 14,
  name: 'SyncGroup',
  versions: '0-5',
  flexible: '4+',
  request: struct({
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: string.versions('3+').nullable().default(null),
    protocolType: string.versions('5+').nullable().default(null),
    protocolName: string.versions('5+').nullable().default(null),
    assignments: array(struct({ memberId: string, assignment: bytes })),
  }),
  response: struct({
    throttleTimeMs: int32.versions('1+').default(0),
    errorCode: int16,
    protocolType: string.versions('5+').nullable().default(null),
    protocolName: string.versions('5+').nullable().default(null),
    assignment: bytes,
  }),
})
