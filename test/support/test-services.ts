// The handlers over a memory disk and a clock that stands still: a broker without sockets. `ask` sends one request and gives the answer, both through
// the codecs of the version, so that a test sees what a client of that version would.

import { resolveBrokerConfig } from '../../src/config/resolve.ts'
import type { Disk } from '../../src/disk/disk.ts'
import { MemoryDisk } from '../../src/disk/memory-disk.ts'
import { FetchSessions } from '../../src/handlers/fetch-sessions.ts'
import type { Accepted, RequestContext, RequestMemory, ServedApi } from '../../src/handlers/handler.ts'
import { servedApis } from '../../src/handlers/served-apis.ts'
import type { Services } from '../../src/handlers/services.ts'
import type { BufferPool } from '../../src/lib/buffer-pool.ts'
import type { Clock } from '../../src/lib/clock.ts'
import { GroupCoordinator } from '../../src/groups/coordinator.ts'
import { Catalog } from '../../src/topics/catalog.ts'
import { randomUuid } from '../../src/topics/data-folder.ts'
import { DynamicConfigs } from '../../src/topics/dynamic-configs.ts'
import { MetadataLog } from '../../src/topics/metadata-log.ts'
import { PartitionFolders } from '../../src/topics/partition-folders.ts'
import { Placement } from '../../src/topics/placement.ts'
import { RecordStore } from '../../src/topics/record-store.ts'
import { ProducerIds } from '../../src/transactions/producer-ids.ts'
import { ByteBudget } from '../../src/lib/byte-budget.ts'
import { requestCodec, responseCodec } from '../../src/wire/compile.ts'
import { Refusal } from '../../src/wire/error-codes.ts'
import { encodeBatch } from '../../src/wire/records/record.ts'
import { Reader } from '../../src/wire/reader.ts'
import type { Api, Draft, Infer } from '../../src/wire/schema.ts'
import { Writer } from '../../src/wire/writer.ts'
import { logServices } from './log-services.ts'
import { ManualClock } from './manual-clock.ts'

const connection = { id: 1, listenerName: 'PLAINTEXT', localAddress: '127.0.0.1', localPort: 9092, remoteAddress: '127.0.0.1' }
const LEADER_EPOCH = 5

/** Who asks; of the connection, what matters to the test. */
interface Peer {
  readonly signal?: AbortSignal | undefined
  readonly connectionId?: number
}

export interface TestServices extends Services {
  readonly clock: ManualClock
  readonly disk: MemoryDisk
  readonly served: readonly ServedApi[]
  /** What comes of an action for when an answer has left: done when it is encoded, unless a test says otherwise. */
  whenAnswerLeft: ((action: () => void) => void) | undefined
  ask<A extends Api>(api: A, apiVersion: number, request: Draft<A['request']>, peer?: AbortSignal | Peer): Promise<Infer<A['response']>>
  /** What the server sees: for answers that are none. */
  accept<A extends Api>(api: A, apiVersion: number, request: Draft<A['request']>): Accepted | Promise<Accepted>
  createTopic(name: string, partitionCount?: number, configs?: Record<string, string>): Promise<void>
}

/** Everything below the handlers, and they, on a memory disk. */
export async function openServicesAt<C extends Clock>(
  clock: C,
  flags: Record<string, string | number | boolean>,
  around: (disk: MemoryDisk) => Disk = (disk) => disk,
): Promise<
  Services & { readonly clock: C; readonly disk: MemoryDisk; readonly bufferPool: BufferPool; readonly served: readonly ServedApi[] }
> {
  const disk = new MemoryDisk()
  const logs = await logServices(around(disk), clock)
  const metadataLog = await MetadataLog.open('/data/__cluster_metadata-0', logs)
  const dynamicConfigs = new DynamicConfigs({ metadataLog, config: resolveBrokerConfig({ flags }).config })
  const { config } = dynamicConfigs
  const { turnShare } = logs
  const catalog = new Catalog({ metadataLog, turnShare, config, brokerId: 1, randomId: randomUuid, isCaseSensitive: true })
  const folders = new PartitionFolders({
    dataFolder: '/data',
    services: logs,
    config,
    leaderEpoch: LEADER_EPOCH,
    wasCompacted: () => false,
  })
  const records = new RecordStore({
    folders,
    clock,
    turnShare,
    bufferPool: logs.bufferPool,
    maxDecompressedBytes: config['max.decompressed.batch.bytes'],
  })
  catalog.follow(records)
  dynamicConfigs.follow(() => catalog.reconfigure())
  const placement = new Placement({ brokerId: 1, clusterId: 'test-cluster', leaderEpoch: LEADER_EPOCH, advertised: new Map() })
  const producerIds = new ProducerIds({ firstFree: 0, reserve: async () => undefined })
  const fetchSessions = new FetchSessions({ slots: config['max.incremental.fetch.session.cache.slots'], clock })
  const responseBudget = new ByteBudget(config['queued.max.response.bytes'])
  const groupConfig = (groupId: string) => dynamicConfigs.ofGroup(groupId)
  const { diagnostics } = logs
  const groups = new GroupCoordinator({ clock, turnShare, diagnostics, config, groupConfig, catalog, records, randomId: randomUuid })
  const services = {
    config,
    dynamicConfigs,
    clock,
    turnShare,
    catalog,
    placement,
    records,
    groups,
    producerIds,
    fetchSessions,
    responseBudget,
    disk,
  }
  return { ...services, bufferPool: logs.bufferPool, served: servedApis(services) }
}

/** `around` may make trouble between the logs and the disk. */
export async function openServices(
  flags: Record<string, string | number | boolean> = {},
  around?: (disk: MemoryDisk) => Disk,
): Promise<TestServices> {
  const services = await openServicesAt(new ManualClock(), flags, around)
  const { catalog, served } = services
  const handlerOf = (api: Api): ServedApi => served.find((one) => one.api.key === api.key)!

  const received = <A extends Api>(
    api: A,
    apiVersion: number,
    request: Draft<A['request']>,
    { signal = new AbortController().signal, connectionId = connection.id }: Peer = {},
  ): [object, RequestContext, (() => void)[]] => {
    const writer = new Writer()
    requestCodec(api, apiVersion).encode(writer, request)
    const bytes = Buffer.concat(writer.chunks())
    const left: (() => void)[] = []
    const memory: RequestMemory = {
      releaseRequest: () => void bytes.fill(0xdb), // the next request in the same memory
      whenAnswerLeft: (action) => (test.whenAnswerLeft ?? ((one) => left.push(one)))(action),
    }
    const body = requestCodec(api, apiVersion).decode(new Reader(bytes)) as object
    return [body, { apiVersion, clientId: 'test', connection: { ...connection, id: connectionId }, signal, memory }, left]
  }
  const accept: TestServices['accept'] = (api, apiVersion, request) => {
    const [body, context] = received(api, apiVersion, request)
    return handlerOf(api).accept(body, context)
  }

  const test: TestServices = {
    ...services,
    accept,
    whenAnswerLeft: undefined,
    async ask(api, apiVersion, request, peer) {
      const [body, context, left] = received(api, apiVersion, request, peer instanceof AbortSignal ? { signal: peer } : peer)
      let answer: object
      try {
        answer = (await (await handlerOf(api).accept(body, context)).answer) as object
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        answer = handlerOf(api).refuse(body, error, context) as object
      }
      const writer = new Writer()
      responseCodec(api, apiVersion).encode(writer, answer)
      const sent = Buffer.concat(writer.chunks())
      for (const action of left) action()
      return responseCodec(api, apiVersion).decode(new Reader(sent))
    },
    async createTopic(name, partitionCount = 1, configs = {}) {
      const [result] = await catalog.create([{ name, partitionCount, replicationFactor: -1, assignments: [], configs }])
      if (result instanceof Refusal) throw result
    },
  }
  return test
}

/** One batch with these values, a millisecond apart. */
export async function batchOf(values: readonly string[], timestamp = Date.UTC(2026, 0, 31)): Promise<Buffer> {
  return encodeBatch({ records: values.map((value, index) => ({ timestamp: timestamp + index, key: null, value: Buffer.from(value) })) })
}
