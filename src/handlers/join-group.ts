// JoinGroup v0-9: somebody joins a classic group, of any protocol type, and is answered when the group has a new generation.
// - A new member gets MEMBER_ID_REQUIRED with its id first, and joins with that (v4+, KIP-394). A static member (v5+, KIP-345) that restarts takes over its place
//   without a rebalance; its leader is told that it need not assign (v9, KIP-814).
// - The members of an empty group are awaited for `group.initial.rebalance.delay.ms`, longer while more come; those of any other until all have rejoined, for the
//   longest of their rebalance timeouts. Who has not rejoined by then is out.
// - INVALID_SESSION_TIMEOUT outside of `group.min.session.timeout.ms` and `group.max.session.timeout.ms`; GROUP_MAX_SIZE_REACHED beyond `group.max.size`;
//   INCONSISTENT_GROUP_PROTOCOL for a member that has no protocol in common with all others.
// - The reason that a client gives (v8+, KIP-800) is kept in the group's history.

import { errorCode, Refusal } from '../wire/error-codes.ts'
import { joinGroup as api } from '../wire/messages/join-group.ts'
import type { Draft } from '../wire/schema.ts'
import { callerOf } from './group-caller.ts'
import { checkGroupId } from './group-id.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import type { Services } from './services.ts'
import { whileConnected } from './while-connected.ts'

const NULLABLE_PROTOCOL_SINCE_VERSION = 7

export function joinGroup({ groups, config }: Services): ServedApi {
  return handler(api, {
    async handle(request, context) {
      const { groupId, memberId, sessionTimeoutMs } = request
      checkGroupId(groupId)
      if (sessionTimeoutMs < config['group.min.session.timeout.ms'] || sessionTimeoutMs > config['group.max.session.timeout.ms'])
        throw new Refusal('INVALID_SESSION_TIMEOUT')
      const shard = await groups.shardOf(groupId)
      const group = memberId === '' ? shard.classicGroup(groupId) : shard.groups.get(groupId)
      if (group === undefined) throw new Refusal('UNKNOWN_MEMBER_ID')
      const joined = group.join(request, callerOf(context))
      context.memory.releaseRequest()
      return forVersion(context.apiVersion, await whileConnected(context.signal, joined))
    },
    refuse: ({ memberId }, { error }, { apiVersion }) =>
      forVersion(apiVersion, { errorCode: errorCode(error), protocolName: null, leader: '', memberId, members: [] }),
  })
}

/** No protocol is no name, and a protocol without a name is none. */
function forVersion(apiVersion: number, response: Draft<typeof api.response>): Draft<typeof api.response> {
  if (response.protocolName) return response
  return { ...response, protocolName: apiVersion < NULLABLE_PROTOCOL_SINCE_VERSION ? '' : null }
}
