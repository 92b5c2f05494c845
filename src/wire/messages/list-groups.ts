// ListGroups: the groups of a broker, of some states from version 4 on (KIP-518) and some types from version 5 on (KIP-848).

import { array, defineApi, int16, int32, string, struct } from '../schema.ts'

export const listGroups = defineApi({
  key: 16,
  name: 'ListGroups',
  versions: '0-5',
  flexible: '3+',
  request: struct({ statesFilter: array(string).versions('4+'), typesFilter: array(string).versions('5+') }),
  response: struct({
    throttleTimeMs: int32.versions('1+').default(0),
    errorCode: int16,
    groups: array(struct({ groupId: string, protocolType: string, groupState: string.versions('4+'), groupType: string.versions('5+') })),
  }),
})
