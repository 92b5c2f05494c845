// DescribeCluster v0-2: the cluster's id, controller and brokers, as the connection that asks can reach them.
// - Endpoint type 1 asks for brokers. 2, the controllers, answers MISMATCHED_ENDPOINT_TYPE: this is a broker's listener. Others are unsupported.
// - Fenced brokers may be asked for from version 2 on; there are none.

import { errorCode, Refusal } from '../wire/error-codes.ts'
import { describeCluster as api } from '../wire/messages/describe-cluster.ts'
import { CLUSTER_OPERATIONS } from './authorized-operations.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import type { Services } from './services.ts'

const BROKERS = 1
const CONTROLLERS = 2

export function describeCluster({ placement }: Services): ServedApi {
  return handler(api, {
    handle({ endpointType, includeClusterAuthorizedOperations }, { connection }) {
      if (endpointType === CONTROLLERS)
        throw new Refusal('MISMATCHED_ENDPOINT_TYPE', 'controllers were asked for on the listener of a broker')
      if (endpointType !== BROKERS)
        throw new Refusal('UNSUPPORTED_ENDPOINT_TYPE', `endpoint type ${endpointType} is unknown; brokers are 1`)
      const brokers = placement.brokers(connection).map(({ nodeId, host, port }) => ({ brokerId: nodeId, host, port, isFenced: false }))
      return {
        errorCode: 0,
        clusterId: placement.clusterId,
        controllerId: placement.controllerId,
        brokers,
        ...(includeClusterAuthorizedOperations ? { clusterAuthorizedOperations: CLUSTER_OPERATIONS } : {}),
      }
    },
    refuse: (_request, refusal) => ({ errorCode: errorCode(refusal.error), errorMessage: refusal.message, clusterId: '', brokers: [] }),
  })
}
