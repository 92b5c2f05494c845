// A rebalance: all members are to join again, then the group has a new generation, then its leader is to assign. Whoever is too late in one of these is put out.

import type { ErrorName } from '../../../wire/error-codes.ts'
import { chosenProtocol, haveAllJoined, NO_ASSIGNMENT, rebalanceTimeoutMs, topicsOf } from './classic-state.ts'
import { type Cause, joinedResponse, refusedSync, type Transition } from './transition.ts'

const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`
const nobody = (reason: string): Cause => ({ memberId: null, clientId: null, reason })

/** After a change of the members: a rebalance begins, or the one that is under way may be complete. */
export function rebalanceOrCompleteJoin(turn: Transition, cause: Cause): void {
  if (turn.state.name === 'PreparingRebalance') completeJoinIfAllAreHere(turn)
  else prepareRebalance(turn, cause)
}

export function prepareRebalance(turn: Transition, cause: Cause): void {
  const { name } = turn.state
  const { initialRebalanceDelayMs: delayMs } = turn.limits
  if (name === 'CompletingRebalance') dropAssignments(turn, 'REBALANCE_IN_PROGRESS')
  turn.endTimer()
  turn.note('rebalance', cause)
  if (name === 'Empty') {
    turn.become('PreparingRebalance', { isInitialRebalance: true })
    turn.timer(delayMs, { kind: 'initialDelayOver', delayMs, remainingMs: Math.max(rebalanceTimeoutMs(turn.state) - delayMs, 0) })
    return
  }
  turn.become('PreparingRebalance')
  if (haveAllJoined(turn.state)) completeJoin(turn)
  else turn.timer(rebalanceTimeoutMs(turn.state), { kind: 'joinTimeOver' })
}

/** A group that was empty waits for its delay in any case. */
export function completeJoinIfAllAreHere(turn: Transition): void {
  const { name, isInitialRebalance } = turn.state
  if (name === 'PreparingRebalance' && !isInitialRebalance && haveAllJoined(turn.state)) completeJoin(turn)
}

/** The delay is as long again while members come, and all of it no longer than they may take to rejoin. */
export function initialDelayOver(turn: Transition, delayMs: number, remainingMs: number): void {
  if (!turn.state.hasMoreMembers || remainingMs === 0) return completeJoin(turn)
  turn.set({ hasMoreMembers: false })
  const nextDelayMs = Math.min(turn.limits.initialRebalanceDelayMs, remainingMs)
  turn.timer(nextDelayMs, { kind: 'initialDelayOver', delayMs: nextDelayMs, remainingMs: Math.max(remainingMs - delayMs, 0) })
}

/** Who has not rejoined is out, but for static members: they may be restarting. */
export function completeJoin(turn: Transition): void {
  turn.endTimer()
  const timeoutMs = rebalanceTimeoutMs(turn.state)
  for (const { memberId, clientId, joinTicket, groupInstanceId } of turn.state.members.values()) {
    if (joinTicket !== undefined || groupInstanceId !== null) continue
    turn.note('expired', { memberId, clientId, reason: `did not rejoin within ${seconds(timeoutMs)}` })
    turn.remove(memberId)
  }
  if (turn.state.members.size === 0) return beginEmptyGeneration(turn)
  if (!electJoinedLeader(turn)) return turn.timer(rebalanceTimeoutMs(turn.state), { kind: 'joinTimeOver' }) // only static members, all silent
  beginGeneration(turn)
}

/** Those of the generation that have not asked for their assignment in time are out. */
export function syncTimeOver(turn: Transition): void {
  const timeoutMs = rebalanceTimeoutMs(turn.state)
  const late = [...turn.state.members.values()].filter(({ isToSync }) => isToSync)
  for (const { memberId, clientId } of late) {
    turn.note('expired', { memberId, clientId, reason: `joined, and did not ask for its assignment within ${seconds(timeoutMs)}` })
    turn.remove(memberId)
  }
  prepareRebalance(turn, nobody(`${late.length === 1 ? 'a member' : `${late.length} members`} joined and did not sync`))
}

/** Nobody keeps what was assigned, and who waits for it hears why. */
export function dropAssignments(turn: Transition, error: ErrorName): void {
  for (const member of turn.state.members.values()) {
    turn.setMember({ ...member, assignment: NO_ASSIGNMENT, syncTicket: undefined })
    if (member.syncTicket === undefined) continue
    turn.answerSync(member.syncTicket, refusedSync(error))
    turn.session(member.memberId, member.sessionTimeoutMs)
  }
}

function electJoinedLeader(turn: Transition): boolean {
  const { leaderId, members } = turn.state
  if (leaderId !== null && members.get(leaderId)?.joinTicket !== undefined) return true
  for (const { memberId, joinTicket } of members.values()) {
    if (joinTicket === undefined) continue
    turn.set({ leaderId: memberId })
    return true
  }
  return false
}

function beginEmptyGeneration(turn: Transition): void {
  const { generationId, protocolType } = turn.state
  const subscribedTopics = topicsOf(protocolType, null, [])
  turn.become('Empty', { generationId: generationId + 1, protocolName: null, leaderId: null, subscribedTopics })
  turn.note('empty', nobody('the last member is gone'))
  turn.store()
}

function beginGeneration(turn: Transition): void {
  const protocolName = chosenProtocol(turn.state)
  const { generationId, protocolType, members } = turn.state
  const subscribedTopics = topicsOf(protocolType, protocolName, members.values())
  turn.become('CompletingRebalance', { generationId: generationId + 1, protocolName, subscribedTopics })
  const { state } = turn
  for (const member of members.values()) {
    const { memberId, joinTicket, sessionTimeoutMs } = member
    turn.setMember({ ...member, isNew: false, isToSync: true, joinTicket: undefined })
    if (joinTicket !== undefined) turn.answerJoin(joinTicket, joinedResponse(state, memberId, memberId === state.leaderId))
    turn.session(memberId, sessionTimeoutMs)
  }
  const count = `${members.size} member${members.size === 1 ? '' : 's'}`
  turn.note('generation', nobody(`${count}, protocol ${protocolName}, leader ${state.leaderId}`))
  turn.timer(rebalanceTimeoutMs(state), { kind: 'syncTimeOver' })
}
