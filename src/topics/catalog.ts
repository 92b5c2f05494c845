// Which topics exist, with their partitions and configs. In memory, replayed from the metadata log at start; a topic is created or deleted when the
// metadata log says so, durably, and the record store has followed; only then does anybody see it. Changes go one after the other.

import type { BrokerConfig, TopicConfig } from '../config/resolve.ts'
import { resolveTopicConfig, validateTopicConfigs } from '../config/resolve.ts'
import { Mutex } from '../lib/mutex.ts'
import { attempt } from '../wire/attempt.ts'
import { Refusal } from '../wire/error-codes.ts'
import type { MetadataLog } from './metadata-log.ts'
import type { MetadataRecord } from './metadata-records.ts'
import { collisionKey, illegalTopicName, isInternalTopic } from './topic-names.ts'

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
}

export interface NewTopic {
  readonly name: string
  /** -1: the broker's `num.partitions`. */
  readonly partitionCount: number
  /** -1: the broker's default, which is 1 like every other accepted value. */
  readonly replicationFactor: number
  /** The brokers of each partition, when the client chooses: then the two counts are -1. */
  readonly assignments: readonly { partitionIndex: number; brokerIds: readonly number[] }[]
  readonly configs: Readonly<Record<string, string>>
}

/** Who keeps the topics' data: told after a change is durable and before anybody sees it. */
export interface TopicFollower {
  topicCreated(topic: Topic): Promise<void>
  topicDeleted(topic: Topic): Promise<void>
}

const PARTITIONS_PER_REQUEST_MAX = 10_000 // Kafka's limit for one request

export interface CatalogOptions {
  readonly metadataLog: MetadataLog
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
  #follower: TopicFollower | undefined

  constructor(options: CatalogOptions) {
    this.#options = options
  }

  /** At start, before anybody asks: takes over what the metadata log says. */
  replay(record: MetadataRecord): void {
    if (record.type === 'topic') {
      const { topicId: id, name, partitionCount, configs } = record
      this.#add(this.#topic({ id, name, partitionCount, configs }))
    }
    if (record.type === 'topic-deleted') {
      const topic = this.#byId.get(record.topicId)
      if (topic !== undefined) this.#remove(topic)
      this.#deletedIds.add(record.topicId)
    }
  }

  follow(follower: TopicFollower): void {
    this.#follower = follower
  }

  get topics(): Iterable<Topic> {
    return this.#byName.values()
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

  /** Creates what can be created, all with one sync, and answers each in its place: the topic, or why not. With `validateOnly` nothing is changed. */
  create(newTopics: readonly NewTopic[], validateOnly = false): Promise<(Topic | Refusal)[]> {
    return this.#mutex.run(async () => {
      const results = this.#validated(newTopics)
      const topics = results.filter((result) => !(result instanceof Refusal)) as Topic[]
      if (validateOnly || topics.length === 0) return results
      await this.#options.metadataLog.append(
        topics.map(({ id, name, partitionCount, configOverrides }) => ({
          type: 'topic',
          topicId: id,
          name,
          partitionCount,
          configs: configOverrides,
        })),
      )
      for (const topic of topics) {
        await this.#follower?.topicCreated(topic)
        this.#add(topic)
      }
      return results
    })
  }

  /** The topic of that name, created with the broker's defaults when it is not there. */
  async createIfMissing(name: string): Promise<Topic> {
    const existing = this.#byName.get(name)
    if (existing !== undefined) return existing
    const [result] = await this.create([{ name, partitionCount: -1, replicationFactor: -1, assignments: [], configs: {} }])
    if (result instanceof Refusal && result.error !== 'TOPIC_ALREADY_EXISTS') throw result
    return this.byName(name)
  }

  /** Resolves when the deletion is durable and nobody sees the topic any more; its files go in the background. */
  delete(topic: Topic): Promise<void> {
    return this.#mutex.run(async () => {
      if (this.#byId.get(topic.id) !== topic) throw new Refusal('UNKNOWN_TOPIC_OR_PARTITION')
      await this.#options.metadataLog.append([{ type: 'topic-deleted', topicId: topic.id }])
      this.#remove(topic)
      this.#deletedIds.add(topic.id)
      await this.#follower?.topicDeleted(topic)
    })
  }

  #validated(newTopics: readonly NewTopic[]): (Topic | Refusal)[] {
    const collisions = new Map(this.#collisions)
    let partitionsLeft = PARTITIONS_PER_REQUEST_MAX
    return newTopics.map((newTopic) => {
      const topic = attempt(() => this.#validTopic(newTopic, collisions))
      if (topic instanceof Refusal) return topic
      collisions.set(this.#collisionKey(topic.name), topic.name)
      partitionsLeft -= topic.partitionCount
      if (partitionsLeft >= 0) return topic
      return new Refusal('POLICY_VIOLATION', `a request may create at most ${PARTITIONS_PER_REQUEST_MAX} partitions`)
    })
  }

  #validTopic(newTopic: NewTopic, collisions: ReadonlyMap<string, string>): Topic {
    const { name, configs } = newTopic
    const illegal = illegalTopicName(name)
    if (illegal !== undefined) throw new Refusal('INVALID_TOPIC_EXCEPTION', illegal)
    if (this.#byName.has(name)) throw new Refusal('TOPIC_ALREADY_EXISTS', `topic "${name}" already exists`)
    const rival = collisions.get(this.#collisionKey(name))
    if (rival !== undefined)
      throw new Refusal(
        'INVALID_TOPIC_EXCEPTION',
        `topic "${name}" collides with topic "${rival}": in Kafka's metrics "." and "_" are the same`,
      )
    const partitionCount = this.#partitionCount(newTopic)
    const wrong = validateTopicConfigs(configs, this.#options.config)
    if (wrong !== undefined) throw new Refusal('INVALID_CONFIG', wrong)
    return this.#topic({ id: this.#options.randomId(), name, partitionCount, configs })
  }

  #partitionCount({ partitionCount, replicationFactor, assignments }: NewTopic): number {
    if (assignments.length > 0) {
      if (partitionCount !== -1 || replicationFactor !== -1)
        throw new Refusal('INVALID_REQUEST', 'with a manual assignment, the partition count and the replication factor must be -1')
      const indexes = new Set(assignments.map((assignment) => assignment.partitionIndex))
      if (indexes.size < assignments.length) throw new Refusal('INVALID_REPLICA_ASSIGNMENT', 'a partition is assigned twice')
      const isConsecutive = assignments.every(({ partitionIndex }) => partitionIndex >= 0 && partitionIndex < assignments.length)
      if (!isConsecutive) throw new Refusal('INVALID_REPLICA_ASSIGNMENT', 'the assigned partitions must be numbered from 0 without a gap')
      const isHere = assignments.every(({ brokerIds }) => brokerIds.length === 1 && brokerIds[0] === this.#options.brokerId)
      if (!isHere)
        throw new Refusal(
          'INVALID_REPLICA_ASSIGNMENT',
          `every partition must be assigned to broker ${this.#options.brokerId}, the only one`,
        )
      return assignments.length
    }
    if (partitionCount <= 0 && partitionCount !== -1)
      throw new Refusal('INVALID_PARTITIONS', `partition count ${partitionCount}: it must be larger than 0, or -1 for the default`)
    const factor = replicationFactor === -1 ? this.#options.config['default.replication.factor'] : replicationFactor
    if (factor !== 1) {
      const reason =
        factor <= 0 ? 'it must be larger than 0, or -1 for the default' : 'there is one broker, so it can only be 1, or -1 for the default'
      throw new Refusal('INVALID_REPLICATION_FACTOR', `replication factor ${factor}: ${reason}`)
    }
    return partitionCount === -1 ? this.#options.config['num.partitions'] : partitionCount
  }

  #topic({
    id,
    name,
    partitionCount,
    configs,
  }: {
    id: string
    name: string
    partitionCount: number
    configs: Readonly<Record<string, string>>
  }): Topic {
    const config = resolveTopicConfig(configs, this.#options.config)
    return { id, name, partitionCount, configOverrides: configs, config, isInternal: isInternalTopic(name) }
  }

  #collisionKey(name: string): string {
    return this.#options.isCaseSensitive ? collisionKey(name) : collisionKey(name).toLowerCase()
  }

  #add(topic: Topic): void {
    this.#byName.set(topic.name, topic)
    this.#byId.set(topic.id, topic)
    this.#collisions.set(this.#collisionKey(topic.name), topic.name)
  }

  #remove(topic: Topic): void {
    this.#byName.delete(topic.name)
    this.#byId.delete(topic.id)
    this.#collisions.delete(this.#collisionKey(topic.name))
  }
}
