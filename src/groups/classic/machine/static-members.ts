// A static member that comes without a member id has restarted (KIP-345): it takes over the place of the one before it, who is fenced. Nobody else notices, unless
// the group would choose another protocol with it, or is in the middle of a rebalance.

import { chosenProtocol, type ClassicMember } from './classic-state.ts'
import type { ClassicEvent, JoinEvent } from './effects.ts'
import { completeJoinIfAllAreHere, prepareRebalance } from './rebalance.ts'
import { joinedResponse, refusedJoin, type Transition } from './transition.ts'

type MemberStored = Extract<ClassicEvent, { kind: 'memberStored' }>

export function replaceStaticMember(turn: Transition, event: JoinEvent, before: ClassicMember): void {
  const { ticket, newMemberId: memberId, protocols, sessionTimeoutMs, rebalanceTimeoutMs, reason } = event
  const { clientId, groupInstanceId } = before
  const leaderBefore = turn.state.leaderId ?? ''
  turn.refuseWaits(before, 'FENCED_INSTANCE_ID', before.memberId)
  const after = { ...before, memberId, protocols, sessionTimeoutMs, rebalanceTimeoutMs, joinTicket: ticket, syncTicket: undefined }
  turn.replaceMember(before, after)
  turn.session(memberId, sessionTimeoutMs)
  const cause = { memberId, clientId, reason: `static member ${groupInstanceId} restarted${reason ? `: ${reason}` : ''}` }
  turn.note('fenced', { memberId: before.memberId, clientId, reason: `static member ${groupInstanceId} is ${memberId} now` })
  const { state } = turn
  if (state.name === 'CompletingRebalance') return prepareRebalance(turn, cause) // its old id may be with the leader already
  if (state.name !== 'Stable') return completeJoinIfAllAreHere(turn)
  if (chosenProtocol(state) !== state.protocolName)
    return prepareRebalance(turn, { ...cause, reason: `${cause.reason}, with other protocols` })
  const isLeader = memberId === state.leaderId
  const response = event.canSkipAssignment
    ? joinedResponse(state, memberId, isLeader, { skipAssignment: isLeader })
    : joinedResponse(state, memberId, false, { leader: leaderBefore }) // so that a leader of before KIP-814 takes itself for a follower
  turn.store(undefined, { kind: 'memberStored', memberId, ticket, response, replaced: before, refusal: undefined })
}

/** If it could not be stored (its metadata is too large), the one before is a member again. */
export function memberStored(turn: Transition, { memberId, ticket, response, replaced, refusal }: MemberStored): void {
  const member = turn.state.members.get(memberId)
  if (turn.state.name !== 'Stable' || member?.joinTicket !== ticket) return // the rebalance that has begun since answers
  if (refusal === undefined) {
    turn.setMember({ ...member, joinTicket: undefined })
    turn.session(memberId, member.sessionTimeoutMs)
    turn.answerJoin(ticket, response)
    return
  }
  turn.replaceMember(member, { ...replaced, joinTicket: undefined, syncTicket: undefined })
  turn.session(replaced.memberId, replaced.sessionTimeoutMs)
  turn.answerJoin(ticket, refusedJoin(refusal.error, ''))
}
