// DescribeConfigs: the configs of topics and brokers, each with where its value comes from; null keys ask for all of them.

import { array, bool, defineApi, int16, int32, int8, string, struct } from '../schema.ts'

export const describeConfigs = defineApi({
  key: 32,
  name: 'DescribeConfigs',
  versions: '1-4',
  flexible: '4+',
  request: struct({
    resources: array(struct({ resourceType: int8, resourceName: string, configurationKeys: array(string).nullable() })),
    includeSynonyms: bool.default(false),
    includeDocumentation: bool.versions('3+').default(false),
  }),
  response: struct({
    throttleTimeMs: int32.default(0),
    results: array(
      struct({
        errorCode: int16,
        errorMessage: string.nullable(),
        resourceType: int8,
        resourceName: string,
        configs: array(
          struct({
            name: string,
            value: string.nullable(),
            readOnly: bool,
            configSource: int8.default(-1),
            isSensitive: bool,
            synonyms: array(struct({ name: string, value: string.nullable(), source: int8 })),
            configType: int8.versions('3+').default(0),
            documentation: string.versions('3+').nullable(),
          }),
        ),
      }),
    ),
  }),
})
