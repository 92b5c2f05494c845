// Which topics exist, with their partitions and configs. In memory, replayed from the metadata log at start; a topic is created or deleted when the
// metadata log says so, durably, and the record store has followed; only then does anybody see it. Changes go one after the other.

import { alterableTopicConfigs } from '../config/alterable-configs.ts'
import type { BrokerConfig, TopicConfig } from '../config/resolve.ts'
import { resolveTopicConfig, validateTopicConfigs } from '../config/resolve.ts'
import { Mutex } from '../lib/mutex.ts'
import type { TurnShare } from '../lib/turn-share.ts'
import { attempt } from '../wire/attempt.ts'
import { Refusal } from '../wire/error-codes.ts'
import type { ConfigEdit } from './config-edits.ts'
import type { MetadataLog } from './metadata-log.ts'
import type { MetadataRecord } from './metadata-records.ts'
import type { MorePartitions, NewTopicCounts } from './partition-counts.ts'
import { checkGrowth, newPartitionCount, PARTITIONS_PER_REQUEST_MAX } from './partition-counts.ts'
import { internalTopic, isInternalTopic } from './internal-topics.ts'
import { collisionKey, illegalTopicName } from './topic-names.ts'

export interface Topic {
  /** Kafka's base64url text of the UUID. */
  readonly id: string
  readonly name: string
  readonly partitionCount: number
  /** What was set on the topic itself, as text. */
  readonly configOverrides: Readonly<Record<string, string>>
  /** What is in force: the overrides over the broker's defaults. */
  readonly config: TopicConfig
  readonly isInternal: boolean
  /** It is, or once was, compacted: offsets may be left out in its logs. */
  readonly mayHaveGaps: boolean
}

export interface NewTopic extends NewTopicCounts {
  readonly name: string
  readonly configs: Readonly<Record<string, string>>
}

/**
 * Who keeps the topics' data: told after a change is durable and before anybody sees it. It cannot fail then: what it cannot do is between it and
 * the partitions in question.
 */
export interface TopicFollower {
  topicCreated(topic: Topic): Promise<void>
  /** It has more partitions now, or other configs. */
  topicChanged(topic: Topic): Promise<void>
  topicDeleted(topic: Topic): Promise<void>
}

export interface CatalogOptions {
  readonly metadataLog: MetadataLog
  readonly turnShare: TurnShare
  readonly config: BrokerConfig
  readonly brokerId: number
  /** Makes a new topic id. */
  readonly randomId: () => string
  /** On a disk that does not tell names by case, topics may not differ in case alone: their folders would be one. */
  readonly isCaseSensitive: boolean
}

export class Catalog {
  readonly #options: CatalogOptions
  readonly #mutex = new Mutex()
  readonly #byName = new Map<string, Topic>()
  readonly #byId = new Map<string, Topic>()
  readonly #collisions = new Map<string, string>() // by collision key, the name that has it
  readonly #deletedIds = new Set<string>()
  readonly #deletedNames = new Set<string>()
  #follower: TopicFollower | undefined
  #changeCount = 0
  readonly #whenDeleted: ((topic: Topic) => void)[] = []

  constructor(options: CatalogOptions) {
    this.#options = options
  }

  /** At start, before anybody asks: takes over what the metadata log says. */
  replay(record: MetadataRecord): void {
    if (record.type === 'topic') {
      const { topicId: id, name, partitionCount, configs } = record
      const earlier = this.#byName.get(name)
      if (earlier !== undefined) this.#remove(earlier) // the same topic before a change, or one that was never seen because its creation failed
      this.#add(this.#topic({ id, name, partitionCount, configs, mayHaveGaps: earlier?.id === id && earlier.mayHaveGaps }))
    }
    if (record.type === 'topic-deleted') {
      const topic = this.#byId.get(record.topicId)
      if (topic !== undefined) this.#remove(topic)
      if (topic !== undefined) this.#deletedNames.add(topic.name)
      this.#deletedIds.add(record.topicId)
    }
  }

  follow(follower: TopicFollower): void {
    this.#follower = follower
  }

  /** Told when a topic is gone and nobody sees it any more. */
  whenDeleted(tell: (topic: Topic) => void): void {
    this.#whenDeleted.push(tell)
  }

  get topics(): Iterable<Topic> {
    return this.#byName.values()
  }

  /** Another number whenever a topic has come, gone or changed: so that who works with all of them need not look again. */
  get changeCount(): number {
    return this.#changeCount
  }

  /** Throws UNKNOWN_TOPIC_OR_PARTITION. */
  byName(name: string): Topic {
    const topic = this.#byName.get(name)
    if (topic === undefined) throw new Refusal('UNKNOWN_TOPIC_OR_PARTITION')
    return topic
  }

  /** Throws UNKNOWN_TOPIC_ID. */
  byId(id: string): Topic {
    const topic = this.#byId.get(id)
    if (topic === undefined) throw new Refusal('UNKNOWN_TOPIC_ID')
    return topic
  }

  has(name: string): boolean {
    return this.#byName.has(name)
  }

  /** True for the id of a topic that existed and was deleted, as far back as the metadata log goes. */
  wasDeleted(id: string): boolean {
    return this.#deletedIds.has(id)
  }

  /** At start: false when there is no such partition, or a topic of that name was deleted once, so that its folder may be another's. */
  hasAlwaysHad(name: string, partitionIndex: number): boolean {
    const topic = this.#byName.get(name)
    return topic !== undefined && partitionIndex < topic.partitionCount && !this.#deletedNames.has(name)
  }

  /** Creates what can be created, all with one sync, and answers each in its place: the topic, or why not. With `validateOnly` nothing is changed. */
  create(newTopics: readonly NewTopic[], validateOnly = false): Promise<(Topic | Refusal)[]> {
    return this.#mutex.run(async () => {
      const results = await this.#validated(newTopics)
      const topics = results.filter((result) => !(result instanceof Refusal)) as Topic[]
      if (validateOnly || topics.length === 0) return results
      await this.#options.metadataLog.append(topics.map(recordOf))
      for (const topic of topics) {
        await this.#options.turnShare.step()
        await this.#follower?.topicCreated(topic)
        this.#add(topic)
      }
      return results
    })
  }

  /** The topic of that name, created when it is not there: with the broker's defaults, or as the broker needs it where it is its own. */
  async createIfMissing(name: string): Promise<Topic> {
    const existing = this.#byName.get(name)
    if (existing !== undefined) return existing
    const made = internalTopic(name, this.#options.config) ?? { partitionCount: -1, configs: {} }
    const [result] = await this.create([{ name, replicationFactor: -1, assignments: [], ...made }])
    if (result instanceof Refusal && result.error !== 'TOPIC_ALREADY_EXISTS') throw result
    return this.byName(name)
  }

  /** Gives topics more partitions, all with one sync, and answers each in its place: the topic as it is then, or why not. */
  createPartitions(grown: readonly MorePartitions[], validateOnly = false): Promise<(Topic | Refusal)[]> {
    return this.#mutex.run(async () => {
      let partitionsLeft = PARTITIONS_PER_REQUEST_MAX
      const results = grown.map((growth) =>
        attempt(() => {
          const topic = this.byName(growth.name)
          checkGrowth(growth, topic.partitionCount, this.#options.brokerId)
          if (topic.isInternal)
            throw new Refusal('INVALID_PARTITIONS', `groups would look for their offsets in the wrong partition of "${topic.name}"`)
          partitionsLeft -= growth.partitionCount - topic.partitionCount
          if (partitionsLeft < 0) throw tooManyPartitions()
          return { ...topic, partitionCount: growth.partitionCount }
        }),
      )
      const topics = results.filter((result) => !(result instanceof Refusal)) as Topic[]
      if (!validateOnly) await this.#change(topics)
      return results
    })
  }

  /** Gives the topic other configs. They hold from the next record on. */
  alterConfigs(name: string, edit: ConfigEdit, validateOnly = false): Promise<void> {
    return this.#mutex.run(async () => {
      const topic = this.byName(name)
      const configs = edit(topic.configOverrides, alterableTopicConfigs(this.#options.config), 'INVALID_CONFIG')
      if (!validateOnly) await this.#change([this.#topic({ ...topic, configs })])
    })
  }

  /** The broker's configs are others now, and with them what topics inherit. */
  reconfigure(): Promise<void> {
    return this.#mutex.run(async () => {
      for (const topic of this.#byName.values()) {
        await this.#options.turnShare.step()
        const reconfigured = this.#topic({ ...topic, configs: topic.configOverrides })
        await this.#follower?.topicChanged(reconfigured)
        this.#add(reconfigured)
      }
    })
  }

  /** Resolves when the deletion is durable and nobody sees the topic any more; its files go in the background. */
  delete({ id }: Topic): Promise<void> {
    return this.#mutex.run(async () => {
      const topic = this.#byId.get(id)
      if (topic === undefined) throw new Refusal('UNKNOWN_TOPIC_OR_PARTITION')
      await this.#options.metadataLog.append([{ type: 'topic-deleted', topicId: topic.id }])
      this.#remove(topic)
      this.#deletedIds.add(topic.id)
      await this.#follower?.topicDeleted(topic)
      for (const tell of this.#whenDeleted) tell(topic)
    })
  }

  async #change(topics: readonly Topic[]): Promise<void> {
    if (topics.length === 0) return
    await this.#options.metadataLog.append(topics.map(recordOf))
    for (const topic of topics) {
      await this.#follower?.topicChanged(topic)
      this.#add(topic)
    }
  }

  async #validated(newTopics: readonly NewTopic[]): Promise<(Topic | Refusal)[]> {
    const collisions = new Map<string, string>() // within the request
    const results: (Topic | Refusal)[] = []
    let partitionsLeft = PARTITIONS_PER_REQUEST_MAX
    for (const newTopic of newTopics) {
      await this.#options.turnShare.step()
      const topic = attempt(() => this.#validTopic(newTopic, collisions))
      if (!(topic instanceof Refusal)) {
        collisions.set(this.#collisionKey(topic.name), topic.name)
        partitionsLeft -= topic.partitionCount
      }
      results.push(topic instanceof Refusal || partitionsLeft >= 0 ? topic : tooManyPartitions())
    }
    return results
  }

  #validTopic(newTopic: NewTopic, collisions: ReadonlyMap<string, string>): Topic {
    const { name, configs } = newTopic
    const illegal = illegalTopicName(name)
    if (illegal !== undefined) throw new Refusal('INVALID_TOPIC_EXCEPTION', illegal)
    if (this.#byName.has(name)) throw new Refusal('TOPIC_ALREADY_EXISTS', `topic "${name}" already exists`)
    const key = this.#collisionKey(name)
    const rival = this.#collisions.get(key) ?? collisions.get(key)
    if (rival !== undefined)
      throw new Refusal(
        'INVALID_TOPIC_EXCEPTION',
        `topic "${name}" collides with topic "${rival}": in Kafka's metrics "." and "_" are the same`,
      )
    const partitionCount = newPartitionCount(newTopic, this.#options.config, this.#options.brokerId)
    const wrong = validateTopicConfigs(configs, this.#options.config)
    if (wrong !== undefined) throw new Refusal('INVALID_CONFIG', wrong)
    return this.#topic({ id: this.#options.randomId(), name, partitionCount, configs })
  }

  #topic({
    id,
    name,
    partitionCount,
    configs,
    mayHaveGaps: hadGaps = false,
  }: {
    id: string
    name: string
    partitionCount: number
    configs: Readonly<Record<string, string>>
    mayHaveGaps?: boolean
  }): Topic {
    const config = resolveTopicConfig(configs, this.#options.config)
    const mayHaveGaps = hadGaps || config['cleanup.policy'].includes('compact') // gaps stay when a topic is compacted no more
    return { id, name, partitionCount, configOverrides: configs, config, isInternal: isInternalTopic(name), mayHaveGaps }
  }

  #collisionKey(name: string): string {
    return this.#options.isCaseSensitive ? collisionKey(name) : collisionKey(name).toLowerCase()
  }

  #add(topic: Topic): void {
    this.#changeCount++
    this.#byName.set(topic.name, topic)
    this.#byId.set(topic.id, topic)
    this.#collisions.set(this.#collisionKey(topic.name), topic.name)
  }

  #remove(topic: Topic): void {
    this.#changeCount++
    this.#byName.delete(topic.name)
    this.#byId.delete(topic.id)
    this.#collisions.delete(this.#collisionKey(topic.name))
  }
}

function recordOf({ id, name, partitionCount, configOverrides }: Topic): MetadataRecord {
  return { type: 'topic', topicId: id, name, partitionCount, configs: configOverrides }
}

function tooManyPartitions(): Refusal {
  return new Refusal('POLICY_VIOLATION', `a request may create at most ${PARTITIONS_PER_REQUEST_MAX} partitions`)
}
