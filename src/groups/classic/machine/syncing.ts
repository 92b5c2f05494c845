// Members ask for their assignment, and the leader brings it: all of them are answered when it is on disk.

import { NO_ASSIGNMENT } from './classic-state.ts'
import type { ClassicEvent, SyncEvent, SyncResponse } from './effects.ts'
import { dropAssignments, prepareRebalance } from './rebalance.ts'
import { refusedSync, type Transition } from './transition.ts'

type AssignmentStored = Extract<ClassicEvent, { kind: 'assignmentStored' }>

/** By a member of this generation (syncError). */
export function sync(turn: Transition, { ticket, memberId, assignments }: SyncEvent): void {
  const member = turn.state.members.get(memberId)!
  if (turn.state.name === 'Stable') {
    turn.setMember({ ...member, isToSync: false })
    turn.session(memberId, member.sessionTimeoutMs)
    turn.answerSync(ticket, assigned(turn, member.assignment))
    return endTimerIfAllSynced(turn)
  }
  if (member.syncTicket !== undefined) turn.answerSync(member.syncTicket, refusedSync('REBALANCE_IN_PROGRESS')) // it asks again: the answer goes there
  turn.setMember({ ...member, isToSync: false, syncTicket: ticket })
  endTimerIfAllSynced(turn)
  const { leaderId, members, generationId, isStoring } = turn.state
  if (memberId !== leaderId || isStoring) return // what a leader sent first holds: it may be on disk by now
  const all = new Map([...members.keys()].map((id) => [id, assignments.get(id) ?? NO_ASSIGNMENT]))
  turn.set({ isStoring: true })
  turn.store(all, { kind: 'assignmentStored', generationId, assignments: all, refusal: undefined })
}

export function assignmentStored(turn: Transition, { generationId, assignments, refusal }: AssignmentStored): void {
  const { name, generationId: current, leaderId, members } = turn.state
  if (name !== 'CompletingRebalance' || generationId !== current) return // another rebalance has begun since
  const leader = { memberId: leaderId, clientId: members.get(leaderId!)?.clientId ?? null }
  if (refusal !== undefined) {
    dropAssignments(turn, refusal.error)
    return prepareRebalance(turn, { ...leader, reason: `the assignment could not be stored: ${refusal.message}` })
  }
  turn.become('Stable')
  turn.note('assignment', { ...leader, reason: `assigned by the leader to ${members.size} member${members.size === 1 ? '' : 's'}` })
  for (const member of members.values()) {
    const assignment = assignments.get(member.memberId) ?? NO_ASSIGNMENT
    turn.setMember({ ...member, assignment, syncTicket: undefined })
    if (member.syncTicket === undefined) continue
    turn.answerSync(member.syncTicket, assigned(turn, assignment))
    turn.session(member.memberId, member.sessionTimeoutMs)
  }
}

function assigned({ state: { protocolType, protocolName } }: Transition, assignment: Buffer): SyncResponse {
  return { errorCode: 0, protocolType, protocolName, assignment }
}

/** The timer of those who joined and do not sync. */
function endTimerIfAllSynced(turn: Transition): void {
  for (const { isToSync } of turn.state.members.values()) if (isToSync) return
  turn.endTimer()
}
