// A producer under whose load the broker is killed: requests of one batch for each of its partitions, several under way at once. The ledgers of the
// partitions hear what it sent and what was acknowledged. What was not answered an idempotent one sends again, in the same batches; so does a plain one
// that retries, whose records may be there twice then; another goes on with new records.

import { setTimeout } from 'node:timers/promises'
import { errorName } from '../../../src/wire/error-codes.ts'
import { Mutex } from '../../../src/lib/mutex.ts'
import { encodeRequest } from '../../../src/wire/frame.ts'
import { produce } from '../../../src/wire/messages/produce.ts'
import type { Infer } from '../../../src/wire/schema.ts'
import { type Codec, CODECS, compress } from '../../../src/wire/records/codecs.ts'
import { buildBatch, buildRecords } from '../../support/batch-builder.ts'
import type { Ledger, Sender } from '../../support/partition-judge.ts'
import { below, chance, type Random } from '../../support/random.ts'
import { ConnectionClosed, WireConnection } from '../../support/wire-connection.ts'
import type { CampaignFigures } from './campaign-figures.ts'
import { bytesOf, type Keyed } from './sent-records.ts'

const PRODUCE_VERSION = 9
const SMALL_BATCH_MAX = 20
const LARGE_BATCH_MAX = 300
const LARGE_BATCHES = 1 / 20
const PAUSE_MS_MAX = 8 // so that data folders stay small enough to read after each kill

export interface LoadProducerOptions {
  readonly name: string
  readonly topic: string
  readonly keyed: Keyed
  /** By partition. */
  readonly ledgers: readonly Ledger[]
  /** undefined: not idempotent. */
  readonly producerId: number | undefined
  readonly acks: -1 | 0 | 1
  readonly retries: boolean
  /** Whether a batch may be gone from the log, and from what the broker knows of the producer, by the time that it is sent again. */
  readonly mayForget: boolean
  readonly codec: Codec
  readonly inFlightMax: number
  readonly random: Random
  readonly figures: CampaignFigures
}

type Answer = Infer<(typeof produce)['response']>

interface Lane {
  readonly partition: number
  readonly ledger: Ledger
  readonly sender: Sender & { readonly sentAgain: Map<number, number> }
}

interface Sent {
  isSentAgain: boolean
  readonly batches: readonly { lane: Lane; firstNumber: number; count: number; bytes: Buffer }[]
}

export class LoadProducer {
  readonly #options: LoadProducerOptions
  readonly #lanes: readonly Lane[]
  readonly #inOrder = new Mutex()
  #unanswered: Sent[] = [] // oldest first

  constructor(options: LoadProducerOptions) {
    this.#options = options
    this.#lanes = options.ledgers.map((ledger, partition) => {
      const sender = { sentCount: 0, isIdempotent: options.producerId !== undefined, sentAgain: new Map<number, number>() }
      ledger.senders.set(options.name, sender)
      return { partition, ledger, sender }
    })
  }

  /** Until the broker is gone. Rejects when a request is refused. */
  async sendUntilKilled(bootstrap: string): Promise<void> {
    const { retries, inFlightMax } = this.#options
    const again = retries ? this.#unanswered : []
    this.#unanswered = [...again]
    for (const sent of again) this.#noteSentAgain(sent)
    const connection = await WireConnection.connect(bootstrap).catch(() => undefined)
    if (connection === undefined) return // killed before it was reached
    try {
      const unsent = [...again]
      await Promise.all(Array.from({ length: inFlightMax }, () => this.#sendInTurn(connection, unsent)))
    } catch (error) {
      if (!(error instanceof ConnectionClosed)) throw error
    } finally {
      connection.close()
    }
  }

  /** One request, answered. */
  async sendOne(connection: WireConnection): Promise<void> {
    const sent = await this.#newRequest()
    const answer = await this.#send(connection, sent).answer
    if (answer !== undefined) this.#noteAnswer(sent, answer)
  }

  async #sendInTurn(connection: WireConnection, again: Sent[]): Promise<void> {
    for (;;) {
      // Compressing may take a while, and what is numbered first must be on the wire first.
      const { sent, answer } = await this.#inOrder.run(async () => {
        const sent = again.shift() ?? (await this.#newRequest())
        return { sent, ...this.#send(connection, sent) }
      })
      const answered = await answer
      if (answered !== undefined) this.#noteAnswer(sent, answered)
      await setTimeout(this.#options.random() * PAUSE_MS_MAX)
    }
  }

  /** On the wire once this returns; resolves to the answer, if there is to be one. */
  #send(connection: WireConnection, { batches }: Sent): { answer: Promise<Answer | undefined> } {
    const { topic, acks, name, figures } = this.#options
    const partitionData = batches.map(({ lane, bytes }) => ({ index: lane.partition, records: bytes }))
    const request = { acks, timeoutMs: 30_000, topicData: [{ name: topic, partitionData }] }
    figures.sentBatches += batches.length
    for (const { bytes } of batches) figures.sentBytes += bytes.length
    if (acks !== 0) return { answer: connection.request(produce, PRODUCE_VERSION, request) }
    connection.send(Buffer.concat(encodeRequest(produce, PRODUCE_VERSION, 0, name, request)))
    return { answer: connection.isClosed ? Promise.reject(new ConnectionClosed('the connection is closed')) : Promise.resolve(undefined) }
  }

  #noteAnswer(sent: Sent, { responses }: Answer): void {
    const { name, topic, figures, mayForget } = this.#options
    for (const { index, errorCode, baseOffset } of responses[0]!.partitionResponses) {
      if (sent.isSentAgain && mayForget && errorName(errorCode) === 'OUT_OF_ORDER_SEQUENCE_NUMBER') continue
      if (errorCode !== 0) throw new Error(`${name} was refused on partition ${index} of ${topic}: ${errorName(errorCode)}`)
      const { lane, firstNumber, count, bytes } = sent.batches.find(({ lane }) => lane.partition === index)!
      for (let place = 0; place < count; place++)
        lane.ledger.promised.set(baseOffset + place, { producer: name, number: firstNumber + place })
      figures.acknowledgedBatches++
      figures.acknowledgedRecords += count
      figures.acknowledgedBytes += bytes.length
    }
    this.#unanswered.splice(this.#unanswered.indexOf(sent), 1)
  }

  #noteSentAgain(sent: Sent): void {
    const { batches } = sent
    sent.isSentAgain = true
    for (const { lane, firstNumber, count } of batches) {
      const { sentAgain } = lane.sender
      for (let number = firstNumber; number < firstNumber + count; number++) sentAgain.set(number, (sentAgain.get(number) ?? 0) + 1)
    }
  }

  async #newRequest(): Promise<Sent> {
    const { random } = this.#options
    const batches: Sent['batches'][number][] = []
    for (const lane of this.#lanes) {
      const count = 1 + below(random, chance(random, LARGE_BATCHES) ? LARGE_BATCH_MAX : SMALL_BATCH_MAX)
      const firstNumber = lane.sender.sentCount
      lane.sender.sentCount += count
      batches.push({ lane, firstNumber, count, bytes: await this.#batch(firstNumber, count) })
    }
    const sent = { batches, isSentAgain: false }
    if (this.#options.acks !== 0) this.#unanswered.push(sent)
    return sent
  }

  async #batch(firstNumber: number, count: number): Promise<Buffer> {
    const { name, keyed, codec, producerId } = this.#options
    const records = Array.from({ length: count }, (_, place) => bytesOf({ producer: name, number: firstNumber + place }, keyed))
    const identity = producerId === undefined ? {} : { producerId, producerEpoch: 0, baseSequence: firstNumber }
    const payload = await compress(codec, buildRecords(records))
    const attributes = CODECS.indexOf(codec)
    return buildBatch({ records, payload, attributes, baseTimestamp: BigInt(Date.now()), ...identity })
  }
}
