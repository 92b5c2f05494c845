// JoinGroup: a member of a classic group says what it can do; the answer comes when the group has a new generation. The leader gets the list of members.

import { array, bool, bytes, defineApi, int16, int32, string, struct } from '../schema.ts'

export const joinGroup = defineApi({
  key: 11,
  name: 'JoinGroup',
  versions: '0-9',
  flexible: '6+',
  request: struct({
    groupId: string,
    sessionTimeoutMs: int32,
    rebalanceTimeoutMs: int32.versions('1+').default(-1),
    memberId: string,
    groupInstanceId: string.versions('5+').nullable().default(null),
    protocolType: string,
    protocols: array(struct({ name: string, metadata: bytes })),
    reason: string.versions('8+').nullable().default(null),
  }),
  response: struct({
    throttleTimeMs: int32.versions('2+').default(0),
    errorCode: int16,
    generationId: int32.default(-1),
    protocolType: string.versions('7+').nullable().default(null),
    protocolName: string.nullable('7+'),
    leader: string,
    skipAssignment: bool.versions('9+').default(false),
    memberId: string,
    members: array(struct({ memberId: string, groupInstanceId: string.versions('5+').nullable().default(null), metadata: bytes })),
  }),
})
