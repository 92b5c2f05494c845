// A broker under watch, and what scenes do with it: each step of a scene is a row of the table, with the longest stall of the broker's event loop in it.

import { setTimeout as sleep } from 'node:timers/promises'
import { EARLIEST } from '../../src/client/admin.ts'
import { encodeRequest } from '../../src/wire/frame.ts'
import { deleteTopics } from '../../src/wire/messages/delete-topics.ts'
import type { Api, Draft, Infer } from '../../src/wire/schema.ts'
import { createTopics } from '../../test/support/create-topics.ts'
import { offsetAt } from '../../test/support/offset-at.ts'
import { WireConnection } from '../../test/support/wire-connection.ts'
import { newFolder, removeFolder } from '../broker/left-behind.ts'
import { type Ottla, startOttla } from '../broker/ottla.ts'
import type { SeenStall } from './counted.ts'

export interface Scene {
  readonly name: string
  readonly durability?: string
  readonly settings?: readonly string[]
  readonly play: (stage: Stage) => Promise<void>
}

export interface Row extends SeenStall {
  readonly step: string
  readonly seconds: number
  readonly rssMegabytes: number
}

export interface StageOptions {
  /** Where its folder goes. */
  readonly folder: string
  readonly nodeFlags: readonly string[]
  /** Of what is written, how much: 1 is all of it. */
  readonly scale: number
  readonly told: (row: Row) => void
}

const SETTLE_MS = 300 // what a step leaves to be done belongs to it
const TIMEOUT_MS = 60_000

export class Stage {
  readonly rows: Row[] = []
  readonly scale: number
  readonly dataFolder: string
  readonly #scene: Scene
  readonly #options: StageOptions
  #broker!: Ottla
  #connection!: WireConnection

  static async open(scene: Scene, options: StageOptions): Promise<Stage> {
    const stage = new Stage(scene, options)
    await stage.#start()
    await stage.#broker.report() // the start is no step
    return stage
  }

  private constructor(scene: Scene, options: StageOptions) {
    this.#scene = scene
    this.#options = options
    this.scale = options.scale
    this.dataFolder = newFolder(options.folder)
  }

  get broker(): Ottla {
    return this.#broker
  }

  /** Does it, and notes the longest stall meanwhile. What came before it is nobody's. */
  async step<T>(title: string, work: () => Promise<T>): Promise<T> {
    await this.#broker.report()
    return this.#watched(title, work)
  }

  /** A step on a broker that was started anew: `work` is done as soon as it is ready. */
  async restart(title: string, how: 'stop' | 'kill', work: () => Promise<void>): Promise<void> {
    this.#connection.close()
    await this.#broker[how]()
    await this.#start()
    await this.step(title, work)
  }

  connect(): Promise<WireConnection> {
    return WireConnection.connect(this.#broker.bootstrap)
  }

  connections(count: number): Promise<WireConnection[]> {
    return Promise.all(Array.from({ length: count }, () => this.connect()))
  }

  request<A extends Api>(api: A, version: number, request: Draft<A['request']>): Promise<Infer<A['response']>> {
    return this.#connection.request(api, version, request)
  }

  createTopics(names: readonly string[], numPartitions: number, configs: Readonly<Record<string, string>> = {}): Promise<void> {
    return createTopics(this.#connection, names, numPartitions, configs)
  }

  /** All in one request. */
  async deleteTopics(names: readonly string[]): Promise<void> {
    const { responses } = await this.request(deleteTopics, 5, { topicNames: [...names], timeoutMs: TIMEOUT_MS })
    for (const { name, errorCode } of responses) if (errorCode !== 0) throw new Error(`error ${errorCode} for topic ${name}`)
  }

  /** Of partition 0. */
  startOffset(topic: string): Promise<number> {
    return offsetAt(this.#connection, topic, 0, EARLIEST)
  }

  async close(): Promise<void> {
    this.#connection.close()
    await this.#broker.stop()
    removeFolder(this.dataFolder)
  }

  async #watched<T>(title: string, work: () => Promise<T>): Promise<T> {
    const startMs = performance.now()
    const done = await work()
    const seconds = (performance.now() - startMs) / 1000
    await sleep(SETTLE_MS)
    const { stall, ownStall, memory } = await this.#broker.report()
    const row = { step: `${this.#scene.name}: ${title}`, seconds, stall, ownStall, rssMegabytes: memory.rss / 1e6 }
    this.rows.push(row)
    this.#options.told(row)
    return done
  }

  async #start(): Promise<void> {
    const { durability = 'fsync', settings = [] } = this.#scene
    const { nodeFlags } = this.#options
    this.#broker = await startOttla({ folder: this.dataFolder, durability, settings, isWatched: true, nodeFlags })
    this.#connection = await this.connect()
  }
}

/** For `exchange`: the answer is not decoded. */
export const frameOf = <A extends Api>(api: A, version: number, request: Draft<A['request']>): Buffer =>
  Buffer.concat(encodeRequest(api, version, 1, 'bench', request))

export const count = (length: number): number[] => Array.from({ length }, (_, index) => index)
