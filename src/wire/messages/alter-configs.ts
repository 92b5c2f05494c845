// AlterConfigs: gives each resource exactly these configs; what is not named goes back to its default. IncrementalAlterConfigs replaced it (KIP-339).

import { array, bool, defineApi, int16, int32, int8, string, struct } from '../schema.ts'

export const alterConfigs = defineApi({
  key: 33,
  name: 'AlterConfigs',
  versions: '0-2',
  flexible: '2+',
  request: struct({
    resources: array(
      struct({ resourceType: int8, resourceName: string, configs: array(struct({ name: string, value: string.nullable() })) }),
    ),
    validateOnly: bool,
  }),
  response: struct({
    throttleTimeMs: int32.default(0),
    responses: array(struct({ errorCode: int16, errorMessage: string.nullable(), resourceType: int8, resourceName: string })),
  }),
})
