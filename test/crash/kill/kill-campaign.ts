// Rounds of a broker's life under mixed load, each ended by kill -9 (or, now and then, by a clean stop). After each start everything that came since the
// last one is read back and judged, from time to time everything that there is; then the load goes on. What a round does follows from the seed, as far
// as a real process can be told when to die.

import { cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { METADATA_LOG } from '../../../src/cli/offline/metadata.ts'
import { fileSystem } from '../../../src/disk/disk.ts'
import { verify } from '../../../src/upkeep/verify.ts'
import { initProducerId } from '../../../src/wire/messages/init-producer-id.ts'
import { listOffsets } from '../../../src/wire/messages/list-offsets.ts'
import { metadata } from '../../../src/wire/messages/metadata.ts'
import { killOttlaWhileItStarts, type OttlaOptions, type OttlaProcess, startOttla } from '../../support/broker-process.ts'
import type { Breach } from '../../support/partition-judge.ts'
import { below, chance, pick, pickWeighted, type Random, randomFrom } from '../../support/random.ts'
import { ConnectionClosed, WireConnection } from '../../support/wire-connection.ts'
import { WireReader } from '../../support/wire-reader.ts'
import { Administrator } from './administrator.ts'
import { CampaignFigures } from './campaign-figures.ts'
import { type Bounds, LoadTopic } from './load-topic.ts'
import { TOPIC_KINDS } from './topic-kinds.ts'

const LOAD_MS_MAX = 500
const STOP_MS_MAX = 60
const KILLED_STARTS = [
  { weight: 12, count: 0 },
  { weight: 3, count: 1 },
  { weight: 1, count: 2 },
]
const ENDS = [
  { weight: 15, end: 'kill' },
  { weight: 4, end: 'kill while it stops' },
  { weight: 1, end: 'stop' },
] as const
const TOPIC_LIFE_ROUNDS = 8
const ANEW_EVERY = 10
const VERIFY_EVERY = 4
const HISTORY_KEPT = 500

export interface CampaignOptions {
  readonly seed: number
  readonly dataFolder: string
  /** Copies the data folder before each start, so that a failure leaves both what the start found and what it made of it. */
  readonly keepsCopies: boolean
}

export class KillCampaign {
  readonly figures = new CampaignFigures()
  readonly #options: CampaignOptions
  readonly #random: Random
  readonly #administrator: Administrator
  readonly #producerIds = new Set<number>()
  readonly #ages = new Map<LoadTopic, number>()
  readonly #history: string[] = []
  #broker: OttlaProcess | undefined
  #topicCount = 0
  #startMs = 300
  #leaderEpoch = -1

  constructor(options: CampaignOptions) {
    this.#options = options
    this.#random = randomFrom(options.seed)
    this.#administrator = new Administrator({ random: this.#random, figures: this.figures })
  }

  /** A sentence for each broken promise that this round found. */
  async round(): Promise<string[]> {
    const breaches = await this.#startAndJudge(this.figures.rounds % ANEW_EVERY === ANEW_EVERY - 1)
    if (breaches.length > 0) return breaches.map(({ message }) => message)
    await this.#renewTopics()
    const { end } = pickWeighted(this.#random, ENDS)
    const loadMs = this.#random() * LOAD_MS_MAX
    this.#note(`load for ${loadMs.toFixed(1)} ms, then ${end}`)
    await this.#load(loadMs, end)
    this.figures.rounds++
    if (this.figures.rounds % VERIFY_EVERY !== 0) return []
    return this.#verify()
  }

  /** After the last round: everything is read once more. */
  async end(): Promise<string[]> {
    const breaches = await this.#startAndJudge(true)
    await this.#broker!.stop()
    return [...breaches.map(({ message }) => message), ...(await this.#verify())]
  }

  async kill(): Promise<void> {
    await this.#broker?.kill()
  }

  /** For a failure: everything that helps to find out why. */
  async keep(folder: string, why: unknown): Promise<void> {
    const output = this.#broker?.output ?? ''
    await this.kill()
    mkdirSync(folder, { recursive: true })
    renameSync(this.#options.dataFolder, join(folder, 'data'))
    if (this.#options.keepsCopies) renameSync(this.#before, join(folder, 'data-before-the-start'))
    writeFileSync(join(folder, 'broker.log'), output)
    writeFileSync(join(folder, 'history.txt'), `${this.#history.join('\n')}\n${String(why)}\n`)
  }

  get #ottla(): OttlaOptions & { dataFolder: string } {
    return { dataFolder: this.#options.dataFolder, flags: BROKER_FLAGS }
  }

  /** As the last round left it, before the start that judged it. */
  get #before(): string {
    return `${this.#options.dataFolder}-before`
  }

  async #startAndJudge(anew: boolean): Promise<Breach[]> {
    if (this.#options.keepsCopies) this.#copy()
    const { count } = pickWeighted(this.#random, KILLED_STARTS)
    for (let killed = 0; killed < count; killed++) {
      const afterMs = this.#random() * this.#startMs
      this.#note(`start, killed after ${afterMs.toFixed(1)} ms`)
      await killOttlaWhileItStarts(this.#ottla, afterMs)
      this.figures.kills.inStart++
    }
    const startedMs = performance.now()
    this.#broker = await startOttla(this.#ottla)
    const tookMs = performance.now() - startedMs
    this.#startMs = 0.8 * this.#startMs + 0.2 * tookMs
    this.figures.longestRestartMs = Math.max(this.figures.longestRestartMs, tookMs)
    this.#note(`started in ${tookMs.toFixed(0)} ms`)
    return this.#judge(anew)
  }

  #copy(): void {
    rmSync(this.#before, { recursive: true, force: true })
    cpSync(this.#options.dataFolder, this.#before, { recursive: true, filter: (path) => !path.endsWith('.sock') }) // cpSync copies no sockets
  }

  async #judge(anew: boolean): Promise<Breach[]> {
    const { bootstrap } = this.#broker!
    const connection = await WireConnection.connect(bootstrap)
    const breaches = await this.#administrator.settle(connection)
    if (breaches.length === 0) {
      const { topics } = this.#administrator
      const bounds = await boundsOf(connection, topics)
      const reader = await WireReader.connect(bootstrap)
      for (const topic of topics) breaches.push(...(await topic.judge(reader, bounds.get(topic.name)!, anew)))
      reader.close()
      breaches.push(...(await this.#judgeEpoch(connection)))
    }
    connection.close()
    return breaches
  }

  async #judgeEpoch(connection: WireConnection): Promise<Breach[]> {
    const { topics } = await connection.request(metadata, 9, { topics: null, allowAutoTopicCreation: false })
    const epochs = topics.flatMap(({ partitions }) => partitions.map(({ leaderEpoch }) => leaderEpoch))
    const before = this.#leaderEpoch
    this.#leaderEpoch = Math.max(before, ...epochs)
    if (epochs.every((epoch) => epoch > before)) return []
    return [{ kind: 'misplaced', message: `the leader epochs are ${epochs.join()}, after ${before}` }]
  }

  async #renewTopics(): Promise<void> {
    const connection = await WireConnection.connect(this.#broker!.bootstrap)
    for (const [topic, age] of this.#ages) {
      this.#ages.set(topic, age + 1)
      if (age < TOPIC_LIFE_ROUNDS) continue
      await this.#administrator.deleteLasting(connection, topic)
      this.#ages.delete(topic)
    }
    for (const kind of TOPIC_KINDS) {
      if ([...this.#ages.keys()].some((topic) => topic.kind === kind)) continue
      const options = { name: `${kind.name}-${++this.#topicCount}`, kind, random: this.#random, figures: this.figures }
      const topic = new LoadTopic(options)
      await this.#administrator.createLasting(connection, topic)
      await topic.addProducers(options, () => this.#newProducerId(connection))
      this.#ages.set(topic, below(this.#random, TOPIC_LIFE_ROUNDS))
    }
    connection.close()
  }

  async #newProducerId(connection: WireConnection): Promise<number> {
    const { producerId } = await connection.request(initProducerId, 4, { transactionalId: null, transactionTimeoutMs: 60_000 })
    if (this.#producerIds.has(producerId)) throw new Error(`producer id ${producerId} was handed out twice`)
    this.#producerIds.add(producerId)
    return producerId
  }

  async #load(loadMs: number, end: (typeof ENDS)[number]['end']): Promise<void> {
    const broker = this.#broker!
    const { bootstrap } = broker
    const loads = [
      ...this.#administrator.lasting.map((topic) => topic.sendUntilKilled(bootstrap)),
      this.#administrator.actUntilKilled(bootstrap),
      this.#readUntilKilled(bootstrap),
    ]
    const loaded = Promise.all(loads)
    loaded.catch(() => undefined) // told when the broker is gone
    await setTimeout(loadMs)
    if (end === 'kill') {
      await broker.kill()
      this.figures.kills.underLoad++
    } else {
      const stopped = broker.stop()
      if (end === 'stop') this.figures.cleanStops++
      else {
        stopped.catch(() => undefined)
        await setTimeout(this.#random() * STOP_MS_MAX)
        await broker.kill()
        this.figures.kills.inStop++
      }
      await stopped.catch((error: unknown) => {
        if (end === 'stop') throw error
      })
    }
    await loaded
  }

  /** What a reader was shown before the kill must be there after it. */
  async #readUntilKilled(bootstrap: string): Promise<void> {
    const reader = await WireReader.connect(bootstrap).catch(() => undefined)
    if (reader === undefined) return
    try {
      for (;;) {
        const topic = pick(this.#random, this.#administrator.lasting)
        await topic.readOn(reader, pick(this.#random, topic.partitions))
        await setTimeout(chance(this.#random, 0.1) ? 20 : 0)
      }
    } catch (error) {
      if (!(error instanceof ConnectionClosed)) throw error
    } finally {
      reader.close()
    }
  }

  /** The folder as the broker left it. */
  async #verify(): Promise<string[]> {
    const damages: string[] = []
    const totals = { bytes: 0, batches: 0, records: 0 }
    const kind = { kind: 'data folder', dataFolder: this.#options.dataFolder, only: undefined } as const
    await verify(kind, {
      disk: fileSystem,
      metadata: METADATA_LOG,
      totals,
      report: ({ level, file, message }) => void (level === 'damage' && damages.push(`${file}: ${message}`)),
    })
    this.figures.verifications++
    return damages
  }

  #note(line: string): void {
    this.#history.push(`round ${this.figures.rounds}: ${line}`)
    if (this.#history.length > HISTORY_KEPT) this.#history.shift()
  }
}

/** Upkeep never rests. */
const BROKER_FLAGS = ['log.retention.check.interval.ms=100', 'log.cleaner.backoff.ms=100', 'durability.interval.ms=20'].flatMap(
  (config) => ['--set', config],
)
const [EARLIEST, LATEST] = [-2, -1] as const

/** By topic, in the order of its partitions. */
async function boundsOf(connection: WireConnection, topics: readonly LoadTopic[]): Promise<Map<string, Bounds[]>> {
  const offsets = async (timestamp: number): Promise<Map<string, number[]>> => {
    const asked = topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ index }) => ({ partitionIndex: index, timestamp })),
    }))
    const answer = await connection.request(listOffsets, 5, { replicaId: -1, topics: asked })
    return new Map(answer.topics.map(({ name, partitions }) => [name, partitions.map(({ offset }) => offset)]))
  }
  const [starts, ends] = [await offsets(EARLIEST), await offsets(LATEST)]
  return new Map([...starts].map(([name, list]) => [name, list.map((start, index) => ({ start, end: ends.get(name)![index]! }))]))
}
