// A member of a consumer group that keeps to the protocol, as the model plays it: it uses what it was told to have, goes on with what it is to give up until it says that it has, joins
// anew when it was silent, or had something to give up, for too long, and says everything of itself after an answer that it did not get.

import { errorName } from '../../../src/wire/error-codes.ts'
import { RE2JS } from 're2js'
import { consumerGroupHeartbeat } from '../../../src/wire/messages/consumer-group-heartbeat.ts'
import type { Draft, Infer } from '../../../src/wire/schema.ts'
import type { TestServices } from '../../support/test-services.ts'

type Request = Draft<typeof consumerGroupHeartbeat.request>
type Response = Infer<typeof consumerGroupHeartbeat.response>
type Facts = Pick<Request, 'subscribedTopicNames' | 'subscribedTopicRegex' | 'serverAssignor'>

export const SESSION_TIMEOUT_MS = 45_000
const REBALANCE_TIMEOUT_MS = 60_000

export class ModelMember {
  readonly #world: TestServices
  readonly #place: number
  /** Every other one is a static member. */
  readonly #instanceId: string | null
  #lives = 0
  #epoch = 0
  #facts: Facts = {}
  #heardAtMs = 0
  /** When there was nothing last that it used and was not to have. */
  #settledAtMs = 0
  #missedAnswers = 0
  #told: ReadonlySet<string> = new Set()
  #uses: ReadonlySet<string> = new Set()
  #isAway = false
  isLiving = false

  constructor(world: TestServices, place: number) {
    this.#world = world
    this.#place = place
    this.#instanceId = place % 2 === 0 ? null : `instance-${place}`
  }

  get memberId(): string {
    return `m${this.#place}-${this.#lives}`
  }

  /** The partitions that it reads, each by topic id and number. */
  get uses(): ReadonlySet<string> {
    return this.#uses
  }

  /** Every partition of the topics that it is subscribed to. */
  subscribed({ catalog }: TestServices): string[] {
    const { subscribedTopicNames, subscribedTopicRegex } = this.#facts
    const regex = subscribedTopicRegex ? RE2JS.compile(subscribedTopicRegex) : undefined
    const topics = [...catalog.topics].filter(({ name }) => subscribedTopicNames!.includes(name) || regex?.testExact(name) === true)
    return topics.flatMap(({ id, partitionCount }) => Array.from({ length: partitionCount }, (_, index) => `${id} ${index}`))
  }

  async join(facts: Facts): Promise<void> {
    if (this.isLiving) return
    const isBack = this.#isAway
    this.#lives++
    this.#epoch = 0
    this.#facts = { subscribedTopicRegex: '', ...facts }
    const response = await this.#send(this.#everything())
    if (errorName(response.errorCode) === 'UNRELEASED_INSTANCE_ID' && !isBack) return // the one that fell silent is still in its place
    this.isLiving = true
    this.#isAway = false
    this.#take(response)
  }

  /** Says no more than it has to. */
  async beat(facts: Facts = {}): Promise<void> {
    if (!this.isLiving) return
    this.#facts = { ...this.#facts, ...facts }
    this.#take(await this.#send(this.#missedAnswers > 0 ? this.#everything() : facts))
  }

  /** Gives up what it is to give up, and says what it has. */
  async report(): Promise<void> {
    this.#uses = this.#told
    if (this.isLiving) this.#take(await this.#send(this.#missedAnswers > 0 ? this.#everything() : { topicPartitions: this.#owned }))
  }

  async missAnswer(): Promise<void> {
    if (!this.isLiving) return
    const response = await this.#send(this.#missedAnswers > 0 ? this.#everything() : { topicPartitions: this.#owned })
    if (this.#isAccepted(response)) this.#missedAnswers++
  }

  async leave(epoch: -1 | -2): Promise<void> {
    if (!this.isLiving || (epoch === -2 && this.#instanceId === null)) return
    if (!this.#isAccepted(await this.#send({ memberEpoch: epoch }))) return
    this.#end()
    this.#isAway = epoch === -2
  }

  /** It knows itself that it is out of the group by now. */
  noticeSilence(): void {
    const nowMs = this.#world.clock.monotonic()
    if (nowMs - this.#heardAtMs < SESSION_TIMEOUT_MS && nowMs - this.#settledAtMs < REBALANCE_TIMEOUT_MS) return
    this.#end()
    this.#isAway = false
  }

  #end(): void {
    this.isLiving = false
    this.#missedAnswers = 0
    this.#told = new Set()
    this.#uses = this.#told
  }

  get #owned(): { topicId: string; partitions: number[] }[] {
    return [...this.#uses].map((place) => place.split(' ')).map(([topicId, index]) => ({ topicId: topicId!, partitions: [Number(index)] }))
  }

  #everything(): Partial<Request> {
    return { ...this.#facts, rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS, topicPartitions: this.#owned }
  }

  #send(request: Partial<Request>): Promise<Response> {
    const { memberId } = this
    this.#heardAtMs = this.#world.clock.monotonic()
    const whole = { groupId: 'group', memberId, instanceId: this.#instanceId, memberEpoch: this.#epoch, ...request }
    return this.#world.ask(consumerGroupHeartbeat, 1, whole)
  }

  /** Of several answers that it missed, one may have brought an epoch and the next another: then, and only then, it is fenced off, and knows it. */
  #isAccepted({ errorCode, errorMessage, memberEpoch }: Response): boolean {
    if (errorName(errorCode) === 'FENCED_MEMBER_EPOCH' && this.#missedAnswers > 1) {
      this.#end()
      return false
    }
    if (errorCode !== 0) throw new Error(`${this.memberId} is refused: ${errorName(errorCode)}: ${errorMessage}`)
    if (memberEpoch >= 0 && memberEpoch < this.#epoch)
      throw new Error(`${this.memberId} goes back from epoch ${this.#epoch} to ${memberEpoch}`)
    return true
  }

  #take(response: Response): void {
    if (!this.#isAccepted(response)) return
    this.#epoch = response.memberEpoch
    this.#missedAnswers = 0
    if (response.assignment !== null) {
      const { topicPartitions } = response.assignment
      this.#told = new Set(topicPartitions.flatMap(({ topicId, partitions }) => partitions.map((index) => `${topicId} ${index}`)))
      this.#uses = new Set([...this.#uses, ...this.#told])
    }
    if ([...this.#uses].every((place) => this.#told.has(place))) this.#settledAtMs = this.#world.clock.monotonic()
  }
}
