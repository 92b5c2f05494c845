// Members of groups of the consumer protocol, played one heartbeat at a time: each remembers its epoch and what it has, and does what it is told, when a test says.

import { errorName } from '../../../src/wire/error-codes.ts'
import { consumerGroupDescribe } from '../../../src/wire/messages/consumer-group-describe.ts'
import { consumerGroupHeartbeat } from '../../../src/wire/messages/consumer-group-heartbeat.ts'
import type { Draft, Infer } from '../../../src/wire/schema.ts'
import type { TestServices } from '../../support/test-services.ts'

type Request = Draft<typeof consumerGroupHeartbeat.request>
type Response = Infer<typeof consumerGroupHeartbeat.response>
type Described = Infer<typeof consumerGroupDescribe.response>['groups'][number]

export class PlayedMember {
  readonly #services: TestServices
  readonly groupId: string
  readonly memberId: string
  readonly instanceId: string | null
  epoch = 0
  /** What it has, as it is told: topic names, each with its partitions. */
  has: Record<string, number[]> = {}

  constructor(
    services: TestServices,
    memberId: string,
    { groupId = 'group', instanceId = null }: { groupId?: string; instanceId?: string | null } = {},
  ) {
    this.#services = services
    this.groupId = groupId
    this.memberId = memberId
    this.instanceId = instanceId
  }

  /** Sends what is given and no more; takes over what it is told. */
  async send(request: Partial<Request>, version = 1): Promise<Response> {
    const { groupId, memberId, instanceId, epoch: memberEpoch } = this
    const response = await this.#services.ask(consumerGroupHeartbeat, version, { groupId, memberId, instanceId, memberEpoch, ...request })
    if (response.errorCode !== 0) return response
    this.epoch = response.memberEpoch
    if (response.assignment !== null) this.has = this.#named(response.assignment.topicPartitions)
    return response
  }

  /** As `send`, and it must not be refused. */
  async beat(request: Partial<Request> = {}): Promise<this> {
    const { errorCode, errorMessage } = await this.send(request)
    if (errorCode !== 0) throw new Error(`${this.memberId} is refused: ${errorName(errorCode)}: ${errorMessage}`)
    return this
  }

  join(topics: readonly string[], request: Partial<Request> = {}): Promise<this> {
    const subscription = { subscribedTopicNames: [...topics], rebalanceTimeoutMs: 60_000, topicPartitions: [] }
    return this.beat({ memberEpoch: 0, ...subscription, ...request })
  }

  /** A heartbeat that says what it has: so it has given up what it was told to. */
  report(): Promise<this> {
    return this.beat({ topicPartitions: this.owned })
  }

  async refused(request: Partial<Request> = {}, version = 1): Promise<string> {
    return errorName((await this.send(request, version)).errorCode)
  }

  get owned(): { topicId: string; partitions: number[] }[] {
    return Object.entries(this.has).map(([name, partitions]) => ({ topicId: this.#services.catalog.byName(name).id, partitions }))
  }

  #named(topics: readonly { topicId: string; partitions: number[] }[]): Record<string, number[]> {
    return Object.fromEntries(topics.map(({ topicId, partitions }) => [this.#services.catalog.byId(topicId).name, partitions]))
  }
}

export async function describedGroup(services: TestServices, groupId = 'group'): Promise<Described> {
  const { groups } = await services.ask(consumerGroupDescribe, 1, { groupIds: [groupId], includeAuthorizedOperations: false })
  return groups[0]!
}

export const SESSION_TIMEOUT_MS = 45_000
/** Past the time that assignments keep from each other, so that the next heartbeat brings a new one. */
export const ASSIGNMENT_INTERVAL_MS = 1000
