// Somebody joins. New members are answered when there is a generation with them; so are known ones whose coming back is news. Whoever only asks again, because
// an answer was lost, gets the generation as it is.

import { type ClassicMember, type ClassicState, isSameAs, NO_ASSIGNMENT, staticMember, supportsProtocols } from './classic-state.ts'
import type { JoinEvent } from './effects.ts'
import { memberError } from './membership-checks.ts'
import { completeJoinIfAllAreHere, rebalanceOrCompleteJoin } from './rebalance.ts'
import { replaceStaticMember } from './static-members.ts'
import { joinedResponse, refusedJoin, type Transition } from './transition.ts'

const NEW_MEMBER_TIMEOUT_MS = 300_000 // it does not know its id before the answer, so that it sends no heartbeats; Kafka's

export function join(turn: Transition, event: JoinEvent): void {
  const { memberId, ticket, protocolType, protocols } = event
  if (!hasRoomFor(turn.state, memberId, turn.limits.membersMax)) {
    turn.remove(memberId)
    turn.answerJoin(ticket, refusedJoin('GROUP_MAX_SIZE_REACHED', ''))
    completeJoinIfAllAreHere(turn)
  } else if (!supportsProtocols(turn.state, protocolType, protocols)) {
    turn.answerJoin(ticket, refusedJoin('INCONSISTENT_GROUP_PROTOCOL', memberId))
  } else if (memberId === '') joinNew(turn, event)
  else joinKnown(turn, event)
}

/** Who has rejoined counts while all are to, so that the last ones are turned away when the limit was lowered. */
function hasRoomFor({ name, members }: ClassicState, memberId: string, membersMax: number): boolean {
  if (name === 'Empty') return true
  const known = members.get(memberId)
  if (name !== 'PreparingRebalance') return known !== undefined || members.size < membersMax
  if (known?.joinTicket !== undefined || members.size < membersMax) return true
  let joinedCount = 0
  for (const { joinTicket } of members.values()) if (joinTicket !== undefined) joinedCount++
  return joinedCount < membersMax
}

function joinNew(turn: Transition, event: JoinEvent): void {
  const { ticket, newMemberId, groupInstanceId, requiresKnownMemberId, sessionTimeoutMs } = event
  if (groupInstanceId !== null) {
    const before = staticMember(turn.state, groupInstanceId)
    if (before === undefined) addMember(turn, event, newMemberId)
    else replaceStaticMember(turn, event, before)
  } else if (requiresKnownMemberId) {
    turn.set({ pendingMemberIds: new Set([...turn.state.pendingMemberIds, newMemberId]) })
    turn.session(newMemberId, sessionTimeoutMs)
    turn.answerJoin(ticket, refusedJoin('MEMBER_ID_REQUIRED', newMemberId))
  } else addMember(turn, event, newMemberId)
}

function joinKnown(turn: Transition, event: JoinEvent): void {
  const { ticket, memberId, groupInstanceId, protocols } = event
  const { state } = turn
  if (state.pendingMemberIds.has(memberId)) {
    if (groupInstanceId === null) return addMember(turn, event, memberId)
    return turn.answerJoin(ticket, refusedJoin('UNKNOWN_SERVER_ERROR', '')) // as Kafka: static members are given no id before they join
  }
  const error = memberError(state, memberId, groupInstanceId)
  if (error !== undefined) return turn.answerJoin(ticket, refusedJoin(error, memberId))
  const member = state.members.get(memberId)!
  const isLeader = memberId === state.leaderId
  const hasChanged = !isSameAs(member.protocols, protocols)
  if (state.name === 'PreparingRebalance') rejoin(turn, event, member, 'rejoins')
  else if (hasChanged) rejoin(turn, event, member, 'changes its metadata')
  else if (isLeader && state.name === 'Stable') rejoin(turn, event, member, 'leader rejoins')
  else {
    turn.session(memberId, member.sessionTimeoutMs)
    turn.answerJoin(ticket, joinedResponse(state, memberId, isLeader))
  }
}

function addMember(turn: Transition, event: JoinEvent, memberId: string): void {
  const { ticket, groupInstanceId, clientId, clientHost, sessionTimeoutMs, rebalanceTimeoutMs, protocolType, protocols } = event
  const { members, pendingMemberIds, leaderId, isInitialRebalance } = turn.state
  const isPending = pendingMemberIds.has(memberId)
  turn.setMember({
    memberId,
    groupInstanceId,
    clientId,
    clientHost,
    sessionTimeoutMs,
    rebalanceTimeoutMs,
    protocols,
    assignment: NO_ASSIGNMENT,
    isNew: true,
    isToSync: false,
    joinTicket: ticket,
    syncTicket: undefined,
  })
  turn.set({
    ...(members.size === 0 ? { protocolType } : {}),
    ...(isPending ? { pendingMemberIds: new Set([...pendingMemberIds].filter((id) => id !== memberId)) } : {}),
    leaderId: leaderId ?? memberId,
    hasMoreMembers: isInitialRebalance,
  })
  turn.session(memberId, NEW_MEMBER_TIMEOUT_MS)
  const about = groupInstanceId === null ? 'new member' : `new static member ${groupInstanceId}`
  const cause = { memberId, clientId, reason: because(about, event) }
  turn.note('joined', cause)
  rebalanceOrCompleteJoin(turn, cause)
}

/** The answer to a join of the same member that still waits will come to nobody who needs it. */
function rejoin(turn: Transition, event: JoinEvent, member: ClassicMember, what: string): void {
  const { ticket, protocols, sessionTimeoutMs, rebalanceTimeoutMs } = event
  const { memberId, clientId } = member
  if (member.joinTicket !== undefined) turn.answerJoin(member.joinTicket, refusedJoin('REBALANCE_IN_PROGRESS', memberId))
  turn.setMember({ ...member, protocols, sessionTimeoutMs, rebalanceTimeoutMs, joinTicket: ticket })
  turn.session(memberId, sessionTimeoutMs)
  rebalanceOrCompleteJoin(turn, { memberId, clientId, reason: because(what, event) })
}

/** With what the client itself says (KIP-800). */
function because(what: string, { reason }: Pick<JoinEvent, 'reason'>): string {
  return reason === null || reason === '' ? what : `${what}: ${reason}`
}
