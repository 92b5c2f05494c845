// IncrementalAlterConfigs: sets (0), deletes (1), appends to (2) or subtracts from (3) single configs of each resource (KIP-339).

import { array, bool, defineApi, int16, int32, int8, string, struct } from '../schema.ts'

export const incrementalAlterConfigs = defineApi({
  key: 44,
  name: 'IncrementalAlterConfigs',
  versions: '0-1',
  flexible: '1+',
  request: struct({
    resources: array(
      struct({
        resourceType: int8,
        resourceName: string,
        configs: array(struct({ name: string, configOperation: int8, value: string.nullable() })),
      }),
    ),
    validateOnly: bool,
  }),
  response: struct({
    throttleTimeMs: int32.default(0),
    responses: array(struct({ errorCode: int16, errorMessage: string.nullable(), resourceType: int8, resourceName: string })),
  }),
})
