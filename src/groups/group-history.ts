// What happened to groups of late, and why, as data: the last events of each group, with time, member and reason. Bounded: nothing of it is on disk.

import { clipped } from '../lib/clipped.ts'

export interface GroupEvent {
  /** Since 1970. */
  readonly timeMs: number
  readonly kind: 'joined' | 'left' | 'expired' | 'fenced' | 'rebalance' | 'generation' | 'assignment' | 'protocol' | 'empty' | 'loaded'
  /** null for what is the group's own. */
  readonly memberId: string | null
  readonly clientId: string | null
  /** The generation, or the group epoch, that the event led to; -1 when to none. */
  readonly generation: number
  /** A sentence without a full stop: "session timed out after 45 s". */
  readonly reason: string
}

const EVENTS_PER_GROUP = 50
const GROUPS_MAX = 10_000
const TEXT_LENGTH_MAX = 300 // longer than what clients make up themselves

const short = (text: string): string => clipped(text, TEXT_LENGTH_MAX)

export class GroupHistory {
  readonly #events = new Map<string, GroupEvent[]>() // by group; the one that was noted last is at the end

  note(groupId: string, event: GroupEvent): void {
    const events = this.#events.get(groupId) ?? []
    const { memberId, clientId, reason } = event
    events.push({ ...event, memberId: memberId && short(memberId), clientId: clientId && short(clientId), reason: short(reason) })
    if (events.length > EVENTS_PER_GROUP) events.shift()
    this.#events.delete(groupId)
    this.#events.set(groupId, events)
    if (this.#events.size > GROUPS_MAX) this.#events.delete(this.#events.keys().next().value!)
  }

  /** Oldest first. */
  of(groupId: string): readonly GroupEvent[] {
    return this.#events.get(groupId) ?? []
  }

  forget(groupId: string): void {
    this.#events.delete(groupId)
  }
}
