// A classic group as it is on disk: one record of its generation, with the members, what the chosen protocol says of each, and what they were assigned.

import type { Infer } from '../../wire/schema.ts'
import type { GroupRecordDraft } from '../records/group-record.ts'
import type { GROUP_RECORDS } from '../records/record-schemas.ts'
import { type ClassicMember, type ClassicState, emptyState, metadataOf, topicsOf } from './machine/classic-state.ts'

export type GroupMetadataValue = Infer<typeof GROUP_RECORDS.groupMetadata.value.fields>

export function groupMetadataRecord(groupId: string, state: ClassicState, assignments?: ReadonlyMap<string, Buffer>): GroupRecordDraft {
  const { protocolType, protocolName, generationId, leaderId, sinceMs, members } = state
  const value = {
    protocolType,
    generation: generationId,
    protocol: protocolName,
    leader: leaderId,
    currentStateTimestamp: sinceMs,
    members: [...members.values()].map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeout: member.rebalanceTimeoutMs,
      sessionTimeout: member.sessionTimeoutMs,
      subscription: metadataOf(member, protocolName),
      assignment: assignments?.get(member.memberId) ?? member.assignment,
    })),
  }
  return { kind: 'groupMetadata', key: { group: groupId }, value }
}

/** Of the protocols of its members only the chosen one is on disk. */
export function restoredState(value: GroupMetadataValue): ClassicState {
  const { protocolType, generation: generationId, protocol: protocolName, leader: leaderId, currentStateTimestamp } = value
  const members = value.members.map((member): [string, ClassicMember] => [member.memberId, restoredMember(member, protocolName)])
  return {
    ...emptyState(Math.max(currentStateTimestamp, 0)),
    name: members.length === 0 ? 'Empty' : 'Stable',
    generationId,
    protocolType,
    protocolName,
    leaderId,
    members: new Map(members),
    subscribedTopics: topicsOf(
      protocolType,
      protocolName,
      members.map(([, member]) => member),
    ),
  }
}

function restoredMember(member: GroupMetadataValue['members'][number], protocolName: string | null): ClassicMember {
  const { memberId, groupInstanceId, clientId, clientHost, sessionTimeout, rebalanceTimeout } = member
  return {
    memberId,
    groupInstanceId,
    clientId,
    clientHost,
    sessionTimeoutMs: sessionTimeout,
    rebalanceTimeoutMs: rebalanceTimeout === -1 ? sessionTimeout : rebalanceTimeout,
    protocols: protocolName === null ? [] : [{ name: protocolName, metadata: Buffer.from(member.subscription) }],
    assignment: Buffer.from(member.assignment), // not a view of the whole batch
    isNew: false,
    isToSync: false,
    joinTicket: undefined,
    syncTicket: undefined,
  }
}
