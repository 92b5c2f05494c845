// Creates, alters and deletes while the broker is under load, and remembers what was answered. After a kill what was answered must be so; what was not may
// be so or not, and is taken as it is found.

import { setTimeout } from 'node:timers/promises'
import { errorName } from '../../../src/wire/error-codes.ts'
import { createTopics } from '../../../src/wire/messages/create-topics.ts'
import { deleteRecords } from '../../../src/wire/messages/delete-records.ts'
import { deleteTopics } from '../../../src/wire/messages/delete-topics.ts'
import { describeConfigs } from '../../../src/wire/messages/describe-configs.ts'
import { incrementalAlterConfigs } from '../../../src/wire/messages/incremental-alter-configs.ts'
import { metadata } from '../../../src/wire/messages/metadata.ts'
import type { Breach } from '../../support/partition-judge.ts'
import { below, pick, pickWeighted, type Random } from '../../support/random.ts'
import { ConnectionClosed, WireConnection } from '../../support/wire-connection.ts'
import type { CampaignFigures } from './campaign-figures.ts'
import { LoadTopic } from './load-topic.ts'
import { type TopicKind } from './topic-kinds.ts'

const PASSING_KIND: TopicKind = { name: 'passing', keyed: 'by producer', start: 'fixed', configs: {}, alterations: [] }
const PASSING_NAMES = ['passing-0', 'passing-1', 'passing-2', 'passing-3']
const PAUSE_MS_MAX = 12
const TOPIC_RESOURCE = 2

export interface AdministratorOptions {
  readonly random: Random
  readonly figures: CampaignFigures
}

export class Administrator {
  readonly #options: AdministratorOptions
  /** Those that are written to all the time. */
  #lasting: LoadTopic[] = []
  /** By name; those that come and go. */
  readonly #passing = new Map<string, LoadTopic>()
  /** Asked for, and not answered: there or not. */
  readonly #unsure = new Map<string, LoadTopic>()

  constructor(options: AdministratorOptions) {
    this.#options = options
  }

  get lasting(): readonly LoadTopic[] {
    return this.#lasting
  }

  get topics(): LoadTopic[] {
    return [...this.#lasting, ...this.#passing.values()]
  }

  /** Answered. */
  async createLasting(connection: WireConnection, topic: LoadTopic): Promise<void> {
    await this.#create(connection, topic)
    this.#lasting.push(topic)
  }

  /** Answered. */
  async deleteLasting(connection: WireConnection, topic: LoadTopic): Promise<void> {
    await this.#delete(connection, topic.name)
    this.#lasting = this.#lasting.filter((other) => other !== topic)
  }

  /** Until the broker is gone. */
  async actUntilKilled(bootstrap: string): Promise<void> {
    const connection = await WireConnection.connect(bootstrap).catch(() => undefined)
    if (connection === undefined) return
    try {
      for (;;) {
        await pickWeighted(this.#options.random, this.#actions).act(connection)
        await setTimeout(this.#options.random() * PAUSE_MS_MAX)
      }
    } catch (error) {
      if (!(error instanceof ConnectionClosed)) throw error
    } finally {
      connection.close()
    }
  }

  /** Compares what there is with what was answered. */
  async settle(connection: WireConnection): Promise<Breach[]> {
    const { topics } = await connection.request(metadata, 9, { topics: null, allowAutoTopicCreation: false })
    const there = new Map(topics.map(({ name, partitions }) => [name, partitions.length]))
    for (const [name, topic] of this.#unsure) if (there.has(name)) this.#passing.set(name, topic)
    this.#unsure.clear()
    const breaches: Breach[] = []
    for (const topic of this.topics) {
      const count = there.get(topic.name)
      if (count === topic.partitions.length) continue
      breaches.push({
        kind: 'lost',
        message: `topic ${topic.name} was created with ${topic.partitions.length} partitions, it has ${count}`,
      })
    }
    const known = new Set(this.topics.map(({ name }) => name))
    for (const name of there.keys())
      if (!known.has(name!)) breaches.push({ kind: 'invented', message: `topic ${name} is there, and was deleted or never made` })
    breaches.push(...(await this.#settleConfigs(connection)))
    this.#options.figures.note(breaches)
    return breaches
  }

  async #settleConfigs(connection: WireConnection): Promise<Breach[]> {
    const resources = this.#lasting
      .filter(({ configs }) => configs.size > 0)
      .map(({ name, configs }) => ({ resourceType: TOPIC_RESOURCE, resourceName: name, configurationKeys: [...configs.keys()] }))
    const breaches: Breach[] = []
    const { results } = await connection.request(describeConfigs, 4, { resources })
    for (const { resourceName, configs } of results) {
      const topic = this.#lasting.find(({ name }) => name === resourceName)!
      for (const { name, value } of configs) {
        const { answered, asked } = topic.configs.get(name)!
        topic.configs.set(name, { answered: value!, asked: [] })
        if (answered !== undefined && value !== answered && !asked.includes(value!))
          breaches.push({ kind: 'lost', message: `${name} of topic ${resourceName} was set to ${answered}, and is ${value}` })
      }
    }
    return breaches
  }

  readonly #actions = [
    { weight: 3, act: (connection: WireConnection) => this.#createOrDeletePassing(connection) },
    { weight: 2, act: (connection: WireConnection) => this.#writeToPassing(connection) },
    { weight: 2, act: (connection: WireConnection) => this.#alterConfigs(connection) },
    { weight: 2, act: (connection: WireConnection) => this.#deleteRecords(connection) },
  ]

  async #createOrDeletePassing(connection: WireConnection): Promise<void> {
    const name = pick(this.#options.random, PASSING_NAMES)
    const topic = this.#passing.get(name)
    if (topic === undefined) {
      const made = new LoadTopic({ name, kind: PASSING_KIND, ...this.#options })
      this.#unsure.set(name, made)
      await this.#create(connection, made)
      this.#passing.set(name, made)
    } else {
      this.#unsure.set(name, topic)
      this.#passing.delete(name)
      await this.#delete(connection, name)
    }
    this.#unsure.delete(name)
  }

  async #writeToPassing(connection: WireConnection): Promise<void> {
    const topics = [...this.#passing.values()]
    if (topics.length === 0) return
    await pick(this.#options.random, topics).oneProducer(this.#options).sendOne(connection)
  }

  async #alterConfigs(connection: WireConnection): Promise<void> {
    const { random, figures } = this.#options
    const topic = pick(random, this.#lasting)
    const changes = Object.entries(pick(random, topic.kind.alterations))
    for (const [name, value] of changes) {
      const state = topic.configs.get(name) ?? { answered: topic.kind.configs[name], asked: [] }
      topic.configs.set(name, state)
      state.asked.push(value)
    }
    const configs = changes.map(([name, value]) => ({ name, configOperation: 0, value }))
    const resources = [{ resourceType: TOPIC_RESOURCE, resourceName: topic.name, configs }]
    const { responses } = await connection.request(incrementalAlterConfigs, 1, { resources, validateOnly: false })
    mustBeDone(`altering ${topic.name}`, responses[0]!.errorCode)
    for (const [name, value] of changes) topic.configs.set(name, { answered: value, asked: [] })
    figures.configsAltered++
  }

  async #deleteRecords(connection: WireConnection): Promise<void> {
    const { random, figures } = this.#options
    const topics = this.#lasting.filter(({ kind }) => kind.start === 'requested')
    const topic = pick(random, topics)
    const partition = pick(random, topic.partitions)
    const offset = below(random, partition.shown.end + 1)
    partition.deletion.asked = Math.max(partition.deletion.asked, offset)
    const asked = [{ name: topic.name, partitions: [{ partitionIndex: partition.index, offset }] }]
    const answer = await connection.request(deleteRecords, 2, { topics: asked, timeoutMs: 30_000 })
    const { errorCode, lowWatermark } = answer.topics[0]!.partitions[0]!
    mustBeDone(`deleting records of ${topic.name}-${partition.index}`, errorCode)
    partition.deletion.answered = Math.max(partition.deletion.answered, lowWatermark)
    figures.recordDeletions++
  }

  async #create(connection: WireConnection, { name, partitions, kind }: LoadTopic): Promise<void> {
    const configs = Object.entries(kind.configs).map(([name, value]) => ({ name, value }))
    const topics = [{ name, numPartitions: partitions.length, replicationFactor: 1, assignments: [], configs }]
    const answer = await connection.request(createTopics, 7, { topics })
    mustBeDone(`creating ${name}`, answer.topics[0]!.errorCode)
    this.#options.figures.topicsCreated++
  }

  async #delete(connection: WireConnection, name: string): Promise<void> {
    const answer = await connection.request(deleteTopics, 5, { topicNames: [name], timeoutMs: 30_000 })
    mustBeDone(`deleting ${name}`, answer.responses[0]!.errorCode)
    this.#options.figures.topicsDeleted++
  }
}

function mustBeDone(what: string, errorCode: number): void {
  if (errorCode !== 0) throw new Error(`${what} was refused: ${errorName(errorCode)}`)
}
