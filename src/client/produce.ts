// Writes records to one topic, in batches. A partition has one batch on its way at a time and sends it until it is acknowledged: so its order is kept, and
// with an idempotent producer no retry is written twice. One that the topic finds too large is halved. The first failure that no retry can mend ends the producer.

import { type Clock, systemClock, type Timer } from '../lib/clock.ts'
import { errorName, isRetriable, Refusal } from '../wire/error-codes.ts'
import { initProducerId } from '../wire/messages/init-producer-id.ts'
import { produce } from '../wire/messages/produce.ts'
import type { Codec } from '../wire/records/codecs.ts'
import { byLeader, type Cluster, mayPass, retried, type TopicMetadata } from './cluster.ts'
import { partitionOfKey } from './murmur2.ts'
import { PartitionQueue, type RecordToSend } from './partition-queue.ts'

export interface ProducerOptions {
  readonly codec?: Codec
  /** A batch is sent when it has grown to this many bytes, before compression, */
  readonly batchBytes?: number
  /** or when this much time has passed. */
  readonly lingerMs?: number
  readonly isIdempotent?: boolean
  /** More than this is not held in memory: who adds is told to wait. */
  readonly bufferBytes?: number
  /** A batch that is not acknowledged after this ends the producer. */
  readonly deliveryTimeoutMs?: number
  readonly onAcknowledged?: (batch: AcknowledgedBatch) => void
  readonly clock?: Clock
}

export interface AcknowledgedBatch {
  readonly partition: number
  /** -1 when the broker had the batch already, and does not know any more where. */
  readonly baseOffset: number
  readonly records: readonly RecordToSend[]
}

const ALL_REPLICAS = -1
const REQUEST_TIMEOUT_MS = 30_000
const DELIVERY_TIMEOUT_MS = 120_000
const RETRY_BACKOFF_MS = 100
const NOT_IDEMPOTENT = { producerId: -1, producerEpoch: -1 }

export class Producer {
  readonly #cluster: Cluster
  readonly #options: Required<ProducerOptions>
  readonly #queues: readonly PartitionQueue[]
  #topic: TopicMetadata
  #stickyPartition = 0
  #bufferedBytes = 0
  #lingerTimer: Timer | undefined
  #failure: Error | undefined
  #waiting: { isOver: () => boolean; resolve: () => void; reject: (error: Error) => void }[] = []

  static async open(cluster: Cluster, topic: TopicMetadata, options: ProducerOptions = {}): Promise<Producer> {
    const { isIdempotent = true, clock = systemClock, deliveryTimeoutMs = DELIVERY_TIMEOUT_MS } = options
    const identity = isIdempotent ? await retried(() => askIdentity(cluster), { clock, forMs: deliveryTimeoutMs }) : NOT_IDEMPOTENT
    return new Producer(cluster, topic, identity, options)
  }

  private constructor(cluster: Cluster, topic: TopicMetadata, identity: typeof NOT_IDEMPOTENT, options: ProducerOptions) {
    this.#cluster = cluster
    this.#topic = topic
    this.#options = {
      codec: 'none',
      batchBytes: 256 << 10,
      lingerMs: 5,
      isIdempotent: true,
      bufferBytes: 16 << 20,
      deliveryTimeoutMs: DELIVERY_TIMEOUT_MS,
      onAcknowledged: () => undefined,
      clock: systemClock,
      ...options,
    }
    this.#queues = topic.partitions.map(({ partition }) => new PartitionQueue(partition, { ...identity, codec: this.#options.codec }))
    this.#moveStickyPartition()
  }

  /** Queues a record. A promise when the buffer is full, to be awaited before more is added. Throws what ended the producer. */
  add(record: RecordToSend): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure
    const queue = this.#queueFor(record)
    this.#bufferedBytes += queue.add(record, this.#options.clock)
    if (queue.openBytes >= this.#options.batchBytes) {
      queue.closeBatch()
      if (queue.partition === this.#stickyPartition) this.#moveStickyPartition()
      this.#pump()
    } else {
      this.#lingerTimer ??= this.#options.clock.after(this.#options.lingerMs, () => this.#sendOpenBatches())
    }
    const { bufferBytes } = this.#options
    return this.#bufferedBytes > bufferBytes ? this.#when(() => this.#bufferedBytes <= bufferBytes / 2) : undefined
  }

  /** Resolves when everything that was added is acknowledged; rejects with what ended the producer. */
  async flush(): Promise<void> {
    this.#sendOpenBatches()
    await this.#when(() => this.#bufferedBytes === 0)
  }

  /** Sends no more, and ends every wait with `reason`. What is on its way may be written or not. */
  abandon(reason: Error): void {
    this.#failure ??= reason
    this.#lingerTimer?.cancel()
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure)
  }

  #queueFor({ partition, key }: RecordToSend): PartitionQueue {
    const chosen = partition ?? (key === null ? this.#stickyPartition : partitionOfKey(key, this.#queues.length))
    const queue = this.#queues[chosen]
    if (queue === undefined) throw new Refusal('UNKNOWN_TOPIC_OR_PARTITION', `topic "${this.#topic.name}" has no partition ${chosen}`)
    return queue
  }

  /** Records without a key go to one partition until a batch is sent (KIP-480): full batches beat an even spread of small ones. */
  #moveStickyPartition(): void {
    const count = this.#queues.length
    const step = count > 1 ? 1 + Math.floor(Math.random() * (count - 1)) : 0
    this.#stickyPartition = (this.#stickyPartition + step) % count
  }

  #sendOpenBatches(): void {
    this.#lingerTimer?.cancel()
    this.#lingerTimer = undefined
    for (const queue of this.#queues) queue.closeBatch()
    this.#moveStickyPartition()
    this.#pump()
  }

  /** Sends the first batch of every partition that has none on its way, in one request to each leader. */
  #pump(): void {
    const ready = this.#queues.filter((queue) => queue.isReady)
    if (ready.length === 0 || this.#failure !== undefined) return
    for (const queue of ready) queue.isBusy = true
    for (const [leaderId, partitions] of byLeader(
      this.#topic,
      ready.map(({ partition }) => partition),
    )) {
      const queues = partitions.map((partition) => this.#queues[partition]!)
      this.#send(leaderId, queues).catch((error: Error) => (mayPass(error) ? this.#retry(queues, error) : this.abandon(error)))
    }
  }

  async #send(leaderId: number, queues: readonly PartitionQueue[]): Promise<void> {
    const partitionData = await Promise.all(queues.map(async (queue) => ({ index: queue.partition, records: await queue.encodeFirst() })))
    const { responses } = await this.#cluster.askBroker(leaderId, produce, {
      acks: ALL_REPLICAS,
      timeoutMs: REQUEST_TIMEOUT_MS,
      topicData: [{ name: this.#topic.name, topicId: this.#topic.topicId, partitionData }],
    })
    for (const { index, errorCode, baseOffset, errorMessage } of responses[0]?.partitionResponses ?? []) {
      const queue = this.#queues[index]!
      const error = errorName(errorCode)
      if (error === 'NONE' || error === 'DUPLICATE_SEQUENCE_NUMBER') this.#acknowledge(queue, baseOffset)
      else if (error === 'MESSAGE_TOO_LARGE' && queue.splitFirst()) queue.isBusy = false
      else if (isRetriable(error)) this.#retry([queue], new Refusal(error, errorMessage ?? undefined))
      else this.abandon(new Refusal(error, errorMessage ?? undefined))
    }
    this.#pump()
  }

  #acknowledge(queue: PartitionQueue, baseOffset: number): void {
    const { records, sizeBytes } = queue.takeFirst()
    queue.isBusy = false
    this.#bufferedBytes -= sizeBytes
    this.#options.onAcknowledged({ partition: queue.partition, baseOffset, records })
    const over = this.#waiting.filter(({ isOver }) => isOver())
    this.#waiting = this.#waiting.filter((waiting) => !over.includes(waiting))
    for (const { resolve } of over) resolve()
  }

  #retry(queues: readonly PartitionQueue[], error: Error): void {
    const { clock, deliveryTimeoutMs } = this.#options
    if (queues.some((queue) => clock.monotonic() - queue.first.firstAddedMs >= deliveryTimeoutMs)) return this.abandon(error)
    clock.after(RETRY_BACKOFF_MS, () => void this.#tryAgain(queues))
  }

  /** The leader may have changed. */
  async #tryAgain(queues: readonly PartitionQueue[]): Promise<void> {
    try {
      const [topic] = await this.#cluster.topics([this.#topic.name])
      byLeader(
        topic!,
        queues.map(({ partition }) => partition),
      ) // throws while one of them has no leader
      this.#topic = topic!
      for (const queue of queues) queue.isBusy = false
      this.#pump()
    } catch (error) {
      if (mayPass(error)) this.#retry(queues, error as Error)
      else this.abandon(error as Error)
    }
  }

  #when(isOver: () => boolean): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (isOver()) return Promise.resolve()
    return new Promise((resolve, reject) => this.#waiting.push({ isOver, resolve, reject }))
  }
}

async function askIdentity(cluster: Cluster): Promise<typeof NOT_IDEMPOTENT> {
  const { errorCode, producerId, producerEpoch } = await cluster.ask(initProducerId, {
    transactionalId: null,
    transactionTimeoutMs: REQUEST_TIMEOUT_MS,
  })
  if (errorCode !== 0) throw new Refusal(errorName(errorCode))
  return { producerId, producerEpoch }
}
