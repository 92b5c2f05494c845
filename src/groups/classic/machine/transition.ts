// One event's way through the state machine: the state as it is so far, and what is to be done. Nothing outside sees it before it is complete.

import { errorCode, type ErrorName } from '../../../wire/error-codes.ts'
import { type ClassicMember, type ClassicState, metadataOf, NO_ASSIGNMENT, type Ticket } from './classic-state.ts'
import type { ClassicEvent, Effect, JoinResponse, Limits, Note, Step, SyncResponse } from './effects.ts'

/** Why something happens, and through whom; null when nobody in particular. */
export interface Cause {
  readonly memberId: string | null
  readonly clientId: string | null
  readonly reason: string
}

export class Transition {
  readonly limits: Limits
  readonly #effects: Effect[] = []
  #state: ClassicState
  #members: Map<string, ClassicMember> | undefined // a copy, once one of them changes

  constructor(state: ClassicState, limits: Limits) {
    this.#state = state
    this.limits = limits
  }

  get state(): ClassicState {
    return this.#state
  }

  done(): Step {
    return { state: this.#state, effects: this.#effects }
  }

  set(changes: Partial<Omit<ClassicState, 'members' | 'name' | 'sinceMs'>>): void {
    this.#state = { ...this.#state, ...changes }
  }

  become(name: ClassicState['name'], changes: Partial<ClassicState> = {}): void {
    const flags = { isInitialRebalance: false, hasMoreMembers: false, isStoring: false }
    this.#state = { ...this.#state, ...flags, ...changes, name, sinceMs: this.limits.nowMs }
  }

  setMember(member: ClassicMember): void {
    this.#writableMembers().set(member.memberId, member)
  }

  /** The member is in the place of the other, of whom nothing is left. */
  replaceMember(old: ClassicMember, member: ClassicMember): void {
    const members = [...this.#state.members.values()].map((one) => (one === old ? member : one))
    this.#members = new Map(members.map((one) => [one.memberId, one]))
    const { leaderId } = this.#state
    this.#state = { ...this.#state, members: this.#members, leaderId: leaderId === old.memberId ? member.memberId : leaderId }
    this.endSession(old.memberId)
  }

  /** A member, or one that was to become one, is gone: if it waits, it hears that it is unknown. */
  remove(memberId: string): void {
    const member = this.#state.members.get(memberId)
    if (member !== undefined) {
      this.refuseWaits(member, 'UNKNOWN_MEMBER_ID', '')
      this.#writableMembers().delete(memberId)
    }
    const { leaderId, members, pendingMemberIds } = this.#state
    if (leaderId === memberId) this.set({ leaderId: members.keys().next().value ?? null })
    if (pendingMemberIds.has(memberId)) this.set({ pendingMemberIds: without(pendingMemberIds, memberId) })
    this.endSession(memberId)
  }

  /** What the member waits for, it waits for no more. `memberId` is the one in the answer. */
  refuseWaits({ joinTicket, syncTicket }: ClassicMember, error: ErrorName, memberId: string): void {
    if (joinTicket !== undefined) this.answerJoin(joinTicket, refusedJoin(error, memberId))
    if (syncTicket !== undefined) this.answerSync(syncTicket, refusedSync(error))
  }

  answerJoin(ticket: Ticket, response: JoinResponse): void {
    this.#effects.push({ kind: 'answerJoin', ticket, response })
  }

  answerSync(ticket: Ticket, response: SyncResponse): void {
    this.#effects.push({ kind: 'answerSync', ticket, response })
  }

  session(memberId: string, timeoutMs: number): void {
    this.#effects.push({ kind: 'session', memberId, timeoutMs })
  }

  endSession(memberId: string): void {
    this.#effects.push({ kind: 'endSession', memberId })
  }

  timer(delayMs: number, event: ClassicEvent): void {
    this.#effects.push({ kind: 'timer', delayMs, event })
  }

  endTimer(): void {
    this.#effects.push({ kind: 'endTimer' })
  }

  store(assignments?: ReadonlyMap<string, Buffer>, stored?: Extract<ClassicEvent, { refusal: unknown }>): void {
    this.#effects.push({ kind: 'store', state: this.#state, assignments, stored })
  }

  note(kind: Note['kind'], { memberId, clientId, reason }: Cause, generation = this.#state.generationId): void {
    this.#effects.push({ kind: 'note', note: { kind, memberId, clientId, generation, reason } })
  }

  #writableMembers(): Map<string, ClassicMember> {
    if (this.#members === undefined) {
      this.#members = new Map(this.#state.members)
      this.#state = { ...this.#state, members: this.#members }
    }
    return this.#members
  }
}

/** The answer to a member of the generation. `knowsMembers` for whoever is to assign, or to look whether it must. */
export function joinedResponse(
  state: ClassicState,
  memberId: string,
  knowsMembers: boolean,
  more: Partial<JoinResponse> = {},
): JoinResponse {
  const { generationId, protocolType, protocolName, leaderId, members } = state
  const listed = knowsMembers ? [...members.values()] : []
  return {
    errorCode: 0,
    generationId,
    protocolType,
    protocolName,
    leader: leaderId ?? '',
    memberId,
    members: listed.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      metadata: metadataOf(member, protocolName),
    })),
    ...more,
  }
}

export function refusedJoin(error: ErrorName, memberId: string): JoinResponse {
  return { errorCode: errorCode(error), protocolName: null, leader: '', memberId, members: [] }
}

export function refusedSync(error: ErrorName): SyncResponse {
  return { errorCode: errorCode(error), assignment: NO_ASSIGNMENT }
}

function without(set: ReadonlySet<string>, element: string): Set<string> {
  const rest = new Set(set)
  rest.delete(element)
  return rest
}
