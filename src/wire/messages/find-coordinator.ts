// FindCoordinator: which broker coordinates a group (key type 0), a transactional id (1) or a share group's partition (2). Several keys at once from version 4 on.

import { array, defineApi, int16, int32, int8, string, struct } from '../schema.ts'

export const findCoordinator = defineApi({
  key: 10,
  name: 'FindCoordinator',
  versions: '0-6',
  flexible: '3+',
  request: struct({
    key: string.versions('0-3'),
    keyType: int8.versions('1+').default(0),
    coordinatorKeys: array(string).versions('4+'),
  }),
  response: struct({
    throttleTimeMs: int32.versions('1+').default(0),
    errorCode: int16.versions('0-3'),
    errorMessage: string.versions('1-3').nullable('1-3'),
    nodeId: int32.versions('0-3'),
    host: string.versions('0-3'),
    port: int32.versions('0-3'),
    coordinators: array(
      struct({ key: string, nodeId: int32, host: string, port: int32, errorCode: int16, errorMessage: string.nullable() }),
    ).versions('4+'),
  }),
})
