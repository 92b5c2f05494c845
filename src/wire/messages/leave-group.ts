// LeaveGroup: members leave a classic group: one up to version 2, several from version 3 on, named by member id or group instance id (KIP-345).

import { array, defineApi, int16, int32, string, struct } from '../schema.ts'

export const leaveGroup = defineApi({
  key: 13,
  name: 'LeaveGroup',
  versions: '0-5',
  flexible: '4+',
  request: struct({
    groupId: string,
    memberId: string.versions('0-2'),
    members: array(
      struct({
        memberId: string,
        groupInstanceId: string.nullable().default(null),
        reason: string.versions('5+').nullable().default(null),
      }),
    ).versions('3+'),
  }),
  response: struct({
    throttleTimeMs: int32.versions('1+').default(0),
    errorCode: int16,
    members: array(struct({ memberId: string, groupInstanceId: string.nullable(), errorCode: int16 })).versions('3+'),
  }),
})
