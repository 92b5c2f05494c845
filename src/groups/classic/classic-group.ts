// A classic group: members join, the leader assigns, all get their part (Kafka's protocol of before KIP-848). What happens is for the state machine to say; here
// requests wait for their answers, timers run, and records go to the log.

import { asRefusal } from '../../wire/attempt.ts'
import { type ErrorName, Refusal } from '../../wire/error-codes.ts'
import type { heartbeat } from '../../wire/messages/heartbeat.ts'
import type { joinGroup } from '../../wire/messages/join-group.ts'
import type { leaveGroup } from '../../wire/messages/leave-group.ts'
import type { syncGroup } from '../../wire/messages/sync-group.ts'
import type { Draft, Infer } from '../../wire/schema.ts'
import type { Timer } from '../../lib/clock.ts'
import type { Caller, Committer, Group, GroupState } from '../group.ts'
import { Deadlines } from '../deadlines.ts'
import type { GroupServices } from '../group-services.ts'
import { newMemberId } from '../member-id.ts'
import { CONSUMER_PROTOCOL_TYPE } from '../../wire/consumer-protocol.ts'
import type { GroupRecordDraft } from '../records/group-record.ts'
import { type ClassicState, emptyState, type Ticket } from './machine/classic-state.ts'
import type { ClassicEvent, Effect, JoinResponse, SyncResponse } from './machine/effects.ts'
import { type GroupMetadataValue, groupMetadataRecord, restoredState } from './group-metadata.ts'
import { leavingMembers } from './machine/leave-request.ts'
import { commitError, heartbeatError, syncError } from './machine/membership-checks.ts'
import { step } from './machine/state-machine.ts'
import { Waits } from './waits.ts'

const KNOWN_MEMBER_ID_SINCE_VERSION = 4
const SKIPS_ASSIGNMENT_SINCE_VERSION = 9

export class ClassicGroup implements Group {
  readonly type = 'classic'
  readonly groupId: string
  readonly #services: GroupServices
  readonly #joins = new Waits<JoinResponse>()
  readonly #syncs = new Waits<SyncResponse>()
  readonly #deadlines: Deadlines
  #state: ClassicState
  #timer: Timer | undefined
  #lastTicket: Ticket = 0
  #closed: Refusal | undefined

  /** Without members, and nothing of it is on disk. */
  static empty(groupId: string, services: GroupServices): ClassicGroup {
    return new ClassicGroup(groupId, services, emptyState(services.clock.now()))
  }

  /** As it was when its last generation was assigned; its members have a session timeout from now on to be heard of. Without a leader they are to rejoin. */
  static restored(groupId: string, value: GroupMetadataValue, services: GroupServices): ClassicGroup {
    const group = new ClassicGroup(groupId, services, restoredState(value))
    const { generationId, leaderId, members } = group.#state
    if (members.size === 0) return group
    const reason = `read back with ${members.size} member${members.size === 1 ? '' : 's'}`
    services.note(groupId, { kind: 'loaded', memberId: null, clientId: null, generation: generationId, reason })
    for (const { memberId, sessionTimeoutMs } of members.values()) group.#deadlines.set(memberId, 'session', sessionTimeoutMs)
    if (leaderId === null) group.rebalance('nobody leads the group: its members have to rejoin')
    else if (members.size > services.config['group.max.size']) group.rebalance('the group has more members than group.max.size')
    return group
  }

  private constructor(groupId: string, services: GroupServices, state: ClassicState) {
    this.groupId = groupId
    this.#services = services
    this.#state = state
    this.#deadlines = new Deadlines(services.clock, (memberId) => this.#apply({ kind: 'sessionExpired', memberId }))
  }

  get protocolType(): string {
    return this.#state.protocolType
  }

  get state(): GroupState {
    return this.#closed === undefined ? this.#state.name : 'Dead'
  }

  /** Its members, and how far they are with each other: never changed, so that it can be kept. */
  get membership(): ClassicState {
    return this.#state
  }

  get memberCount(): number {
    return this.#state.members.size
  }

  get emptySinceMs(): number | undefined {
    return this.#state.name === 'Empty' ? this.#state.sinceMs : undefined
  }

  /** Copies what it keeps of the request before it returns. */
  join(request: Infer<typeof joinGroup.request>, { apiVersion, clientId, clientHost }: Caller): Promise<Draft<typeof joinGroup.response>> {
    this.#checkOpen()
    const { groupInstanceId, sessionTimeoutMs } = request
    const ticket = ++this.#lastTicket
    const answer = this.#joins.wait(ticket)
    this.#apply({
      kind: 'join',
      ticket,
      memberId: request.memberId,
      newMemberId: newMemberId(groupInstanceId, clientId, this.#services.randomId),
      groupInstanceId,
      clientId,
      clientHost,
      sessionTimeoutMs,
      rebalanceTimeoutMs: apiVersion === 0 ? sessionTimeoutMs : request.rebalanceTimeoutMs,
      protocolType: request.protocolType,
      protocols: request.protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) })),
      reason: request.reason,
      requiresKnownMemberId: apiVersion >= KNOWN_MEMBER_ID_SINCE_VERSION,
      canSkipAssignment: apiVersion >= SKIPS_ASSIGNMENT_SINCE_VERSION,
    })
    return answer
  }

  /** Copies what it keeps of the request before it returns. */
  sync(request: Infer<typeof syncGroup.request>): Promise<Draft<typeof syncGroup.response>> {
    this.#refuse(syncError(this.#state, request))
    const { memberId } = request
    const ticket = ++this.#lastTicket
    const answer = this.#syncs.wait(ticket)
    const isLeader = memberId === this.#state.leaderId
    const assignments = isLeader ? request.assignments.map((one): [string, Buffer] => [one.memberId, Buffer.from(one.assignment)]) : []
    this.#apply({ kind: 'sync', ticket, memberId, assignments: new Map(assignments) })
    return answer
  }

  /** Throws rather than rejects: it is the most frequent of requests. */
  heartbeat(request: Infer<typeof heartbeat.request>): Promise<Draft<typeof heartbeat.response>> {
    const error = heartbeatError(this.#state, request)
    if (error === undefined || error === 'REBALANCE_IN_PROGRESS') this.#heardOf(request.memberId)
    this.#refuse(error)
    return ALIVE
  }

  async leave({ members }: Infer<typeof leaveGroup.request>): Promise<Draft<typeof leaveGroup.response>> {
    this.#checkOpen()
    const { memberIds, responses } = leavingMembers(this.#state, members)
    if (memberIds.length > 0) this.#apply({ kind: 'leave', memberIds })
    return { errorCode: 0, members: responses }
  }

  /** All members are to join again, for a reason that is not theirs. */
  rebalance(reason: string): void {
    this.#apply({ kind: 'rebalance', reason })
  }

  checkCommit(committer: Committer): void {
    this.#refuse(commitError(this.#state, committer))
    this.#heardOf(committer.memberId)
  }

  checkFetch(): void {
    this.#checkOpen() // anybody may
  }

  checkDelete(): void {
    if (this.#state.name !== 'Empty') throw new Refusal('NON_EMPTY_GROUP')
  }

  checkOffsetDelete(): void {
    if (this.#state.name !== 'Empty' && this.protocolType !== CONSUMER_PROTOCOL_TYPE) throw new Refusal('NON_EMPTY_GROUP')
  }

  isSubscribedTo(topic: string): boolean {
    const { subscribedTopics, protocolType } = this.#state
    return subscribedTopics === undefined ? protocolType === CONSUMER_PROTOCOL_TYPE : subscribedTopics.has(topic)
  }

  tombstones(): readonly GroupRecordDraft[] {
    return [{ kind: 'groupMetadata', key: { group: this.groupId }, value: null }]
  }

  close(refusal: Refusal): void {
    this.#closed = refusal
    this.#timer?.cancel()
    this.#deadlines.close()
    this.#joins.refuseAll(refusal)
    this.#syncs.refuseAll(refusal)
  }

  #checkOpen(): void {
    if (this.#closed !== undefined) throw this.#closed
  }

  #refuse(error: ErrorName | undefined): void {
    this.#checkOpen()
    if (error !== undefined) throw new Refusal(error)
  }

  #heardOf(memberId: string): void {
    const member = this.#state.members.get(memberId)
    if (member !== undefined) this.#deadlines.set(memberId, 'session', member.sessionTimeoutMs)
  }

  #apply(event: ClassicEvent): void {
    if (this.#closed !== undefined) return // what was under way when it ended
    const { clock, config } = this.#services
    const limits = {
      nowMs: clock.now(),
      membersMax: config['group.max.size'],
      initialRebalanceDelayMs: config['group.initial.rebalance.delay.ms'],
    }
    const { state, effects } = step(this.#state, event, limits)
    this.#state = state
    for (const effect of effects) this.#effects[effect.kind](effect as never)
  }

  readonly #effects: { readonly [Kind in Effect['kind']]: (effect: Extract<Effect, { kind: Kind }>) => void } = {
    answerJoin: ({ ticket, response }) => this.#joins.answer(ticket, response),
    answerSync: ({ ticket, response }) => this.#syncs.answer(ticket, response),
    session: ({ memberId, timeoutMs }) => this.#deadlines.set(memberId, 'session', timeoutMs),
    endSession: ({ memberId }) => this.#deadlines.forget(memberId),
    timer: ({ delayMs, event }) => {
      this.#timer?.cancel()
      this.#timer = this.#services.clock.after(delayMs, () => this.#apply(event))
    },
    endTimer: () => this.#timer?.cancel(),
    store: (effect) => void this.#store(effect),
    note: ({ note }) => this.#services.note(this.groupId, note),
  }

  async #store({ state, assignments, stored }: Extract<Effect, { kind: 'store' }>): Promise<void> {
    let refusal: Refusal | undefined
    try {
      await this.#services.write([groupMetadataRecord(this.groupId, state, assignments)])
    } catch (error) {
      refusal = asRefusal(error)
    }
    if (stored !== undefined) this.#apply({ ...stored, refusal })
  }
}

const ALIVE = Promise.resolve({ errorCode: 0 })
