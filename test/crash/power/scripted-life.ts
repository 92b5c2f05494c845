// The life that is cut short: two runs of a broker with topics of every mode, requests over several partitions, alone and at once, an idempotent producer,
// segments that roll by time, checkpoints, retention and compaction, deleted records, altered configs, topics deleted and made again, a clean stop.

import type { FaultDisk } from '../../support/fault-disk.ts'
import type { ManualClock } from '../../support/manual-clock.ts'
import type { Topic } from '../../../src/topics/catalog.ts'
import { type Appending, LivingBroker } from './living-broker.ts'
import { Promises } from './promises.ts'

const SEGMENT_MS = 1000
const ROLLS = { 'segment.ms': String(SEGMENT_MS), 'index.interval.bytes': '150', 'file.delete.delay.ms': '500' }
const KEY_COUNT = 3

/** Numbers the records of each partition, and the sequences of a producer. */
class Writer {
  readonly #broker: LivingBroker
  readonly #producerId: number
  readonly #counts: Map<string, number>

  constructor(broker: LivingBroker, producerId: number, counts: Map<string, number>) {
    this.#broker = broker
    this.#producerId = producerId
    this.#counts = counts
  }

  batch(topic: Topic, partition: number, count: number): Appending {
    const name = `${topic.name}-${partition}`
    const first = this.#counts.get(topic.id + partition) ?? 0
    this.#counts.set(topic.id + partition, first + count)
    const isCompacted = topic.config['cleanup.policy'].includes('compact')
    const values = Array.from({ length: count }, (_, index) => {
      const number = first + index
      const isTombstone = isCompacted && number % 7 === 6
      const key = isCompacted ? `key ${number % KEY_COUNT}` : name
      return isTombstone ? key : `${key}=${name}/${number}${'.'.repeat((number * 37) % 90)}`
    })
    const isIdempotent = topic.name === 'synced'
    return {
      topic,
      partition,
      values,
      ...(isIdempotent ? { batch: { producerId: this.#producerId, producerEpoch: 0, baseSequence: first } } : {}),
    }
  }

  /** Several requests at once, of which each goes to all of the partitions. */
  async write(requestCount: number, ...partitions: readonly (readonly [Topic, number])[]): Promise<void> {
    const requests = Array.from({ length: requestCount }, (_, request) =>
      this.#broker.append(partitions.map(([topic, partition], index) => this.batch(topic, partition, 1 + ((request + index) % 3)))),
    )
    await Promise.all(requests)
  }
}

export async function live(disk: FaultDisk, clock: ManualClock): Promise<Promises> {
  const promises = new Promises()
  const position = (): number => disk.position
  const counts = new Map<string, number>()
  let broker = await LivingBroker.start(disk, clock, promises, position)
  const writer = new Writer(broker, await broker.newProducerId(), counts)
  const synced = await broker.create('synced', 2, ROLLS)
  const lax = await broker.create('lax', 1, { ...ROLLS, durability: 'os' })
  const timed = await broker.create('timed', 1, { ...ROLLS, durability: 'interval', 'durability.interval.ms': '300' })
  const retained = await broker.create('retained', 1, { ...ROLLS, 'retention.ms': '2500' })
  const compacted = await broker.create('compacted', 1, { ...ROLLS, 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.01' })
  const passing = await broker.create('passing', 1, ROLLS)
  await writer.write(1, [synced, 0])
  await writer.write(3, [synced, 0], [synced, 1], [lax, 0], [timed, 0], [passing, 0])
  await writer.write(2, [retained, 0], [compacted, 0])
  await broker.pass(SEGMENT_MS + 100)
  await writer.write(2, [synced, 1], [timed, 0], [compacted, 0], [retained, 0])
  await broker.delete(passing)
  const again = await broker.create('passing', 1, ROLLS)
  await Promise.all([writer.write(2, [synced, 0], [lax, 0]), writer.write(1, [again, 0])])
  await broker.deleteRecords(synced, 1, 3)
  await broker.pass(SEGMENT_MS + 100)
  await writer.write(1, [synced, 0], [synced, 1], [compacted, 0], [retained, 0], [lax, 0])
  await broker.alter(lax, 'durability', 'fsync')
  await writer.write(2, [lax, 0], [synced, 1])
  await broker.alter(synced, 'durability', 'os')
  await broker.pass(SEGMENT_MS + 100)
  await broker.alter(synced, 'durability', 'fsync')
  await writer.write(1, [synced, 0], [compacted, 0], [retained, 0])
  await broker.deleteRecords(synced, 1, 9)
  await broker.pass(SEGMENT_MS + 100)
  await broker.stop()
  broker = await LivingBroker.start(disk, clock, promises, position)
  await secondRun(
    broker,
    new Writer(broker, await broker.newProducerId(), new Map([...counts].filter(([key]) => !key.startsWith(synced.id)))),
  )
  return promises
}

/** It is not stopped. */
async function secondRun(broker: LivingBroker, writer: Writer): Promise<void> {
  const [synced, lax, compacted, retained] = ['synced', 'lax', 'compacted', 'retained'].map((name) => broker.topic(name)) as [
    Topic,
    Topic,
    Topic,
    Topic,
  ]
  await writer.write(2, [synced, 0], [synced, 1], [lax, 0])
  await broker.pass(SEGMENT_MS + 100)
  await writer.write(1, [compacted, 0], [retained, 0], [broker.topic('timed'), 0])
  await broker.delete(broker.topic('passing'))
  await broker.pass(SEGMENT_MS + 100)
  await writer.write(2, [synced, 0], [compacted, 0])
  await broker.pass(SEGMENT_MS + 100)
}
