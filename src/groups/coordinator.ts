// The group coordinator: every request about groups comes here, and goes to the shard that the group's id leads to, as Kafka has it, so that its tools find the
// records of a group where they look for them. Shards are read when somebody first asks for one of their groups; after a start, all of them in the background.

import type { BrokerConfig } from '../config/resolve.ts'
import type { Clock } from '../lib/clock.ts'
import type { Diagnostics } from '../lib/diagnostics.ts'
import type { TurnShare } from '../lib/turn-share.ts'
import type { Catalog, Topic } from '../topics/catalog.ts'
import { OFFSETS_TOPIC } from '../topics/internal-topics.ts'
import type { RecordStore } from '../topics/record-store.ts'
import { attemptLater } from '../wire/attempt.ts'
import { Refusal } from '../wire/error-codes.ts'
import type { Group } from './group.ts'
import { type GroupCensus, GroupCounters, takeCensus } from './group-counters.ts'
import { GroupHistory } from './group-history.ts'
import type { GroupServices } from './group-services.ts'
import { OffsetUpkeep } from './offsets/offset-upkeep.ts'
import { Shard } from './shard.ts'
import { Shards } from './shards.ts'

export interface CoordinatorOptions {
  readonly clock: Clock
  readonly turnShare: TurnShare
  readonly diagnostics: Diagnostics
  readonly config: BrokerConfig
  readonly groupConfig: GroupServices['groupConfig']
  readonly catalog: Catalog
  readonly records: RecordStore
  readonly randomId: () => string
}

export class GroupCoordinator {
  readonly history = new GroupHistory()
  readonly counters = new GroupCounters()
  readonly #options: CoordinatorOptions
  readonly #shards: Shards
  readonly #upkeep: OffsetUpkeep

  constructor(options: CoordinatorOptions) {
    const { records } = options
    this.#options = options
    this.#shards = new Shards({
      ...options,
      load: (topic, partitionIndex) => this.#load(topic, partitionIndex),
      trouble: (topicId, partitionIndex) => records.notWritableReason(topicId, partitionIndex),
    })
    this.#upkeep = new OffsetUpkeep({ ...options, shards: () => this.all() })
  }

  /** Reads what groups there are, in the background: their members' sessions go on. */
  start(): void {
    this.#options.catalog.whenDeleted(({ name }) => name === OFFSETS_TOPIC && this.#shards.forget())
    this.#upkeep.start()
    this.all().catch(() => undefined) // whoever asks for a group of a shard that cannot be read is told
  }

  /** Whoever waits is refused, and what was written is on disk once this resolves. */
  async close(): Promise<void> {
    await this.#upkeep.stop()
    await this.#shards.close(new Refusal('COORDINATOR_NOT_AVAILABLE', 'the broker is stopping'))
  }

  /** The shard of the group. Makes `__consumer_offsets` when it is not there. Throws COORDINATOR_NOT_AVAILABLE while it cannot be read or written. */
  async shardOf(groupId: string): Promise<Shard> {
    const { catalog, turnShare } = this.#options
    const topic = await catalog.createIfMissing(OFFSETS_TOPIC)
    const shard = await this.#shards.of(topic, partitionFor(groupId, topic.partitionCount))
    const wait = turnShare.step() // a thousand members may have waited until it was read
    if (wait === undefined) return shard
    await wait
    return this.shardOf(groupId) // it may be another by now
  }

  /** Throws GROUP_ID_NOT_FOUND, or as `shardOf`. */
  async group(groupId: string): Promise<Group> {
    return (await this.shardOf(groupId)).group(groupId)
  }

  /** Every shard that can be read; none is made. */
  async all(): Promise<Shard[]> {
    const { catalog } = this.#options
    if (!catalog.has(OFFSETS_TOPIC)) return []
    const topic = catalog.byName(OFFSETS_TOPIC)
    const indexes = Array.from({ length: topic.partitionCount }, (_, index) => index)
    const shards = await Promise.all(indexes.map((index) => attemptLater(() => this.#shards.of(topic, index))))
    return shards.filter((shard) => shard instanceof Shard)
  }

  /** What groups there are now, in the shards that are loaded. */
  census(): GroupCensus {
    return takeCensus(this.#shards.ready)
  }

  /** The shard is dropped, and its log read anew: what it does by itself after a failure. */
  async reloaded(shard: Shard): Promise<Shard> {
    shard.end(new Refusal('NOT_COORDINATOR'))
    return this.#shards.of(this.#options.catalog.byName(OFFSETS_TOPIC), shard.partitionIndex)
  }

  async #load(topic: Topic, partitionIndex: number): Promise<Shard> {
    const { clock, turnShare, diagnostics, config, groupConfig, catalog, records, randomId } = this.#options
    const note: GroupServices['note'] = (groupId, event) => {
      this.counters.note(event.kind)
      this.history.note(groupId, { timeMs: clock.now(), ...event })
    }
    const shard = await Shard.load({
      records,
      clock,
      turnShare,
      topicId: topic.id,
      partitionIndex,
      maxBatchBytes: () => (catalog.has(topic.name) ? catalog.byName(topic.name) : topic).config['max.message.bytes'],
      commits: this.counters.commits,
      services: { clock, diagnostics, config, groupConfig, topics: catalog, randomId, note },
    })
    this.#upkeep.loaded(shard)
    return shard
  }
}

/** Where the records of a group are: the absolute value of Java's hash of its id, which has none for -2^31: that is 0 to Kafka. */
export function partitionFor(groupId: string, partitionCount: number): number {
  let hash = 0
  for (let index = 0; index < groupId.length; index++) hash = (Math.imul(hash, 31) + groupId.charCodeAt(index)) | 0
  return hash === -(2 ** 31) ? 0 : Math.abs(hash) % partitionCount
}
