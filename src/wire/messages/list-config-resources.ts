// ListConfigResources: the names of what has configs, by type of resource. Version 0 knows client metrics alone (KIP-714, KIP-1142).

import { array, defineApi, int16, int32, int8, string, struct } from '../schema.ts'

export const listConfigResources = defineApi({
  key: 74,
  name: 'ListConfigResources',
  versions: '0-1',
  flexible: '0+',
  request: struct({ resourceTypes: array(int8).versions('1+') }),
  response: struct({
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    configResources: array(struct({ resourceName: string, resourceType: int8.versions('1+').default(16) })),
  }),
})
