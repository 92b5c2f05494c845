// A member of a group by the consumer protocol (KIP-848): a heartbeat again and again, whose answers bring the partitions that it is to have. It says what it has
// once it has given up the others, and at once.

import { randomUUID } from 'node:crypto'
import { Refusal } from '../../../wire/error-codes.ts'
import { consumerGroupHeartbeat } from '../../../wire/messages/consumer-group-heartbeat.ts'
import type { Draft, Infer } from '../../../wire/schema.ts'
import { pause } from '../../aborting.ts'
import { refuse } from '../../answers.ts'
import { mayPass } from '../../cluster.ts'
import type { Committer, TopicPartition } from '../committed-offsets.ts'
import { type GroupMember, type MemberOptions, REBALANCE_TIMEOUT_MS, RETRY_BACKOFF_MS } from './member.ts'

type Request = Draft<typeof consumerGroupHeartbeat.request>
type Response = Infer<typeof consumerGroupHeartbeat.response>
type OwnedTopic = NonNullable<Response['assignment']>['topicPartitions'][number]

const JOINING_EPOCH = 0
const LEAVING_EPOCH = -1
/** The group has put the member out: it has to come anew. */
const PUT_OUT = new Set(['FENCED_MEMBER_EPOCH', 'UNKNOWN_MEMBER_ID', 'GROUP_ID_NOT_FOUND'])

export class ConsumerMember implements GroupMember {
  readonly #options: MemberOptions
  readonly #memberId = randomUUID()
  #epoch = JOINING_EPOCH
  #owned: readonly OwnedTopic[] = []
  /** undefined: what the coordinator knows of the member is not certain, so that it is told everything. */
  #told: readonly OwnedTopic[] | undefined
  #failingSinceMs: number | undefined

  constructor(options: MemberOptions) {
    this.#options = options
  }

  get committer(): Committer {
    return { memberId: this.#memberId, groupInstanceId: null, generationIdOrMemberEpoch: this.#epoch }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    while (!signal.aborted) {
      try {
        const { heartbeatIntervalMs, assignment } = await this.#heartbeat()
        this.#failingSinceMs = undefined
        if (assignment === null) await pause(heartbeatIntervalMs, signal, clock)
        else await this.#adopt(assignment.topicPartitions) // and say so at once
      } catch (error) {
        await this.#mend(error, signal)
      }
    }
  }

  async leave(): Promise<void> {
    if (this.#epoch === JOINING_EPOCH) return
    this.#epoch = LEAVING_EPOCH
    await this.#send({}).catch((error: unknown) => {
      if (!mayPass(error) && !(error instanceof Refusal)) throw error
    })
  }

  async #heartbeat(): Promise<Response> {
    const owned = this.#owned
    const isKnown = this.#told !== undefined
    const response = await this.#send({
      ...(isKnown ? {} : { rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS, subscribedTopicNames: [this.#options.topic] }),
      topicPartitions: this.#told === owned ? null : owned,
    })
    this.#told = owned
    this.#epoch = response.memberEpoch
    return response
  }

  #send(request: Partial<Request>): Promise<Response> {
    const { coordinators, groupId } = this.#options
    return coordinators.once(groupId, async (brokerId) => {
      const response = await coordinators.cluster.askBroker(brokerId, consumerGroupHeartbeat, {
        ...request,
        groupId,
        memberId: this.#memberId,
        memberEpoch: this.#epoch,
      })
      refuse(response.errorCode, response.errorMessage)
      return response
    })
  }

  async #adopt(topics: readonly OwnedTopic[]): Promise<void> {
    await this.#options.events.assigned(await this.#named(topics))
    this.#owned = topics
  }

  async #named(topics: readonly OwnedTopic[]): Promise<TopicPartition[]> {
    if (topics.length === 0) return []
    const { cluster, topic: name } = this.#options
    const [topic] = await cluster.topics([name])
    return topics
      .filter(({ topicId }) => topicId === topic!.topicId)
      .flatMap(({ partitions }) => partitions.map((partition) => ({ topic: name, partition })))
  }

  async #mend(error: unknown, signal: AbortSignal): Promise<void> {
    const { clock, retryMs, events } = this.#options
    this.#told = undefined
    if (error instanceof Refusal && PUT_OUT.has(error.error) && this.#epoch !== JOINING_EPOCH) {
      events.lost(error.message)
      this.#epoch = JOINING_EPOCH
      this.#owned = []
      return
    }
    this.#failingSinceMs ??= clock.monotonic()
    if (!mayPass(error) || clock.monotonic() - this.#failingSinceMs >= retryMs) throw error
    await pause(RETRY_BACKOFF_MS, signal, clock)
  }
}
