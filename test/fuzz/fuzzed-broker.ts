// The broker that is fuzzed: handlers and server as they are, on a memory disk, in this process, on a real socket. Its topics come in three kinds: those that
// inputs name, those that inputs make (swept away now and then), and the precious one, which no input knows and whose records must never change.

import { join } from 'node:path'
import { systemClock } from '../../src/lib/clock.ts'
import { createDiagnostics } from '../../src/lib/diagnostics.ts'
import { Server } from '../../src/server/listener.ts'
import { ServerCounters } from '../../src/server/server-counters.ts'
import { ALL_BROKERS } from '../../src/topics/dynamic-configs.ts'
import { Refusal } from '../../src/wire/error-codes.ts'
import { openServicesAt } from '../support/test-services.ts'
import type { ServedVersions } from './expected-answers.ts'

/** What inputs may name, with configs that send produced batches down different ways. */
const FUZZED_TOPICS: Readonly<Record<string, Record<string, string>>> = {
  plain: {},
  compacted: { 'cleanup.policy': 'compact' },
  'append-time': { 'message.timestamp.type': 'LogAppendTime' },
  'small-messages': { 'max.message.bytes': '300' },
  'small-segments': { 'segment.bytes': '1048576', 'index.interval.bytes': '100' },
  gzipped: { 'compression.type': 'gzip' },
  unpacked: { 'compression.type': 'uncompressed' },
}
export const fuzzedTopicNames = Object.keys(FUZZED_TOPICS)
const PARTITIONS = 2
export const PRECIOUS = 'precious'
/** Whatever inputs make of the broker's own configs, this topic's are its own. */
const PRECIOUS_CONFIGS = {
  'cleanup.policy': 'delete',
  'compression.type': 'producer',
  'max.message.bytes': '1048588',
  'message.timestamp.after.max.ms': '9223372036854775807',
  'message.timestamp.before.max.ms': '9223372036854775807',
  'message.timestamp.type': 'CreateTime',
  'retention.bytes': '-1',
  'retention.ms': '-1',
}

const DATA_FOLDER = '/data'
const quiet = createDiagnostics(systemClock, 'error', () => undefined) // and would count repeated errors, not tell them
export const REQUEST_BYTES_MAX = 4 << 20

export class FuzzedBroker {
  readonly #services: Awaited<ReturnType<typeof openServicesAt>>
  readonly #server: Server
  readonly #complaints: string[]
  #topicIds: string[] = []

  static async start(): Promise<FuzzedBroker> {
    const services = await openServicesAt(systemClock, { 'log.segment.delete.delay.ms': 0, 'max.decompressed.batch.bytes': 1 << 20 })
    const complaints: string[] = []
    const server = await Server.listen({
      listeners: [{ name: 'PLAINTEXT', host: '127.0.0.1', port: 0 }],
      served: services.served,
      diagnostics: { ...quiet, error: (message, fields) => complaints.push(`${message} ${JSON.stringify(fields)}`) },
      clock: systemClock,
      turnShare: services.turnShare,
      counters: new ServerCounters(),
      maxRequestBytes: REQUEST_BYTES_MAX,
      queuedRequestBytes: 4 * REQUEST_BYTES_MAX,
      bufferPool: services.bufferPool,
      responseBudget: services.responseBudget,
      maxIdleMs: 60_000,
      backlog: 511,
      connectionLimits: { total: Infinity, perAddress: Infinity, ofAddress: new Map() },
    })
    const broker = new FuzzedBroker(services, server, complaints)
    await broker.#create(PRECIOUS, PRECIOUS_CONFIGS)
    await broker.sweep()
    return broker
  }

  private constructor(services: Awaited<ReturnType<typeof openServicesAt>>, server: Server, complaints: string[]) {
    this.#services = services
    this.#server = server
    this.#complaints = complaints
  }

  get port(): number {
    return this.#server.addresses[0]!.port
  }

  /** Of the topics that inputs may name, as they were made last. */
  get topicIds(): readonly string[] {
    return this.#topicIds
  }

  get served(): ServedVersions {
    return new Map(this.#services.served.map(({ api, minVersion, maxVersion }) => [api.key, { minVersion, maxVersion }]))
  }

  /** Lines that the broker logged as errors since they were last taken: each of them is a finding. */
  takeComplaints(): string[] {
    return this.#complaints.splice(0)
  }

  /** Deletes every topic but the precious one, makes those that inputs name anew, and sets the broker's configs back. */
  async sweep(): Promise<void> {
    const { catalog, dynamicConfigs } = this.#services
    for (const resource of [ALL_BROKERS, '1']) await dynamicConfigs.alterBroker(resource, () => ({}), false)
    const others = Array.from(catalog.topics).filter(({ name }) => name !== PRECIOUS)
    for (const topic of others) await catalog.delete(topic)
    this.#topicIds = []
    for (const [name, configs] of Object.entries(FUZZED_TOPICS)) this.#topicIds.push(await this.#create(name, configs))
  }

  async diskBytes(folder = DATA_FOLDER): Promise<number> {
    const { disk } = this.#services
    let bytes = 0
    for (const name of (await disk.list(folder)) ?? []) {
      const path = join(folder, name)
      bytes += (await disk.list(path)) === undefined ? await disk.fileSize(path) : await this.diskBytes(path)
    }
    return bytes
  }

  async stop(): Promise<void> {
    await this.#server.stop(10_000)
    await this.#services.records.close()
  }

  async #create(name: string, configs: Record<string, string>): Promise<string> {
    const [created] = await this.#services.catalog.create([
      { name, partitionCount: PARTITIONS, replicationFactor: -1, assignments: [], configs },
    ])
    if (created === undefined || created instanceof Refusal) throw created ?? new Error(name)
    return created.id
  }
}
