// One topic of a campaign: who sends to it, and the account of what each of its partitions must hold after a kill.

import type { Codec } from '../../../src/wire/records/codecs.ts'
import { judgeCompacted } from '../../support/compacted-judge.ts'
import { type Breach, type Ledger, lostBelow, PartitionJudge } from '../../support/partition-judge.ts'
import { below, pick, type Random } from '../../support/random.ts'
import { FetchRefused, recordsOf, type WireReader, type WireRecord } from '../../support/wire-reader.ts'
import type { CampaignFigures } from './campaign-figures.ts'
import { LoadProducer } from './load-producer.ts'
import { keys, recordIn } from './sent-records.ts'
import type { TopicKind } from './topic-kinds.ts'

const PARTITIONS_MAX = 3
const CODECS: readonly Codec[] = ['none', 'none', 'gzip', 'snappy', 'lz4', 'zstd']

/** Where a partition begins and ends for readers. */
export interface Bounds {
  readonly start: number
  readonly end: number
}

export interface LoadPartition {
  readonly index: number
  readonly ledger: Ledger
  /** As far as some reader was told. */
  shown: { start: number; end: number }
  /** What DeleteRecords was asked for at most, and answered at most. */
  readonly deletion: { asked: number; answered: number }
  judge: PartitionJudge
}

export interface LoadTopicOptions {
  readonly name: string
  readonly kind: TopicKind
  readonly random: Random
  readonly figures: CampaignFigures
}

type ProducerOptions = Pick<LoadTopicOptions, 'random' | 'figures'>

export class LoadTopic {
  readonly name: string
  readonly kind: TopicKind
  readonly partitions: readonly LoadPartition[]
  /** What was answered (undefined: nothing yet), and what was asked for since, by config. */
  readonly configs = new Map<string, { answered: string | undefined; asked: string[] }>()
  readonly #figures: CampaignFigures
  readonly #producers: LoadProducer[] = []

  constructor({ name, kind, random, figures }: LoadTopicOptions) {
    this.name = name
    this.kind = kind
    this.#figures = figures
    this.partitions = Array.from({ length: 1 + below(random, PARTITIONS_MAX) }, (_, index) => newPartition(index))
  }

  /** For one that the administrator writes to, now and then. */
  oneProducer({ random, figures }: ProducerOptions): LoadProducer {
    const ledgers = this.partitions.map(({ ledger }) => ledger)
    const name = `${this.name}/administrator-${random().toString(36).slice(2)}`
    const options = {
      topic: this.name,
      keyed: this.kind.keyed,
      mayForget: false,
      ledgers,
      random,
      figures,
      producerId: undefined,
      codec: 'none',
    } as const
    return new LoadProducer({ ...options, name, acks: -1, retries: false, inFlightMax: 1 })
  }

  /** One that is idempotent, one that retries, and one that does as it likes. */
  async addProducers({ random, figures }: ProducerOptions, newProducerId: () => Promise<number>): Promise<void> {
    const shared = {
      topic: this.name,
      keyed: this.kind.keyed,
      mayForget: this.kind.start === 'moving',
      ledgers: this.partitions.map(({ ledger }) => ledger),
      random,
      figures,
    }
    const plain = { producerId: undefined, codec: pick(random, CODECS), inFlightMax: 1 + below(random, 3) }
    this.#producers.push(
      new LoadProducer({
        ...shared,
        name: `${this.name}/idempotent`,
        producerId: await newProducerId(),
        acks: -1,
        retries: true,
        codec: pick(random, CODECS),
        inFlightMax: 1 + below(random, 3),
      }),
      new LoadProducer({ ...shared, ...plain, name: `${this.name}/retrying`, acks: pick(random, [-1, 1]), retries: true }),
      new LoadProducer({ ...shared, ...plain, name: `${this.name}/careless`, acks: pick(random, [-1, 1, 0]), retries: false }),
    )
  }

  async sendUntilKilled(bootstrap: string): Promise<void> {
    await Promise.all(this.#producers.map((producer) => producer.sendUntilKilled(bootstrap)))
  }

  /** Reads what came since the last time, or `anew` everything, up to the bounds of now. */
  async judge(reader: WireReader, bounds: readonly Bounds[], anew: boolean): Promise<Breach[]> {
    const breaches: Breach[] = []
    for (const partition of this.partitions) {
      const found = await this.#judgePartition(partition, reader, bounds[partition.index]!, anew)
      breaches.push(...found.map(({ kind, message }) => ({ kind, message: `${this.name}-${partition.index}: ${message}` })))
    }
    this.#figures.note(breaches)
    return breaches
  }

  /** Goes on reading while the broker is under load: whatever it shows it has promised. */
  async readOn(reader: WireReader, partition: LoadPartition): Promise<void> {
    const { shown, ledger } = partition
    const { batches, highWatermark } = await reader.fetchBatches(this.name, partition.index, shown.end, 0).catch((error: unknown) => {
      if (error instanceof FetchRefused && error.error === 'OFFSET_OUT_OF_RANGE' && this.kind.start !== 'fixed') return NOTHING
      throw error
    })
    for (const batch of batches) {
      for (const record of await recordsOf(batch)) {
        const sent = recordIn(record, this.kind.keyed)
        if (sent) ledger.promised.set(record.offset, sent)
      }
    }
    shown.end = Math.max(shown.end, highWatermark)
  }

  async #judgePartition(partition: LoadPartition, reader: WireReader, bounds: Bounds, anew: boolean): Promise<Breach[]> {
    const breaches = [...this.#judgeBounds(partition, bounds)]
    partition.shown = { ...bounds }
    if (this.kind.keyed === 'by key') {
      const found = await this.#read(partition, reader, bounds, bounds.start)
      const { ledger } = partition
      const records = found.map((record) => ({ offset: record.offset, key: record.key!, record: recordIn(record, 'by key') }))
      return [...breaches, ...judgeCompacted(ledger, keys, records, bounds.end)]
    }
    if (anew) partition.judge = new PartitionJudge(partition.ledger)
    const { judge } = partition
    judge.beginAt(bounds.start)
    for (const record of await this.#read(partition, reader, bounds, judge.nextOffset)) {
      judge.beginAt(partition.shown.start)
      const sent = recordIn(record, 'by producer') ?? undefined
      if (record.offset >= judge.nextOffset)
        breaches.push(...judge.take({ offset: record.offset, leaderEpoch: record.leaderEpoch, record: sent }))
    }
    judge.beginAt(partition.shown.start) // nothing may be left of what was there a moment ago
    return [...breaches, ...judge.end(bounds.end)]
  }

  #judgeBounds({ ledger, shown, deletion }: LoadPartition, { start, end }: Bounds): Breach[] {
    const breaches: Breach[] = []
    if (start < deletion.answered)
      // where retention was about to move it may be forgotten: then the records are there, too
      breaches.push({ kind: 'misplaced', message: `it begins at offset ${start}; what lies below ${deletion.answered} was deleted` })
    if (end < shown.end) breaches.push({ kind: 'lost', message: `it ends at offset ${end}, after readers were told of ${shown.end}` })
    const mayBeginAt = { fixed: 0, requested: deletion.asked, moving: end }[this.kind.start]
    if (start > mayBeginAt) breaches.push({ kind: 'lost', message: `it begins at offset ${start}, later than ${mayBeginAt}` })
    return [...breaches, ...lostBelow(ledger, start, mayBeginAt)]
  }

  /** Where old segments go meanwhile, it begins again at what is left. */
  async #read(
    partition: LoadPartition,
    reader: WireReader,
    { end }: Bounds,
    from: number,
  ): Promise<(WireRecord & { leaderEpoch: number })[]> {
    const found: (WireRecord & { leaderEpoch: number })[] = []
    for (let next = from; next < end;) {
      const { batches } = await reader.fetchBatches(this.name, partition.index, next, 0).catch(async (error: unknown) => {
        if (!(error instanceof FetchRefused && error.error === 'OFFSET_OUT_OF_RANGE' && this.kind.start === 'moving')) throw error
        next = partition.shown.start = await reader.startOf(this.name, partition.index)
        found.length = 0
        return NOTHING
      })
      for (const batch of batches) {
        if (!batch.isCrcValid) throw new Error(`the batch at offset ${batch.baseOffset} of ${this.name}-${partition.index} is damaged`)
        const leaderEpoch = batch.partitionLeaderEpoch
        for (const record of await recordsOf(batch)) if (record.offset >= next) found.push({ ...record, leaderEpoch })
        next = batch.lastOffset + 1
      }
    }
    this.#figures.judgedRecords += found.length
    return found
  }
}

const NOTHING = { batches: [], highWatermark: 0 }

function newPartition(index: number): LoadPartition {
  const ledger: Ledger = { promised: new Map(), senders: new Map() }
  return { index, ledger, shown: { start: 0, end: 0 }, deletion: { asked: 0, answered: 0 }, judge: new PartitionJudge(ledger) }
}
