// DeleteGroups: groups without members go, with all they have committed.

import { array, defineApi, int16, int32, string, struct } from '../schema.ts'

export const deleteGroups = defineApi({
  key: 42,
  name: 'DeleteGroups',
  versions: '0-2',
  flexible: '2+',
  request: struct({ groupsNames: array(string) }),
  response: struct({ throttleTimeMs: int32.default(0), results: array(struct({ groupId: string, errorCode: int16 })) }),
})
