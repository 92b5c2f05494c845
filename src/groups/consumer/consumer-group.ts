// A group of the consumer protocol (KIP-848): the broker assigns, and each member is told its part, one step at a time, in the answers to its heartbeats.
// What is decided is in group-state.ts the moment it is decided, and in the log before anybody is told. This file joins the parts: time, disk, configs.

import { Refusal } from '../../wire/error-codes.ts'
import type { consumerGroupHeartbeat } from '../../wire/messages/consumer-group-heartbeat.ts'
import type { Draft } from '../../wire/schema.ts'
import { topicPartitionsOf } from '../assignors/partitions.ts'
import type { Caller, CommittedPlace, Committer, Group, GroupState } from '../group.ts'
import type { GroupServices } from '../group-services.ts'
import type { GroupRecordDraft } from '../records/group-record.ts'
import { type HeartbeatRequest, JOIN_EPOCH, LEAVE_EPOCH } from './heartbeats/check-heartbeat.ts'
import { checkCommit, checkFetch } from './check-offsets.ts'
import { groupTombstones } from './state/consumer-records.ts'
import { consumerSettings } from './consumer-settings.ts'
import { type DeadlineKind, Deadlines } from './deadlines.ts'
import { leaveForAWhile, removal } from './departures.ts'
import { describedGroup, type DescribedGroup } from './describe-group.ts'
import type { GroupChange } from './state/group-change.ts'
import { ConsumerGroupState } from './state/group-state.ts'
import type { Member } from './state/member.ts'
import { heartbeatOf } from './heartbeats/member-heartbeat.ts'
import { memberOfInstance, memberWithId } from './heartbeats/membership.ts'
import { subscribedNames } from './subscriptions/subscriptions.ts'

type HeartbeatResponse = Draft<typeof consumerGroupHeartbeat.response>

export class ConsumerGroup implements Group {
  readonly type = 'consumer'
  readonly protocolType = 'consumer'
  readonly #services: GroupServices
  readonly #state: ConsumerGroupState
  readonly #deadlines: Deadlines
  #topicChangesSeen = -1 // of what happened to topics before, nothing is known
  #written: Promise<void> = Promise.resolve()
  #emptySinceMs: number | undefined

  static empty(groupId: string, services: GroupServices): ConsumerGroup {
    return new ConsumerGroup(new ConsumerGroupState(groupId), services)
  }

  static restored(state: ConsumerGroupState, services: GroupServices): ConsumerGroup {
    return new ConsumerGroup(state, services)
  }

  private constructor(state: ConsumerGroupState, services: GroupServices) {
    this.#services = services
    this.#state = state
    this.#deadlines = new Deadlines(services.clock, (memberId, kind) => this.#missed(memberId, kind))
    this.#emptySinceMs = state.members.size === 0 ? services.clock.now() : undefined
    for (const member of state.members.values()) this.#watch(member)
  }

  get groupId(): string {
    return this.#state.groupId
  }

  get state(): GroupState {
    return this.#state.state
  }

  get emptySinceMs(): number | undefined {
    return this.#emptySinceMs
  }

  /** `request` has passed checkHeartbeat. `before` are records that belong before those of the group. Throws a Refusal before anything has changed. */
  consumerHeartbeat(request: HeartbeatRequest, caller: Caller, before: readonly GroupRecordDraft[] = []): Promise<HeartbeatResponse> {
    if (request.memberEpoch < JOIN_EPOCH) return this.#leave(request)
    const memberId = request.memberId === '' ? this.#services.randomId() : request.memberId
    const knownAs = this.#state.members.get(memberId)
    const { change, member, replacedId, isAssignmentNews } = heartbeatOf(this.#state, { ...request, memberId }, caller, this.#context())
    this.#topicChangesSeen = this.#services.topics.changeCount
    if (replacedId !== undefined) this.#deadlines.forget(replacedId)
    this.#watch(member, knownAs)
    const answer: HeartbeatResponse = {
      errorCode: 0,
      memberId,
      memberEpoch: member.memberEpoch,
      heartbeatIntervalMs: consumerSettings(this.#services, this.groupId).heartbeatIntervalMs,
      assignment: isAssignmentNews ? { topicPartitions: topicPartitionsOf(member.assigned) } : null,
    }
    return this.#settle(change, before).then(() => answer)
  }

  describe(): DescribedGroup {
    return describedGroup(this.#state, this.#services.topics, this.#services.config['group.consumer.assignors'])
  }

  join(): Promise<never> {
    throw new Refusal('INCONSISTENT_GROUP_PROTOCOL')
  }

  sync(): Promise<never> {
    throw new Refusal('UNKNOWN_MEMBER_ID')
  }

  heartbeat(): Promise<never> {
    throw new Refusal('UNKNOWN_MEMBER_ID')
  }

  leave(): Promise<never> {
    throw new Refusal('UNKNOWN_MEMBER_ID')
  }

  checkCommit(committer: Committer, places: readonly CommittedPlace[]): void {
    checkCommit(this.#state, committer, places)
  }

  checkFetch(memberId: string | null, memberEpoch: number): void {
    checkFetch(this.#state, memberId, memberEpoch)
  }

  checkDelete(): void {
    const { size } = this.#state.members
    if (size > 0) throw new Refusal('NON_EMPTY_GROUP', `group ${this.groupId} has ${size} members`)
  }

  checkOffsetDelete(): void {
    // it is for the topics: isSubscribedTo says
  }

  isSubscribedTo(topic: string): boolean {
    for (const member of this.#state.members.values())
      for (const name of subscribedNames(this.#state, member)) if (name === topic) return true
    return false
  }

  tombstones(): readonly GroupRecordDraft[] {
    return groupTombstones(this.#state)
  }

  close(): void {
    this.#deadlines.close()
  }

  #leave({ memberId, memberEpoch, instanceId }: HeartbeatRequest): Promise<HeartbeatResponse> {
    const state = this.#state
    const member = instanceId === null ? memberWithId(state, memberId) : memberOfInstance(state, instanceId, memberId)
    const answer = { errorCode: 0, memberEpoch, heartbeatIntervalMs: 0 }
    if (memberEpoch === LEAVE_EPOCH) return this.#remove(member, 'left', 'it left the group').then(() => answer)
    const change = leaveForAWhile(state, member)
    this.#deadlines.clear(memberId, 'revocation')
    return this.#settle(change).then(() => answer)
  }

  #remove(member: Member, kind: 'left' | 'expired' | 'fenced', reason: string): Promise<void> {
    this.#deadlines.forget(member.memberId)
    return this.#settle(removal(this.#state, [{ member, kind, reason }], this.#context()))
  }

  #missed(memberId: string, kind: DeadlineKind): void {
    const member = memberWithId(this.#state, memberId)
    const { sessionTimeoutMs } = consumerSettings(this.#services, this.groupId)
    const [departure, reason] =
      kind === 'session'
        ? (['expired', `session timed out after ${sessionTimeoutMs / 1000} s`] as const)
        : (['fenced', `it did not give up its partitions within its rebalance timeout of ${member.rebalanceTimeoutMs / 1000} s`] as const)
    this.#remove(member, departure, reason).catch(() => undefined) // the log has failed, and with it the group
  }

  /** The member was heard of: its session begins anew, and so does its time to give up partitions when it was just told to. */
  #watch(member: Member, before?: Member): void {
    const { memberId, state } = member
    this.#deadlines.set(memberId, 'session', consumerSettings(this.#services, this.groupId).sessionTimeoutMs)
    if (state !== 'unrevoked') this.#deadlines.clear(memberId, 'revocation')
    else if (before?.pendingRevocation !== member.pendingRevocation) this.#deadlines.set(memberId, 'revocation', member.rebalanceTimeoutMs)
  }

  #context() {
    const { topics, clock, config } = this.#services
    return {
      topics,
      nowMs: clock.now(),
      haveTopicsChanged: topics.changeCount !== this.#topicChangesSeen,
      assignors: config['group.consumer.assignors'],
      assignmentIntervalMs: consumerSettings(this.#services, this.groupId).assignmentIntervalMs,
      maxSize: config['group.consumer.max.size'],
    }
  }

  /** Resolves when what the group is now, whoever changed it, is on disk. */
  #settle({ records, events }: GroupChange, before: readonly GroupRecordDraft[] = []): Promise<void> {
    const { write, note, clock } = this.#services
    for (const event of events) note(this.groupId, event)
    if (this.#state.members.size > 0) this.#emptySinceMs = undefined
    else this.#emptySinceMs ??= clock.now()
    if (records.length + before.length > 0) this.#written = write([...before, ...records])
    return this.#written
  }
}
