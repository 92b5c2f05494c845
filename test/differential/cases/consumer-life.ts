// The life of a group of the consumer protocol, as a case tells it: every answer is kept, and compared.

import { setTimeout } from 'node:timers/promises'
import { consumerGroupDescribe } from '../../../src/wire/messages/consumer-group-describe.ts'
import { consumerGroupHeartbeat } from '../../../src/wire/messages/consumer-group-heartbeat.ts'
import { offsetCommit } from '../../../src/wire/messages/offset-commit.ts'
import { offsetFetch } from '../../../src/wire/messages/offset-fetch.ts'
import type { Draft } from '../../../src/wire/schema.ts'
import type { AskedBroker } from '../broker.ts'
import type { Case } from './case.ts'

export type Heartbeat = Draft<typeof consumerGroupHeartbeat.request>
export type Story = (life: Life) => Promise<void>

const PAST_ASSIGNMENT_INTERVAL_MS = 1100

/** One group, and everything that was answered about it. */
export class Life {
  readonly broker: AskedBroker
  readonly groupId: string
  readonly answers: unknown[] = []
  readonly #epochs = new Map<string, number>()

  constructor(broker: AskedBroker, groupId: string) {
    this.broker = broker
    this.groupId = groupId
  }

  async beat(memberId: string, changes: Partial<Heartbeat> = {}, version = 1): Promise<void> {
    const request = { groupId: this.groupId, memberId, memberEpoch: this.#epochs.get(memberId) ?? 0, ...changes }
    const answer = await this.broker.request(consumerGroupHeartbeat, version, request)
    if (answer.errorCode === 0) this.#epochs.set(memberId, answer.memberEpoch)
    this.answers.push(this.broker.comparable(answer))
  }

  join(memberId: string, topics: readonly string[] | null, changes: Partial<Heartbeat> = {}, version = 1): Promise<void> {
    const everything = { subscribedTopicNames: topics && [...topics], rebalanceTimeoutMs: 60_000, topicPartitions: [] }
    return this.beat(memberId, { memberEpoch: 0, ...everything, ...changes }, version)
  }

  owning(topic: string, ...partitions: number[]): Partial<Heartbeat> {
    return { topicPartitions: [{ topicId: this.broker.topicIds.get(topic)!, partitions }] }
  }

  async describe(version = 1): Promise<void> {
    const request = { groupIds: [this.groupId], includeAuthorizedOperations: false }
    this.answers.push(await this.broker.ask(consumerGroupDescribe, version, request))
  }

  async commit(memberId: string, memberEpoch: number, topic: string, partitions: readonly number[], version = 9): Promise<void> {
    const committed = partitions.map((partitionIndex) => ({ partitionIndex, committedOffset: 1, committedMetadata: '' }))
    const topics = [{ name: topic, topicId: this.broker.topicIds.get(topic)!, partitions: committed }]
    this.answers.push(
      await this.broker.ask(offsetCommit, version, { groupId: this.groupId, memberId, generationIdOrMemberEpoch: memberEpoch, topics }),
    )
  }

  async fetch(memberId: string | null, memberEpoch: number): Promise<void> {
    this.answers.push(await this.broker.ask(offsetFetch, 9, { groups: [{ groupId: this.groupId, memberId, memberEpoch, topics: [] }] }))
  }

  assignmentIsDue(): Promise<void> {
    return setTimeout(PAST_ASSIGNMENT_INTERVAL_MS)
  }
}

export const told = (what: string, stories: Readonly<Record<string, Story>>): Case[] =>
  Object.entries(stories).map(([title, story], place) => ({
    title: `${what}: ${title}`,
    async ask(broker) {
      await broker.waitForGroups()
      const life = new Life(broker, `${what.replaceAll(/\W/g, '-')}-${place}`)
      await story(life)
      return life.answers.map(withoutLongTexts)
    },
  }))

const LONGEST_TOLD = 1000

function withoutLongTexts(answer: unknown): unknown {
  if (typeof answer === 'string' && answer.length > LONGEST_TOLD) return `${answer.length} signs`
  if (Array.isArray(answer)) return answer.map(withoutLongTexts)
  if (typeof answer !== 'object' || answer === null) return answer
  return Object.fromEntries(Object.entries(answer).map(([field, value]: [string, unknown]) => [field, withoutLongTexts(value)]))
}
