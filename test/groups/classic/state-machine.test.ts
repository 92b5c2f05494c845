// The state machine by itself, for what comes in an order that the disk rarely brings about.

import { describe, expect, it } from 'vitest'
import { type ClassicState, emptyState } from '../../../src/groups/classic/machine/classic-state.ts'
import type { ClassicEvent, Effect, JoinEvent } from '../../../src/groups/classic/machine/effects.ts'
import { step } from '../../../src/groups/classic/machine/state-machine.ts'

const LIMITS = { nowMs: 1000, membersMax: 10, initialRebalanceDelayMs: 0 }

const joining = (ticket: number, memberId: string): JoinEvent => ({
  kind: 'join',
  ticket,
  memberId,
  newMemberId: 'a',
  groupInstanceId: null,
  clientId: 'client',
  clientHost: '/127.0.0.1',
  sessionTimeoutMs: 10_000,
  rebalanceTimeoutMs: 60_000,
  protocolType: 'consumer',
  protocols: [{ name: 'range', metadata: Buffer.alloc(0) }],
  reason: null,
  requiresKnownMemberId: false,
  canSkipAssignment: true,
})

/** The state after all of them, and what the last one did. */
function after(...events: ClassicEvent[]): { state: ClassicState; effects: readonly Effect[] } {
  let state = emptyState(0)
  let effects: readonly Effect[] = []
  for (const event of events) ({ state, effects } = step(state, event, LIMITS))
  return { state, effects }
}

const shown = (state: ClassicState): string =>
  JSON.stringify({ ...state, members: [...state.members], pendingMemberIds: [...state.pendingMemberIds] })

const assignments = new Map([['a', Buffer.from('part')]])
const inGeneration1: ClassicEvent[] = [joining(1, ''), { kind: 'joinTimeOver' }]
const synced: ClassicEvent = { kind: 'sync', ticket: 2, memberId: 'a', assignments }
const stored = (generationId: number): ClassicEvent => ({ kind: 'assignmentStored', generationId, assignments, refusal: undefined })

describe('an assignment that is on disk', () => {
  it('makes the group stable, and is given to who waits for it', () => {
    const { state, effects } = after(...inGeneration1, synced, stored(1))
    expect(state.name).toBe('Stable')
    const answers = effects.filter(({ kind }) => kind === 'answerSync')
    expect(answers).toMatchObject([{ ticket: 2, response: { errorCode: 0, assignment: Buffer.from('part') } }])
  })

  it('is nothing to the generation after it', () => {
    const events = [...inGeneration1, synced, { kind: 'rebalance', reason: 'another' }, joining(3, 'a')] as const
    expect(after(...events).state).toMatchObject({ name: 'CompletingRebalance', generationId: 2 })
    const { state, effects } = after(...events, stored(1))
    expect([state.name, state.members.get('a')!.assignment.length, effects]).toEqual(['CompletingRebalance', 0, []])
  })

  it('is nothing to a rebalance that has begun', () => {
    const { state, effects } = after(...inGeneration1, synced, { kind: 'rebalance', reason: 'another' }, stored(1))
    expect([state.name, effects]).toEqual(['PreparingRebalance', []])
  })
})

describe('a step of the state machine', () => {
  it('leaves the state before it as it was', () => {
    const { state } = after(...inGeneration1)
    const before = shown(state)
    step(state, synced, LIMITS)
    step(state, { kind: 'leave', memberIds: [{ memberId: 'a', reason: 'left' }] }, LIMITS)
    expect(shown(state)).toBe(before)
  })
})
