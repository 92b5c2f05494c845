// The partitions of one fetch request, or of a session, and of them the set that has news: all that a read needs to look at. A partition comes in when the
// client asks something new of it or when it changes, and goes once the client knows all there is. So an idle session of 10,000 partitions costs nothing.
// A partition that changes while nobody fetches is watched no longer: it has news until it is read again, whatever else happens to it, and the sessions of
// clients that are gone burden no append.

import type { Clock } from '../lib/clock.ts'
import { type AskedPartition, FetchPartition, type FetchTopic, type PartitionOwner, type ReadOutcome } from './fetch-partition.ts'

interface NamedTopic {
  readonly topic: string
  readonly topicId: string
}

export class FetchPartitions implements PartitionOwner {
  readonly usesTopicIds: boolean
  readonly #topics = new Map<string, FetchTopic>()
  readonly #news = new Set<FetchPartition>()
  #size = 0
  #lastTurn = 0
  #readCommitted: boolean | undefined
  #fetchCount = 0
  #grownBytes = 0
  #onGrown: (() => void) | undefined
  #isEnded = false

  constructor(usesTopicIds: boolean) {
    this.usesTopicIds = usesTopicIds
  }

  get size(): number {
    return this.#size
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  /** What is named is new, or read from elsewhere; of a partition that is named twice the last counts. */
  ask(topics: readonly (NamedTopic & { readonly partitions: readonly AskedPartition[] })[]): void {
    for (const asked of topics) {
      const topic = this.#topic(asked)
      for (const one of asked.partitions) {
        let partition = topic.partitions.get(one.partition)
        if (partition === undefined) {
          partition = new FetchPartition(topic, one.partition, ++this.#lastTurn)
          topic.partitions.set(one.partition, partition)
          this.#size++
        }
        partition.ask(one)
        this.#news.add(partition)
      }
    }
  }

  forget(topics: readonly (NamedTopic & { readonly partitions: readonly number[] })[]): void {
    for (const forgotten of topics) {
      const key = this.#keyOf(forgotten)
      const topic = this.#topics.get(key)
      for (const index of forgotten.partitions) {
        const partition = topic?.partitions.get(index)
        if (partition === undefined) continue
        partition.unwatch()
        topic!.partitions.delete(index)
        this.#news.delete(partition)
        this.#size--
      }
      if (topic?.partitions.size === 0) this.#topics.delete(key)
    }
  }

  /** Somebody fetches: until `rest`, the partitions are watched also after they changed. */
  begin(readCommitted: boolean): void {
    if (this.#readCommitted !== undefined && this.#readCommitted !== readCommitted) this.#all((partition) => this.#news.add(partition))
    this.#readCommitted = readCommitted
    this.#fetchCount++
  }

  rest(): void {
    this.#fetchCount--
  }

  /** What to read now, in the order of reading. Growth counts from here on. */
  takeNews(): FetchPartition[] {
    this.#grownBytes = 0
    const news = [...this.#news]
    for (const partition of news) partition.hasChanged = false
    return news.sort((one, other) => one.turn - other.turn)
  }

  /** A partition that was read and would give nothing new has no news. */
  settle(partition: FetchPartition, outcome: ReadOutcome): void {
    if (partition.isSettled(outcome, this.#readCommitted === true)) this.#news.delete(partition)
  }

  /** It gave records, so the others come first. */
  moveToEnd(partition: FetchPartition): void {
    partition.turn = ++this.#lastTurn
  }

  changed(partition: FetchPartition, grownBytes: number): void {
    this.#news.add(partition)
    this.#grownBytes += grownBytes
    if (this.#fetchCount === 0 || grownBytes === Infinity) partition.unwatch()
    this.#onGrown?.()
  }

  /** Resolves when the partitions have grown by `minBytes` since `takeNews`, when `maxWaitMs` is over, `signal` aborts or `interrupt` is called. */
  grow(minBytes: number, maxWaitMs: number, signal: AbortSignal, clock: Clock): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#onGrown = undefined
        timer.cancel()
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = clock.after(maxWaitMs, done)
      signal.addEventListener('abort', done)
      this.#onGrown = () => {
        if (this.#grownBytes >= minBytes) done()
      }
      if (signal.aborted) done()
      else this.#onGrown()
    })
  }

  /** Ends the wait of whoever waits. */
  interrupt(): void {
    this.#grownBytes = Infinity
    this.#onGrown?.()
  }

  /** Nothing is watched any more. */
  end(): void {
    this.#isEnded = true
    this.#all((partition) => partition.unwatch())
    this.interrupt()
  }

  #all(action: (partition: FetchPartition) => void): void {
    for (const topic of this.#topics.values()) for (const partition of topic.partitions.values()) action(partition)
  }

  #keyOf({ topic, topicId }: NamedTopic): string {
    return this.usesTopicIds ? topicId : topic
  }

  #topic({ topic, topicId }: NamedTopic): FetchTopic {
    const key = this.#keyOf({ topic, topicId })
    let found = this.#topics.get(key)
    if (found === undefined) {
      found = { owner: this, asked: { topic, topicId }, partitions: new Map(), topicId, name: undefined }
      this.#topics.set(key, found)
    }
    return found
  }
}
