// The shards that are loaded, one for each partition of `__consumer_offsets` that somebody asked for. One whose log cannot be read, or takes no writes, is not
// there for its groups alone (COORDINATOR_NOT_AVAILABLE); it comes back by itself: whoever asks tries again, not oftener than the log can be read.

import { OFFSETS_TOPIC } from '../topics/internal-topics.ts'
import type { Clock } from '../lib/clock.ts'
import type { Diagnostics } from '../lib/diagnostics.ts'
import type { Topic } from '../topics/catalog.ts'
import { Refusal } from '../wire/error-codes.ts'
import type { Shard } from './shard.ts'

const REST_MS = 1000 // after a write failed: reading a large shard anew for every commit that comes would take all the time there is

export interface ShardsOptions {
  readonly clock: Clock
  readonly diagnostics: Diagnostics
  readonly load: (topic: Topic, partitionIndex: number) => Promise<Shard>
  /** Why the partition cannot be read or written now; undefined when it may be. */
  readonly trouble: (topicId: string, partitionIndex: number) => string | undefined
}

export class Shards {
  readonly #options: ShardsOptions
  readonly #loaded = new Map<number, Promise<Shard>>()
  readonly #ready = new Map<number, Shard>() // those of them that have been read
  #ended: Refusal | undefined

  constructor(options: ShardsOptions) {
    this.#options = options
  }

  /** Those that work now; none is loaded. */
  get ready(): Shard[] {
    return [...this.#ready.values()].filter(({ failure }) => failure === undefined)
  }

  /** Loaded when it is not. Throws COORDINATOR_NOT_AVAILABLE while it cannot be, or its log takes no writes. */
  async of(topic: Topic, partitionIndex: number): Promise<Shard> {
    if (this.#ended !== undefined) throw this.#ended
    const known = this.#loaded.get(partitionIndex)
    const shard = await (known ?? this.#load(topic, partitionIndex))
    if (shard.failure === undefined) return shard
    if (this.#ended !== undefined) throw this.#ended
    const { logFailedAtMs = -Infinity } = shard
    if (this.#options.clock.monotonic() < logFailedAtMs + REST_MS) throw notAvailable(partitionIndex, shard.failure.message)
    await shard.idle() // what it had written is in the log, or not, before that is read
    if (this.#loaded.get(partitionIndex) === known) this.#loaded.delete(partitionIndex)
    return this.#loaded.get(partitionIndex) ?? this.#load(topic, partitionIndex)
  }

  /** The topic is gone, and with it what its partitions said. */
  forget(): void {
    for (const loading of this.#loaded.values()) loading.then((shard) => shard.end(new Refusal('NOT_COORDINATOR'))).catch(() => undefined)
    this.#loaded.clear()
  }

  /** Whoever waits is refused, and what was written is on disk once this resolves. */
  async close(ended: Refusal): Promise<void> {
    this.#ended = ended
    for (const loading of this.#loaded.values()) {
      const shard = await loading.catch(() => undefined)
      shard?.end(ended)
      await shard?.idle()
    }
  }

  #load(topic: Topic, partitionIndex: number): Promise<Shard> {
    const loading = this.#loadWhereWell(topic, partitionIndex).catch((error: unknown) => {
      if (this.#loaded.get(partitionIndex) === loading) this.#loaded.delete(partitionIndex)
      if (!(error instanceof Refusal))
        this.#options.diagnostics.error('groups could not be read', {
          topic: OFFSETS_TOPIC,
          partition: partitionIndex,
          error: String(error),
        })
      throw notAvailable(partitionIndex, error instanceof Refusal ? error.message : String(error))
    })
    this.#loaded.set(partitionIndex, loading)
    loading.catch(() => undefined) // whoever waits for it is told
    return loading
  }

  async #loadWhereWell(topic: Topic, partitionIndex: number): Promise<Shard> {
    const trouble = this.#options.trouble(topic.id, partitionIndex)
    if (trouble !== undefined) throw new Refusal('KAFKA_STORAGE_ERROR', trouble)
    const shard = await this.#options.load(topic, partitionIndex)
    this.#ready.set(partitionIndex, shard)
    return shard
  }
}

const notAvailable = (partitionIndex: number, reason: string): Refusal =>
  new Refusal('COORDINATOR_NOT_AVAILABLE', `partition ${partitionIndex} of ${OFFSETS_TOPIC}: ${reason}`)
