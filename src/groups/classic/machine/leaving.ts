// Members go: they say so, an administrator says so, or they have been silent for too long.

import type { ClassicEvent } from './effects.ts'
import { completeJoinIfAllAreHere, rebalanceOrCompleteJoin } from './rebalance.ts'
import type { Transition } from './transition.ts'

type Leave = Extract<ClassicEvent, { kind: 'leave' }>

/** Of ids that are members, or were given out to be. */
export function leave(turn: Transition, { memberIds }: Leave): void {
  let cause
  for (const { memberId, reason } of memberIds) {
    const clientId = turn.state.members.get(memberId)?.clientId
    turn.remove(memberId)
    if (clientId === undefined) continue
    cause = { memberId, clientId, reason }
    turn.note('left', cause)
  }
  if (cause !== undefined) rebalanceOrCompleteJoin(turn, { ...cause, reason: `a member left: ${cause.reason}` })
  else completeJoinIfAllAreHere(turn)
}

/** Members that wait for an answer need not be heard of, but for new ones: nobody knows whether they are still there. */
export function sessionExpired(turn: Transition, memberId: string): void {
  const member = turn.state.members.get(memberId)
  if (member === undefined) {
    turn.remove(memberId)
    return completeJoinIfAllAreHere(turn)
  }
  const { clientId, isNew, joinTicket, syncTicket, sessionTimeoutMs } = member
  if (!isNew && (joinTicket !== undefined || syncTicket !== undefined)) return
  const cause = { memberId, clientId, reason: `session timed out after ${Math.round(sessionTimeoutMs / 100) / 10} s` }
  turn.note('expired', cause)
  turn.remove(memberId)
  rebalanceOrCompleteJoin(turn, cause)
}
