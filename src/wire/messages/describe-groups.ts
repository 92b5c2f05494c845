// DescribeGroups: the members of classic groups, with what they sent and were assigned.

import { array, bool, bytes, defineApi, int16, int32, string, struct } from '../schema.ts'
import { groupHistory, includeHistory } from './group-history.ts'

export const describeGroups = defineApi({
  key: 15,
  name: 'DescribeGroups',
  versions: '0-6',
  flexible: '5+',
  request: struct({
    groups: array(string),
    includeAuthorizedOperations: bool.versions('3+'),
    includeHistory: includeHistory.versions('5+'),
  }),
  response: struct({
    throttleTimeMs: int32.versions('1+').default(0),
    groups: array(
      struct({
        errorCode: int16,
        errorMessage: string.versions('6+').nullable().default(null),
        groupId: string,
        groupState: string,
        protocolType: string,
        protocolData: string,
        members: array(
          struct({
            memberId: string,
            groupInstanceId: string.versions('4+').nullable().default(null),
            clientId: string,
            clientHost: string,
            memberMetadata: bytes,
            memberAssignment: bytes,
          }),
        ),
        authorizedOperations: int32.versions('3+').default(-2_147_483_648),
        history: groupHistory.versions('5+'),
      }),
    ),
  }),
})
