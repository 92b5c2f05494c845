// SyncGroup v0-5: the leader of a classic group hands in what it assigned, and every member of the generation gets its part.
// - Answered when the assignment is as durable as the broker's mode promises. A member that the leader left out gets an empty one.
// - ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID and FENCED_INSTANCE_ID for who is no member (any more), REBALANCE_IN_PROGRESS when the next rebalance has begun.
// - INCONSISTENT_GROUP_PROTOCOL when the protocol that is named is not the group's, or none is (v5+).
// - UNKNOWN_SERVER_ERROR, and another rebalance, when the assignment does not fit into a batch of `__consumer_offsets`.

import { errorCode, Refusal } from '../wire/error-codes.ts'
import { syncGroup as api } from '../wire/messages/sync-group.ts'
import { callerOf } from './group-caller.ts'
import { checkGroupId } from './group-id.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import type { Services } from './services.ts'
import { whileConnected } from './while-connected.ts'

const PROTOCOL_SINCE_VERSION = 5

export function syncGroup({ groups }: Services): ServedApi {
  return handler(api, {
    async handle(request, context) {
      const { groupId, protocolType, protocolName } = request
      if (context.apiVersion >= PROTOCOL_SINCE_VERSION && (protocolType === null || protocolName === null))
        throw new Refusal('INCONSISTENT_GROUP_PROTOCOL')
      checkGroupId(groupId)
      const group = (await groups.shardOf(groupId)).groups.get(groupId)
      if (group === undefined) throw new Refusal('UNKNOWN_MEMBER_ID')
      const synced = group.sync(request, callerOf(context))
      context.memory.releaseRequest()
      return whileConnected(context.signal, synced)
    },
    refuse: (_request, { error }) => ({ errorCode: errorCode(error), assignment: Buffer.alloc(0) }),
  })
}
