// A member of a group by the classic protocol: it joins, gets its part, and keeps up its session until the group rebalances; then it gives up everything and joins
// again. As the leader it assigns ranges, and looks from time to time whether the topics have got more partitions.

import {
  CONSUMER_PROTOCOL_TYPE,
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from '../../../wire/consumer-protocol.ts'
import { attemptLater } from '../../../wire/attempt.ts'
import { errorName, Refusal } from '../../../wire/error-codes.ts'
import { heartbeat } from '../../../wire/messages/heartbeat.ts'
import { joinGroup } from '../../../wire/messages/join-group.ts'
import { leaveGroup } from '../../../wire/messages/leave-group.ts'
import { syncGroup } from '../../../wire/messages/sync-group.ts'
import type { Api, Draft, Infer } from '../../../wire/schema.ts'
import { orAborted, pause } from '../../aborting.ts'
import { refuse } from '../../answers.ts'
import { mayPass } from '../../cluster.ts'
import type { Committer, TopicPartition } from '../committed-offsets.ts'
import { type GroupMember, type MemberOptions, REBALANCE_TIMEOUT_MS, RETRY_BACKOFF_MS } from './member.ts'
import { assignRanges } from './range-assignor.ts'

type Joined = Infer<typeof joinGroup.response>

const PROTOCOL = 'range'
const SESSION_TIMEOUT_MS = 45_000
const HEARTBEAT_INTERVAL_MS = 3_000
const TOPICS_CHECK_INTERVAL_MS = 60_000
/** The group goes on without the member's last generation: what it had may be somebody else's. */
const PUT_OUT = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION'])

export class ClassicMember implements GroupMember {
  readonly #options: MemberOptions
  #memberId = ''
  #generationId = -1
  #isJoining = false
  #failingSinceMs: number | undefined

  constructor(options: MemberOptions) {
    this.#options = options
  }

  get committer(): Committer {
    return { memberId: this.#memberId, groupInstanceId: null, generationIdOrMemberEpoch: this.#generationId }
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const joined = await this.#join(signal)
        if (joined === undefined) continue
        const topics = joined.leader === this.#memberId ? await this.#topicsOf(joined) : undefined
        await this.#options.events.assigned(await this.#sync(joined, topics))
        this.#failingSinceMs = undefined
        await this.#stayUntilRebalance(topics, signal)
        if (!signal.aborted) await this.#options.events.assigned([])
      } catch (error) {
        await this.#mend(error, signal)
      }
    }
  }

  async leave(): Promise<void> {
    if (this.#memberId === '') return
    const { coordinators, groupId } = this.#options
    if (this.#isJoining) coordinators.cluster.close() // the broker answers on that connection when the others have joined, and not before
    const left = { memberId: this.#memberId, reason: 'the reader was stopped' }
    await this.#ask(leaveGroup, { groupId, memberId: this.#memberId, members: [left] }).catch((error: unknown) => {
      if (!mayPass(error) && !(error instanceof Refusal)) throw error
    })
  }

  /** undefined when it has to be tried again, or nobody waits for it any more. */
  async #join(signal: AbortSignal): Promise<Joined | undefined> {
    const { groupId, topic } = this.#options
    this.#isJoining = true
    const joining = this.#ask(
      joinGroup,
      {
        groupId,
        sessionTimeoutMs: SESSION_TIMEOUT_MS,
        rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS,
        memberId: this.#memberId,
        protocolType: CONSUMER_PROTOCOL_TYPE,
        protocols: [{ name: PROTOCOL, metadata: encodeSubscription({ topics: [topic], ownedPartitions: [] }) }],
      },
      ['MEMBER_ID_REQUIRED'],
    )
    const joined = await orAborted(joining, signal)
    if (joined === undefined) return undefined
    this.#isJoining = false
    this.#memberId = joined.memberId
    if (errorName(joined.errorCode) === 'MEMBER_ID_REQUIRED') return undefined
    this.#generationId = joined.generationId
    return joined
  }

  async #sync(joined: Joined, topics: ReadonlyMap<string, number> | undefined): Promise<TopicPartition[]> {
    const { groupId } = this.#options
    const { assignment } = await this.#ask(syncGroup, {
      groupId,
      generationId: this.#generationId,
      memberId: this.#memberId,
      protocolType: CONSUMER_PROTOCOL_TYPE,
      protocolName: joined.protocolName,
      assignments: topics === undefined || joined.skipAssignment ? [] : assignmentsOf(joined, topics),
    })
    if (assignment.length === 0) return []
    return decodeAssignment(assignment).assignedPartitions.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => ({ topic, partition })),
    )
  }

  async #stayUntilRebalance(topics: ReadonlyMap<string, number> | undefined, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    let checkedMs = clock.monotonic()
    for (;;) {
      await pause(HEARTBEAT_INTERVAL_MS, signal, clock)
      if (signal.aborted) return
      if (!(await this.#heartbeat(signal))) return
      if (topics === undefined || clock.monotonic() - checkedMs < TOPICS_CHECK_INTERVAL_MS) continue
      checkedMs = clock.monotonic()
      const now = await this.#partitionCounts([...topics.keys()])
      if ([...topics].some(([topic, count]) => now.get(topic) !== count)) return
    }
  }

  /** False when the group rebalances. What gets no answer is sent again: a lost connection costs no place in the group. */
  async #heartbeat(signal: AbortSignal): Promise<boolean> {
    const { groupId } = this.#options
    const request = { groupId, generationId: this.#generationId, memberId: this.#memberId }
    try {
      const { errorCode } = await this.#ask(heartbeat, request, ['REBALANCE_IN_PROGRESS'])
      this.#failingSinceMs = undefined
      return errorCode === 0
    } catch (error) {
      await this.#waitToTryAgain(error, signal)
      return true
    }
  }

  /** With their numbers of partitions, those that anybody in the group subscribes to; 0 of one that is not there. */
  #topicsOf({ members }: Joined): Promise<Map<string, number>> {
    return this.#partitionCounts([...new Set(members.flatMap(({ metadata }) => decodeSubscription(metadata).topics))])
  }

  async #partitionCounts(topics: readonly string[]): Promise<Map<string, number>> {
    const counts = new Map<string, number>()
    for (const name of topics) {
      const found = await attemptLater(() => this.#options.cluster.topics([name]))
      counts.set(name, found instanceof Refusal ? 0 : found[0]!.partitions.length)
    }
    return counts
  }

  #ask<A extends Api>(api: A, request: Draft<A['request']>, tolerated: readonly string[] = []): Promise<Infer<A['response']>> {
    const { coordinators, groupId } = this.#options
    return coordinators.once(groupId, async (brokerId) => {
      const response = await coordinators.cluster.askBroker(brokerId, api, request)
      const { errorCode } = response as { errorCode: number }
      if (!tolerated.includes(errorName(errorCode))) refuse(errorCode)
      return response
    })
  }

  async #mend(error: unknown, signal: AbortSignal): Promise<void> {
    const { events } = this.#options
    if (signal.aborted) return
    this.#isJoining = false
    const name = error instanceof Refusal ? error.error : undefined
    if (name === 'REBALANCE_IN_PROGRESS') return // of a sync that came too late: join again
    if (name !== undefined && PUT_OUT.has(name)) {
      events.lost((error as Refusal).message)
      this.#generationId = -1
      if (name === 'UNKNOWN_MEMBER_ID') this.#memberId = ''
      return
    }
    await this.#waitToTryAgain(error, signal)
  }

  /** Throws what will not pass, or has not passed for too long. */
  async #waitToTryAgain(error: unknown, signal: AbortSignal): Promise<void> {
    const { clock, retryMs } = this.#options
    this.#failingSinceMs ??= clock.monotonic()
    if (!mayPass(error) || clock.monotonic() - this.#failingSinceMs >= retryMs) throw error
    await pause(RETRY_BACKOFF_MS, signal, clock)
  }
}

function assignmentsOf({ members }: Joined, topics: ReadonlyMap<string, number>): { memberId: string; assignment: Buffer }[] {
  const subscribers = members.map(({ metadata, ...member }) => ({ ...member, topics: decodeSubscription(metadata).topics }))
  return [...assignRanges(subscribers, topics)].map(([memberId, assignedPartitions]) => ({
    memberId,
    assignment: encodeAssignment({ assignedPartitions }),
  }))
}
