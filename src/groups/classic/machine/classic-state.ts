// A classic group as data, and what can be asked of it. A state is never changed: an event makes the next one of it (state-machine.ts).

import { CONSUMER_PROTOCOL_TYPE } from '../../../wire/consumer-protocol.ts'
import { subscribedTopics } from '../../protocol/consumer-subscription.ts'

/** Names a request that waits for its answer. */
export type Ticket = number

export interface MemberProtocol {
  readonly name: string
  readonly metadata: Buffer
}

export interface ClassicMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  /** What it can do, what it likes best first. */
  readonly protocols: readonly MemberProtocol[]
  readonly assignment: Buffer
  /** It has not been in a generation yet. */
  readonly isNew: boolean
  /** It has joined the generation, and not asked for its assignment. */
  readonly isToSync: boolean
  readonly joinTicket: Ticket | undefined
  readonly syncTicket: Ticket | undefined
}

export interface ClassicState {
  readonly name: 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable'
  /** Since when it has this name, in ms since 1970. */
  readonly sinceMs: number
  readonly generationId: number
  /** '' until the first member has come. */
  readonly protocolType: string
  readonly protocolName: string | null
  readonly leaderId: string | null
  /** In the order in which they came. */
  readonly members: ReadonlyMap<string, ClassicMember>
  /** The member ids that were handed out and with which nobody has joined yet (KIP-394). */
  readonly pendingMemberIds: ReadonlySet<string>
  /** Of the members when the generation began; undefined when nobody but they can know. */
  readonly subscribedTopics: ReadonlySet<string> | undefined
  /** While it prepares a rebalance: it was empty before, and waits a while for more members. */
  readonly isInitialRebalance: boolean
  /** One has come while it waited for more members. */
  readonly hasMoreMembers: boolean
  /** While it completes a rebalance: the leader's assignment is on its way to the disk. */
  readonly isStoring: boolean
}

export const NO_ASSIGNMENT = Buffer.alloc(0)

export function emptyState(nowMs: number): ClassicState {
  return {
    name: 'Empty',
    sinceMs: nowMs,
    generationId: 0,
    protocolType: '',
    protocolName: null,
    leaderId: null,
    members: new Map(),
    pendingMemberIds: new Set(),
    subscribedTopics: undefined,
    isInitialRebalance: false,
    hasMoreMembers: false,
    isStoring: false,
  }
}

export function staticMember({ members }: ClassicState, groupInstanceId: string): ClassicMember | undefined {
  for (const member of members.values()) if (member.groupInstanceId === groupInstanceId) return member
  return undefined
}

/** Nobody is missing: neither those who were in the group, nor those who were given a member id. */
export function haveAllJoined({ members, pendingMemberIds }: ClassicState): boolean {
  if (pendingMemberIds.size > 0) return false
  for (const { joinTicket } of members.values()) if (joinTicket === undefined) return false
  return true
}

/** How long the slowest member may take to rejoin. */
export function rebalanceTimeoutMs({ members }: ClassicState): number {
  let longest = 0
  for (const member of members.values()) longest = Math.max(longest, member.rebalanceTimeoutMs)
  return longest
}

/** Whether somebody who can do this may be in the group beside its members. */
export function supportsProtocols(
  { name, protocolType, members }: ClassicState,
  theirType: string,
  protocols: readonly MemberProtocol[],
): boolean {
  if (name === 'Empty') return theirType !== '' && protocols.length > 0
  return protocolType === theirType && protocols.some((protocol) => doAllSupport(members, protocol.name))
}

/** Every member votes for the protocol that it likes best of those that all can do; the first of those with the most votes. */
export function chosenProtocol({ members }: ClassicState): string | null {
  const votes = new Map<string, number>()
  const known = new Map<string, boolean>()
  const isCandidate = (name: string): boolean => {
    if (!known.has(name)) known.set(name, doAllSupport(members, name))
    return known.get(name)!
  }
  for (const { protocols } of members.values()) {
    const vote = protocols.find(({ name }) => isCandidate(name))
    if (vote !== undefined) votes.set(vote.name, (votes.get(vote.name) ?? 0) + 1)
  }
  let chosen: string | null = null
  for (const [name, count] of votes) if (chosen === null || count > votes.get(chosen)!) chosen = name
  return chosen
}

export function metadataOf({ protocols }: ClassicMember, protocolName: string | null): Buffer {
  return protocols.find(({ name }) => name === protocolName)?.metadata ?? NO_ASSIGNMENT
}

export function isSameAs(protocols: readonly MemberProtocol[], others: readonly MemberProtocol[]): boolean {
  return (
    protocols.length === others.length &&
    protocols.every(({ name, metadata }, index) => name === others[index]!.name && metadata.equals(others[index]!.metadata))
  )
}

/** Which topics members read who do this; undefined when that cannot be known. */
export function topicsOf(protocolType: string, protocolName: string | null, members: Iterable<ClassicMember>): Set<string> | undefined {
  if (protocolType !== CONSUMER_PROTOCOL_TYPE) return undefined
  const all = new Set<string>()
  for (const member of members) {
    const topics = subscribedTopics(metadataOf(member, protocolName))
    if (topics === undefined) return undefined
    for (const topic of topics) all.add(topic)
  }
  return all
}

function doAllSupport(members: ClassicState['members'], protocolName: string): boolean {
  for (const { protocols } of members.values()) if (!protocols.some(({ name }) => name === protocolName)) return false
  return true
}
