// What comes of an event besides the group's next state, as data: classic-group.ts does it, in order.

import type { joinGroup } from '../../../wire/messages/join-group.ts'
import type { syncGroup } from '../../../wire/messages/sync-group.ts'
import type { Refusal } from '../../../wire/error-codes.ts'
import type { Draft } from '../../../wire/schema.ts'
import type { GroupEvent } from '../../group-history.ts'
import type { ClassicMember, ClassicState, MemberProtocol, Ticket } from './classic-state.ts'

export type JoinResponse = Draft<typeof joinGroup.response>
export type SyncResponse = Draft<typeof syncGroup.response>
export type Note = Omit<GroupEvent, 'timeMs'>

export interface JoinEvent {
  readonly kind: 'join'
  readonly ticket: Ticket
  /** '' for somebody new. */
  readonly memberId: string
  /** Theirs, should they be new. */
  readonly newMemberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly protocolType: string
  readonly protocols: readonly MemberProtocol[]
  /** The client's own; null when it gives none. */
  readonly reason: string | null
  /** New members get their id before they join (KIP-394). */
  readonly requiresKnownMemberId: boolean
  /** A leader that needs not assign can be told so (KIP-814). */
  readonly canSkipAssignment: boolean
}

export interface SyncEvent {
  readonly kind: 'sync'
  readonly ticket: Ticket
  readonly memberId: string
  readonly assignments: ReadonlyMap<string, Buffer>
}

export type ClassicEvent =
  | JoinEvent
  | SyncEvent
  | { readonly kind: 'leave'; readonly memberIds: readonly { readonly memberId: string; readonly reason: string }[] }
  | { readonly kind: 'sessionExpired'; readonly memberId: string }
  | { readonly kind: 'initialDelayOver'; readonly delayMs: number; readonly remainingMs: number }
  | { readonly kind: 'joinTimeOver' }
  | { readonly kind: 'syncTimeOver' }
  | {
      readonly kind: 'assignmentStored'
      readonly generationId: number
      readonly assignments: ReadonlyMap<string, Buffer>
      readonly refusal: Refusal | undefined
    }
  | {
      readonly kind: 'memberStored'
      readonly memberId: string
      readonly ticket: Ticket
      readonly response: JoinResponse
      /** The member as it was, should the new one not be stored. */
      readonly replaced: ClassicMember
      readonly refusal: Refusal | undefined
    }
  | { readonly kind: 'rebalance'; readonly reason: string }

/** What an event becomes once it is known whether the record is on disk. */
type StoredEvent = Extract<ClassicEvent, { refusal: unknown }>

export type Effect =
  | { readonly kind: 'answerJoin'; readonly ticket: Ticket; readonly response: JoinResponse }
  | { readonly kind: 'answerSync'; readonly ticket: Ticket; readonly response: SyncResponse }
  /** The member is alive; it has this long to be heard of again. */
  | { readonly kind: 'session'; readonly memberId: string; readonly timeoutMs: number }
  | { readonly kind: 'endSession'; readonly memberId: string }
  /** There is one timer for the rebalance: a new one takes the place of the old one. */
  | { readonly kind: 'timer'; readonly delayMs: number; readonly event: ClassicEvent }
  | { readonly kind: 'endTimer' }
  /** The state as it is is to be on disk; then the event, with the refusal if there is one. */
  | {
      readonly kind: 'store'
      readonly state: ClassicState
      readonly assignments: ReadonlyMap<string, Buffer> | undefined
      readonly stored: StoredEvent | undefined
    }
  | { readonly kind: 'note'; readonly note: Note }

export interface Limits {
  /** Of the wall clock, since 1970. */
  readonly nowMs: number
  readonly membersMax: number
  readonly initialRebalanceDelayMs: number
}

export interface Step {
  readonly state: ClassicState
  readonly effects: readonly Effect[]
}
