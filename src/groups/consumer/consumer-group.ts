// A group of the consumer protocol (KIP-848): the broker assigns, and each member is told its part, one step at a time, in the answers to its heartbeats.
// What is decided is in group-state.ts the moment it is decided, and in the log before anybody is told. This file joins the parts: time, disk, configs.

import { attempt } from '../../wire/attempt.ts'
import { Refusal } from '../../wire/error-codes.ts'
import type { consumerGroupHeartbeat } from '../../wire/messages/consumer-group-heartbeat.ts'
import type { heartbeat } from '../../wire/messages/heartbeat.ts'
import type { joinGroup } from '../../wire/messages/join-group.ts'
import type { leaveGroup } from '../../wire/messages/leave-group.ts'
import type { syncGroup } from '../../wire/messages/sync-group.ts'
import type { Draft, Infer } from '../../wire/schema.ts'
import { ClassicGroup } from '../classic/classic-group.ts'
import { refusedJoin } from '../classic/machine/transition.ts'
import type { GroupMetadataValue } from '../classic/group-metadata.ts'
import { topicPartitionsOf } from '../assignors/partitions.ts'
import type { Caller, CommittedPlace, Committer, Group, GroupState } from '../group.ts'
import type { GroupServices } from '../group-services.ts'
import { newMemberId } from '../member-id.ts'
import { CONSUMER_PROTOCOL_TYPE } from '../../wire/consumer-protocol.ts'
import type { GroupRecordDraft } from '../records/group-record.ts'
import { type HeartbeatRequest, JOIN_EPOCH, LEAVE_EPOCH } from './heartbeats/check-heartbeat.ts'
import { checkCommit, checkFetch } from './check-offsets.ts'
import { groupTombstones } from './state/consumer-records.ts'
import { consumerSettings } from './consumer-settings.ts'
import { type DeadlineKind, Deadlines } from '../deadlines.ts'
import { type Departure, leaveForAWhile, namedDepartures, removal } from './departures.ts'
import { describedGroup, type DescribedGroup } from './describe-group.ts'
import { assignmentOf } from './migration/classic-bytes.ts'
import { checkSync, classicJoin, classicMember, hasToRejoin, joinAnswer, type JoinRequest } from './migration/classic-members.ts'
import { type Downgrade, downgraded } from './migration/downgrade.ts'
import { GroupChange } from './state/group-change.ts'
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

  /** What was a classic group; nothing of the change is on disk. */
  static upgraded({ state }: GroupChange, services: GroupServices): ConsumerGroup {
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

  get memberCount(): number {
    return this.#state.members.size
  }

  get emptySinceMs(): number | undefined {
    return this.#emptySinceMs
  }

  /** `request` has passed checkHeartbeat. `before` is what happened just before, and belongs to it: a change of its protocol. Throws a Refusal before anything has changed. */
  consumerHeartbeat(request: HeartbeatRequest, caller: Caller, before: Before = NOTHING): Promise<HeartbeatResponse> {
    if (request.memberEpoch < JOIN_EPOCH) return this.#leave(request)
    const memberId = request.memberId === '' ? this.#services.randomId() : request.memberId
    const knownAs = this.#state.members.get(memberId)
    const { change, member, replacedId, isAssignmentNews } = heartbeatOf(this.#state, { ...request, memberId }, caller, this.#context())
    this.#heardOf(member, replacedId, knownAs)
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

  join(request: JoinRequest, caller: Caller): Promise<Draft<typeof joinGroup.response>> {
    if (this.#state.members.size === 0) return this.#becomeClassic(this.tombstones()).join(request, caller)
    if (this.#services.config['group.consumer.migration.policy'] === 'disabled')
      return Promise.resolve(refusedJoin('INCONSISTENT_GROUP_PROTOCOL', ''))
    const { memberId: saidId, groupInstanceId, sessionTimeoutMs } = request
    const memberId = saidId === '' ? newMemberId(groupInstanceId, caller.clientId, this.#services.randomId) : saidId
    const joined = attempt(() => classicJoin(this.#state, request, memberId, caller, this.#context()))
    if (joined instanceof Refusal) return Promise.resolve(refusedJoin(joined.error, joined.error === 'MEMBER_ID_REQUIRED' ? memberId : ''))
    const { change, member, replacedId } = joined
    const downgrade = replacedId === undefined ? undefined : this.#downgradeWithout(NOBODY)
    if (downgrade !== undefined) return this.#downgrade(downgrade, change).then(() => joinAnswer(member, downgrade.value.generation))
    this.#heardOf(member, replacedId)
    this.#deadlines.clear(memberId, 'join')
    this.#deadlines.set(memberId, 'sync', member.rebalanceTimeoutMs)
    this.#deadlines.set(memberId, 'session', sessionTimeoutMs)
    return this.#settle(change).then(() => joinAnswer(member, member.memberEpoch))
  }

  sync(request: Infer<typeof syncGroup.request>): Promise<Draft<typeof syncGroup.response>> {
    const member = classicMember(this.#state, request)
    checkSync(this.#state, member, request)
    this.#deadlines.clear(member.memberId, 'sync')
    this.#watch(member, member)
    const protocolName = member.classic!.supportedProtocols[0]!.name
    const assignment = assignmentOf(member, member.assigned, this.#services.topics)
    return this.#written.then(() => ({ errorCode: 0, protocolType: CONSUMER_PROTOCOL_TYPE, protocolName, assignment }))
  }

  heartbeat(request: Infer<typeof heartbeat.request>): Promise<Draft<typeof heartbeat.response>> {
    const member = classicMember(this.#state, request)
    const { memberId, rebalanceTimeoutMs } = member
    this.#watch(member, member)
    if (!hasToRejoin(this.#state, member)) return ALIVE
    if (!this.#deadlines.has(memberId, 'join')) this.#deadlines.set(memberId, 'join', rebalanceTimeoutMs)
    throw new Refusal('REBALANCE_IN_PROGRESS')
  }

  async leave({ members }: Infer<typeof leaveGroup.request>): Promise<Draft<typeof leaveGroup.response>> {
    const { departures, responses } = namedDepartures(this.#state, members)
    if (departures.length > 0) await this.#remove(departures)
    return { errorCode: 0, members: responses }
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
    const answer = { errorCode: 0, memberId, memberEpoch, heartbeatIntervalMs: 0 }
    if (memberEpoch === LEAVE_EPOCH) return this.#remove([{ member, kind: 'left', reason: 'left by itself' }]).then(() => answer)
    const change = leaveForAWhile(state, member)
    this.#deadlines.clear(memberId, 'revocation')
    return this.#settle(change).then(() => answer)
  }

  #remove(departures: readonly Departure[]): Promise<void> {
    const leaving = new Set(departures.map(({ member }) => member.memberId))
    for (const memberId of leaving) this.#deadlines.forget(memberId)
    const downgrade = this.#downgradeWithout(leaving)
    if (downgrade === undefined) return this.#settle(removal(this.#state, departures, this.#context()))
    const change = new GroupChange(this.#state)
    for (const { member, kind, reason } of departures) change.note({ kind, member, reason })
    return this.#downgrade(downgrade, change)
  }

  /** undefined while others than classic members are left, or nobody is, or the group may not become a classic one. */
  #downgradeWithout(leaving: ReadonlySet<string>): Downgrade | undefined {
    const { topics, clock, config } = this.#services
    if (!['downgrade', 'bidirectional'].includes(config['group.consumer.migration.policy'])) return undefined
    const downgrade = downgraded(this.#state, leaving, topics, clock.now())
    return downgrade !== undefined && downgrade.value.members.length <= config['group.max.size'] ? downgrade : undefined
  }

  /** `change` is what happened just before, and belongs to it. Resolves when it is on disk. */
  #downgrade({ records, value }: Downgrade, change: GroupChange): Promise<void> {
    const reason = 'changed to the classic protocol: the last member with the consumer protocol is gone'
    change.note({ kind: 'protocol', reason })
    for (const event of change.events) this.#note(event)
    this.#becomeClassic([...change.records, ...records], value)
    return this.#written
  }

  #becomeClassic(records: readonly GroupRecordDraft[], value?: GroupMetadataValue): ClassicGroup {
    this.close()
    this.#write(records)
    const { groupId } = this
    const classic =
      value === undefined ? ClassicGroup.empty(groupId, this.#services) : ClassicGroup.restored(groupId, value, this.#services)
    this.#services.replace(classic)
    return classic
  }

  #missed(memberId: string, kind: DeadlineKind): void {
    const member = memberWithId(this.#state, memberId)
    const reason = MISSED[kind](member, this.#sessionTimeoutMs(member))
    this.#remove([{ member, kind: kind === 'session' ? 'expired' : 'fenced', reason }]).catch(() => undefined) // the log has failed, and with it the group
  }

  #heardOf(member: Member, replacedId: string | undefined, before?: Member): void {
    this.#topicChangesSeen = this.#services.topics.changeCount
    if (replacedId !== undefined) this.#deadlines.forget(replacedId)
    this.#watch(member, before)
  }

  /** The member was heard of: its session begins anew, and so does its time to give up partitions when it was just told to. */
  #watch(member: Member, before?: Member): void {
    const { memberId, state } = member
    this.#deadlines.set(memberId, 'session', this.#sessionTimeoutMs(member))
    if (state !== 'unrevoked' || member.classic !== null) this.#deadlines.clear(memberId, 'revocation')
    else if (before?.pendingRevocation !== member.pendingRevocation) this.#deadlines.set(memberId, 'revocation', member.rebalanceTimeoutMs)
  }

  #sessionTimeoutMs({ classic }: Member): number {
    return classic?.sessionTimeoutMs ?? consumerSettings(this.#services, this.groupId).sessionTimeoutMs
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
  #settle({ records, events }: GroupChange, before: Before = NOTHING): Promise<void> {
    for (const event of [...before.events, ...events]) this.#note(event)
    if (this.#state.members.size > 0) this.#emptySinceMs = undefined
    else this.#emptySinceMs ??= this.#services.clock.now()
    if (records.length + before.records.length > 0) this.#write([...before.records, ...records])
    return this.#written
  }

  #write(records: readonly GroupRecordDraft[]): void {
    this.#written = this.#services.write(records)
    this.#written.catch(() => this.#services.reload()) // whoever waits is told; too large a change is in force here, and never will be in the log
  }

  #note(event: GroupChange['events'][number]): void {
    this.#services.note(this.groupId, event)
  }
}

interface Before {
  readonly records: readonly GroupRecordDraft[]
  readonly events: GroupChange['events']
}

const NOTHING: Before = { records: [], events: [] }
const NOBODY: ReadonlySet<string> = new Set()
const ALIVE = Promise.resolve({ errorCode: 0 })

/** What a member did not do in time. */
const MISSED: Readonly<Record<DeadlineKind, (member: Member, sessionTimeoutMs: number) => string>> = {
  session: (_member, sessionTimeoutMs) => `session timed out after ${sessionTimeoutMs / 1000} s`,
  revocation: ({ rebalanceTimeoutMs }) => `did not give up its partitions within its rebalance timeout of ${rebalanceTimeoutMs / 1000} s`,
  join: ({ rebalanceTimeoutMs }) => `did not rejoin within its rebalance timeout of ${rebalanceTimeoutMs / 1000} s`,
  sync: ({ rebalanceTimeoutMs }) => `joined and did not sync within its rebalance timeout of ${rebalanceTimeoutMs / 1000} s`,
}
