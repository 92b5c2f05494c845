// DescribeCluster: the brokers (endpoint type 1) or the controllers (2, from version 1 on) of the cluster; fenced brokers from version 2 on.

import { array, bool, defineApi, int16, int32, int8, string, struct } from '../schema.ts'

export const describeCluster = defineApi({
  key: 60,
  name: 'DescribeCluster',
  versions: '0-2',
  flexible: '0+',
  request: struct({
    includeClusterAuthorizedOperations: bool,
    endpointType: int8.versions('1+').default(1),
    includeFencedBrokers: bool.versions('2+'),
  }),
  response: struct({
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable().default(null),
    endpointType: int8.versions('1+').default(1),
    clusterId: string,
    controllerId: int32.default(-1),
    brokers: array(
      struct({ brokerId: int32, host: string, port: int32, rack: string.nullable().default(null), isFenced: bool.versions('2+') }),
    ),
    clusterAuthorizedOperations: int32.default(-2_147_483_648),
  }),
})
