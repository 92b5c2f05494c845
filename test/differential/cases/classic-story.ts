// A classic group of a case, with members that have names: what a broker calls them differs, and in the answers they are what they are called here.

import { describeGroups } from '../../../src/wire/messages/describe-groups.ts'
import { heartbeat } from '../../../src/wire/messages/heartbeat.ts'
import { joinGroup } from '../../../src/wire/messages/join-group.ts'
import { leaveGroup } from '../../../src/wire/messages/leave-group.ts'
import { syncGroup } from '../../../src/wire/messages/sync-group.ts'
import { errorName } from '../../../src/wire/error-codes.ts'
import type { Api, Draft, Infer } from '../../../src/wire/schema.ts'
import type { AskedBroker } from '../broker.ts'
import { eventually } from './case.ts'

type Join = Draft<typeof joinGroup.request>
type JoinAnswer = Infer<typeof joinGroup.response>

/** What `consumer` clients send, for version 0: topics, and no more. */
export function subscription(...topics: string[]): Buffer {
  const names = topics.map((topic) => Buffer.concat([Buffer.from([0, topic.length]), Buffer.from(topic)]))
  return Buffer.concat([Buffer.from([0, 0, 0, 0, 0, topics.length]), ...names, Buffer.from([0xff, 0xff, 0xff, 0xff])])
}

/** Kafka has these in no order. */
const SORTED_BY: Readonly<Record<string, string>> = { members: 'memberId', groups: 'groupId' }

const LONGEST_TOLD = 1000

export class ClassicStory {
  readonly broker: AskedBroker
  readonly groupId: string
  readonly #names = new Map<string, string>() // by member id

  constructor(broker: AskedBroker, groupId: string) {
    this.broker = broker
    this.groupId = groupId
  }

  member(name: string, changes: Partial<Join> = {}): StoryMember {
    return new StoryMember(this, name, changes)
  }

  knows(memberId: string, name: string): void {
    if (memberId !== '') this.#names.set(memberId, name)
  }

  ask<A extends Api>(api: A, version: number, request: Draft<A['request']>): Promise<unknown> {
    return this.broker.ask(api, version, request)
  }

  /** Answers with the members' names, once all of them are known. */
  told(answer: unknown): unknown {
    if (typeof answer === 'string') return this.#named(answer)
    if (Buffer.isBuffer(answer)) return answer.toString('latin1')
    if (Array.isArray(answer)) return answer.map((element) => this.told(element))
    if (typeof answer !== 'object' || answer === null) return answer
    return Object.fromEntries(
      Object.entries(answer).map(([field, value]: [string, unknown]) => [field, sorted(this.told(value), SORTED_BY[field])]),
    )
  }

  describe(version = 5): Promise<unknown> {
    return this.ask(describeGroups, version, { groups: [this.groupId], includeAuthorizedOperations: false })
  }

  async state(): Promise<string> {
    const { groups } = await this.broker.request(describeGroups, 5, { groups: [this.groupId], includeAuthorizedOperations: false })
    return groups[0]!.groupState
  }

  /** What a request that waits needs before it has come there. */
  async until(state: string): Promise<void> {
    await eventually(
      () => this.state(),
      (now) => now === state,
    )
  }

  /** All are in generation `members.length`, and were assigned their names. */
  async stable(...members: StoryMember[]): Promise<void> {
    for (const [index, member] of members.entries()) {
      const joins = [member.joining()]
      if (index > 0) {
        await this.until('PreparingRebalance')
        joins.push(...members.slice(0, index).map((other) => other.joining()))
      }
      await Promise.all(joins)
      await Promise.all(members.slice(0, index + 1).map((other) => other.syncing(members)))
    }
  }

  #named(text: string): string {
    const name = this.#names.get(text)
    if (text.length > LONGEST_TOLD) return `${text.length} signs`
    return name ?? text.replace(/-[0-9a-f-]{36}$|-[\w-]{22}$/, '-and what makes it unlike any other')
  }
}

export class StoryMember {
  readonly story: ClassicStory
  readonly name: string
  memberId = ''
  generationId = -1
  changes: Partial<Join>

  constructor(story: ClassicStory, name: string, changes: Partial<Join>) {
    this.story = story
    this.name = name
    this.changes = changes
  }

  /** Until it is in: with its new id, where it needs one. */
  async joining(changes: Partial<Join> = {}, version = 9): Promise<JoinAnswer> {
    const answer = await this.story.broker.request(joinGroup, version, this.request(changes))
    if (this.memberId === '') this.#is(answer.memberId)
    if (errorName(answer.errorCode) === 'MEMBER_ID_REQUIRED') return this.joining(changes, version)
    if (answer.errorCode === 0) this.generationId = answer.generationId
    return answer
  }

  async join(changes: Partial<Join> = {}, version = 9): Promise<unknown> {
    return this.story.broker.comparable(await this.joining(changes, version))
  }

  /** One request, whatever comes of it. */
  async joinOnce(changes: Partial<Join> = {}, version = 9): Promise<unknown> {
    const answer = await this.story.broker.request(joinGroup, version, this.request(changes))
    if (this.memberId === '') this.#is(answer.memberId)
    return this.story.broker.comparable(answer)
  }

  request(changes: Partial<Join> = {}): Join {
    return {
      groupId: this.story.groupId,
      sessionTimeoutMs: 30_000,
      rebalanceTimeoutMs: 30_000,
      memberId: this.memberId,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: subscription('records') }],
      ...this.changes,
      ...changes,
    }
  }

  syncRequest(assigned: readonly StoryMember[] = [], changes: Partial<Draft<typeof syncGroup.request>> = {}) {
    const { memberId, generationId, story } = this
    const assignments = assigned.map((member) => ({ memberId: member.memberId, assignment: Buffer.from(`for ${member.name}`) }))
    const groupInstanceId = this.changes.groupInstanceId ?? null
    const about = { groupId: story.groupId, memberId, generationId, groupInstanceId, protocolType: 'consumer', protocolName: 'range' }
    return { ...about, assignments, ...changes }
  }

  syncing(assigned: readonly StoryMember[] = []) {
    return this.story.broker.request(syncGroup, 5, this.syncRequest(assigned))
  }

  sync(assigned: readonly StoryMember[] = [], changes: Partial<Draft<typeof syncGroup.request>> = {}, version = 5): Promise<unknown> {
    return this.story.ask(syncGroup, version, this.syncRequest(assigned, changes))
  }

  heartbeat(changes: Partial<Draft<typeof heartbeat.request>> = {}, version = 4): Promise<unknown> {
    const { memberId, generationId, story } = this
    const groupInstanceId = this.changes.groupInstanceId ?? null
    return story.ask(heartbeat, version, { groupId: story.groupId, memberId, generationId, groupInstanceId, ...changes })
  }

  leave(version = 5): Promise<unknown> {
    const { memberId, story } = this
    const groupInstanceId = this.changes.groupInstanceId ?? null
    return story.ask(leaveGroup, version, { groupId: story.groupId, memberId, members: [{ memberId, groupInstanceId }] })
  }

  #is(memberId: string): void {
    this.memberId = memberId
    this.story.knows(memberId, this.name)
  }
}

function sorted(list: unknown, by: string | undefined): unknown {
  if (!Array.isArray(list) || by === undefined) return list
  const keyOf = (element: unknown): string => String((element as Record<string, unknown>)[by])
  return list.toSorted((a, b) => keyOf(a).localeCompare(keyOf(b)))
}
