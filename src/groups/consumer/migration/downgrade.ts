// A group of the consumer protocol becomes a classic one when the last member with that is gone: the classic members are assigned their targets, and the group's
// epoch is their generation.

import type { GroupMetadataValue } from '../../classic/group-metadata.ts'
import type { GroupTopics } from '../../group-services.ts'
import { CONSUMER_PROTOCOL_TYPE } from '../../../wire/consumer-protocol.ts'
import type { GroupRecordDraft } from '../../records/group-record.ts'
import { groupTombstones } from '../state/consumer-records.ts'
import type { ConsumerGroupState } from '../state/group-state.ts'
import type { Member } from '../state/member.ts'
import { assignmentOf } from './classic-bytes.ts'

export interface Downgrade {
  readonly value: GroupMetadataValue
  /** What makes it one, on disk. */
  readonly records: readonly GroupRecordDraft[]
}

/** Of what stays without those who are `leaving`; undefined when one of the others speaks the consumer protocol, or nobody stays. */
export function downgraded(
  state: ConsumerGroupState,
  leaving: ReadonlySet<string>,
  topics: GroupTopics,
  nowMs: number,
): Downgrade | undefined {
  const staying = [...state.members.values()].filter(({ memberId }) => !leaving.has(memberId))
  const protocol = commonProtocols(staying)[0]
  if (protocol === undefined) return undefined
  const value: GroupMetadataValue = {
    protocolType: CONSUMER_PROTOCOL_TYPE,
    generation: state.groupEpoch,
    protocol,
    leader: leaving.size === 0 ? staying[0]!.memberId : null, // nobody leads until all have rejoined for what those had who leave
    currentStateTimestamp: nowMs,
    members: staying.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeout: member.rebalanceTimeoutMs,
      sessionTimeout: member.classic!.sessionTimeoutMs,
      subscription: member.classic!.supportedProtocols.find(({ name }) => name === protocol)!.metadata,
      assignment: assignmentOf(member, state.target(member.memberId), topics),
    })),
  }
  return { value, records: [...groupTombstones(state), { kind: 'groupMetadata', key: { group: state.groupId }, value }] }
}

/** What all of them can do, in the order of the first one's preference; nothing when one is no classic member, or there is none. */
export function commonProtocols([first, ...others]: readonly Member[]): string[] {
  return first === undefined ? [] : protocolNames(first).filter((name) => others.every((other) => protocolNames(other).includes(name)))
}

const protocolNames = ({ classic }: Member): string[] => classic?.supportedProtocols.map(({ name }) => name) ?? []
