// runBroker: builds every part, joins them, and stops them in reverse. The only file that knows all rooms.
// Order at start: the folder and its lock; what exists (the metadata log); the data (every partition, recovered); the sockets. Nobody is let in before
// everything that was acknowledged is there again.

import { join, resolve } from 'node:path'
import { BrokerCounters } from './broker-counters.ts'
import { bracketed, type Endpoint, isEveryInterface } from './config/endpoints.ts'
import type { BrokerConfig } from './config/resolve.ts'
import { fileSystem } from './disk/disk.ts'
import type { Disk } from './disk/disk.ts'
import { FilePool } from './disk/file-pool.ts'
import { MemoryDisk } from './disk/memory-disk.ts'
import { lockFolder } from './disk/folder-lock.ts'
import type { FolderLock } from './disk/folder-lock.ts'
import { FetchSessions } from './handlers/fetch-sessions.ts'
import { servedApis } from './handlers/served-apis.ts'
import { BufferPool } from './lib/buffer-pool.ts'
import { ByteBudget } from './lib/byte-budget.ts'
import { systemClock } from './lib/clock.ts'
import type { Clock } from './lib/clock.ts'
import { createDiagnostics } from './lib/diagnostics.ts'
import type { Diagnostics, LogLine } from './lib/diagnostics.ts'
import type { MetricSamples } from './lib/counters.ts'
import { watchEventLoop } from './lib/event-loop.ts'
import { LogCheckpoints } from './log/checkpoints.ts'
import { FolderDeletions } from './log/folder-deletions.ts'
import { deleteLogFolder, listLogFolders, removeDeletedLogFolders } from './log/log-folders.ts'
import type { LogServices } from './log/log-settings.ts'
import { TailCache } from './log/tail-cache.ts'
import { Server, type ServerOptions } from './server/listener.ts'
import { Catalog } from './topics/catalog.ts'
import { openDataFolder, randomUuid } from './topics/data-folder.ts'
import type { DataFolder } from './topics/data-folder.ts'
import { DynamicConfigs } from './topics/dynamic-configs.ts'
import { MetadataLog } from './topics/metadata-log.ts'
import { PartitionFolders } from './topics/partition-folders.ts'
import { Placement } from './topics/placement.ts'
import { RecordStore } from './topics/record-store.ts'
import { METADATA_TOPIC } from './topics/topic-names.ts'
import { ProducerIds } from './transactions/producer-ids.ts'

export interface RunOptions {
  readonly config: BrokerConfig
  /** Gets every log line from `log.level` on. */
  readonly log: (line: LogLine) => void
}

interface BrokerSummary {
  readonly topics: number
  readonly partitions: number
  readonly bytes: number
}

/** Plain data, as `ottla status --json` prints it. */
export interface BrokerStatus extends BrokerSummary {
  /** Different for every start. */
  readonly runId: string
  readonly startedMs: number
  readonly timeMs: number
  readonly bootstrapServers: string
  readonly dataFolder: string
  readonly metrics: readonly MetricSamples[]
}

export interface Broker {
  /** `host:port` of every listener, joined with commas, as clients on this machine take it. */
  readonly bootstrapServers: string
  readonly summary: BrokerSummary
  /** What it has counted since it started, and what is going on: docs/metrics.md names it all. */
  status(): BrokerStatus
  /** Resolves when the broker has stopped after `close`; rejects when it had to stop by itself. */
  readonly closed: Promise<void>
  /** Answers everything accepted, ends what is parked, and stops. What is not done after `graceMs` is cut off; a second call may shorten it. */
  close(graceMs?: number): Promise<void>
}

const TAIL_CACHE_BYTES = 64 << 20
const OPEN_FILES_MAX = 500
const GRACE_MS = 10_000
const OPENING_AT_ONCE = 64
/** A memory is nobody else's. */
const lockMemory = (): FolderLock => ({ token: randomUuid(), release: async () => undefined })

/**
 * Starts a broker on the data folder of the config. Rejects, and leaves nothing behind, with CannotListen, FolderInUse or UnusableDataFolder, or with
 * the disk's own error.
 */
export async function runBroker({ config, log }: RunOptions): Promise<Broker> {
  const clock = systemClock
  const isInMemory = config.storage === 'memory'
  const disk = isInMemory ? new MemoryDisk() : fileSystem
  const diagnostics = createDiagnostics(clock, config['log.level'], log)
  const path = resolve(config['log.dirs'])
  await disk.makeFolder(path)
  const lock = isInMemory ? lockMemory() : await lockFolder(path)
  try {
    const folder = await openDataFolder(disk, path, config['node.id'])
    const parts = { config, clock, disk, diagnostics, lock, folder, counters: new BrokerCounters(), startedMs: clock.now() }
    return await startLocked(parts)
  } catch (error) {
    await lock.release()
    throw error
  }
}

interface Parts {
  readonly config: BrokerConfig
  readonly clock: Clock
  readonly disk: Disk
  readonly diagnostics: Diagnostics
  readonly lock: FolderLock
  readonly folder: DataFolder
  readonly counters: BrokerCounters
  readonly startedMs: number
}

async function startLocked(parts: Parts): Promise<Broker> {
  const { clock, disk, diagnostics, folder } = parts
  const filePool = new FilePool(disk, OPEN_FILES_MAX)
  const checkpoints = await LogCheckpoints.open({ dataFolder: folder.path, disk, clock, diagnostics })
  try {
    const tailCache = new TailCache(TAIL_CACHE_BYTES)
    const deletions = new FolderDeletions({ disk, clock, diagnostics })
    const shared = { filePool, bufferPool: new BufferPool(), checkpoints, tailCache, deletions }
    return await startWith(parts, { disk, clock, diagnostics, ...shared, counters: parts.counters.log })
  } catch (error) {
    await checkpoints.abandon()
    await filePool.close()
    throw error
  }
}

async function startWith(parts: Parts, services: LogServices): Promise<Broker> {
  const { clock, diagnostics, folder, counters, startedMs } = parts
  const { bufferPool, checkpoints, filePool } = services
  const { metadataLog, dynamicConfigs, catalog, leaderEpoch, nextProducerId } = await readMetadata(parts, services)
  const { config } = dynamicConfigs
  const folders = new PartitionFolders({ dataFolder: folder.path, services, config, leaderEpoch })
  const records = new RecordStore({ folders, clock, bufferPool, maxDecompressedBytes: config['max.decompressed.batch.bytes'] })
  await removeLeftovers(parts, catalog, checkpoints)
  await openTopics(catalog, records)
  catalog.follow(records)
  dynamicConfigs.follow(() => catalog.reconfigure())
  const responseBudget = new ByteBudget(config['queued.max.response.bytes'])
  const fetchSessions = new FetchSessions({ slots: config['max.incremental.fetch.session.cache.slots'], clock })
  const server = await Server.listen({
    listeners: config.listeners,
    served: servedApis({
      config,
      dynamicConfigs,
      clock,
      catalog,
      records,
      placement: placementOf(parts, leaderEpoch),
      producerIds: new ProducerIds({
        firstFree: nextProducerId,
        reserve: (reserved) => metadataLog.append([{ type: 'producer-ids', nextProducerId: reserved }]),
      }),
      fetchSessions,
      responseBudget,
    }),
    diagnostics,
    clock,
    counters: counters.server,
    bufferPool,
    responseBudget,
    ...serverLimits(config),
  })
  counters.name({ ...services, records, fetchSessions, topicCount: () => [...catalog.topics].length, startedMs })
  const eventLoop = watchEventLoop(clock, counters.eventLoopDelays)
  const stop = async (): Promise<void> => {
    eventLoop.stop()
    await records.close()
    await services.deletions.close()
    await metadataLog.close()
    await checkpoints
      .close()
      .catch((error: unknown) =>
        diagnostics.warn('the checkpoints could not be written; the next start has more to recover', { error: String(error) }),
      )
    await filePool.close()
    await parts.lock.release()
  }
  return runningBroker(parts, { server, metadataLog, catalog, records, stop })
}

/** What exists, as of the last run. */
async function readMetadata({ config, folder }: Parts, services: LogServices) {
  const metadataLog = await MetadataLog.open(join(folder.path, `${METADATA_TOPIC}-0`), services)
  const dynamicConfigs = new DynamicConfigs({ metadataLog, config })
  const catalog = new Catalog({
    metadataLog,
    config: dynamicConfigs.config,
    brokerId: config['node.id'],
    randomId: randomUuid,
    isCaseSensitive: folder.isCaseSensitive,
  })
  const numbers = await replay(metadataLog, catalog, dynamicConfigs)
  await catalog.reconfigure() // its topics may have been read before the configs that they inherit
  return { metadataLog, dynamicConfigs, catalog, ...numbers }
}

/** Takes over what the metadata log says, and raises the leader epoch, durably, for this run. */
async function replay(
  metadataLog: MetadataLog,
  catalog: Catalog,
  dynamicConfigs: DynamicConfigs,
): Promise<{ leaderEpoch: number; nextProducerId: number }> {
  let leaderEpoch = -1
  let nextProducerId = 0
  for await (const record of metadataLog.replay()) {
    if (record.type === 'leader-epoch') leaderEpoch = record.leaderEpoch
    else if (record.type === 'producer-ids') nextProducerId = record.nextProducerId
    else if (record.type === 'configs') dynamicConfigs.replay(record)
    else catalog.replay(record)
  }
  leaderEpoch++
  await metadataLog.append([{ type: 'leader-epoch', leaderEpoch }])
  return { leaderEpoch, nextProducerId }
}

/** What a crash left of deleted topics goes; a folder of a topic that never existed here is left alone. */
async function removeLeftovers({ disk, diagnostics, folder }: Parts, catalog: Catalog, checkpoints: LogCheckpoints): Promise<void> {
  await removeDeletedLogFolders({ disk, diagnostics }, folder.path)
  for (const found of await listLogFolders(disk, folder.path)) {
    if (found.topic === METADATA_TOPIC) continue
    const known = catalog.has(found.topic) ? catalog.byName(found.topic) : undefined
    if (found.topicId !== undefined && catalog.wasDeleted(found.topicId)) {
      await checkpoints.forgetUnopened(found)
      await deleteLogFolder({ disk, diagnostics }, found.folder)
    } else if (known === undefined)
      diagnostics.warn('left alone a folder of no known topic', { folder: found.folder, topicId: found.topicId })
  }
}

async function openTopics(catalog: Catalog, records: RecordStore): Promise<void> {
  const topics = [...catalog.topics]
  for (let first = 0; first < topics.length; first += OPENING_AT_ONCE)
    await Promise.all(topics.slice(first, first + OPENING_AT_ONCE).map((topic) => records.topicCreated(topic)))
}

function placementOf({ config, folder }: Parts, leaderEpoch: number): Placement {
  const advertised = new Map((config['advertised.listeners'] ?? []).map(({ name, host, port }) => [name, { host, port }]))
  return new Placement({ brokerId: config['node.id'], clusterId: folder.clusterId, leaderEpoch, advertised })
}

function serverLimits(
  config: BrokerConfig,
): Pick<ServerOptions, 'maxRequestBytes' | 'queuedRequestBytes' | 'maxIdleMs' | 'connectionLimits'> {
  const [queuedRequestBytes, maxIdleMs] = [config['queued.max.request.bytes'], config['connections.max.idle.ms']]
  return {
    maxRequestBytes: config['socket.request.max.bytes'],
    queuedRequestBytes: queuedRequestBytes < 0 ? Infinity : queuedRequestBytes,
    maxIdleMs: maxIdleMs < 0 ? Infinity : maxIdleMs,
    connectionLimits: {
      get total() {
        return config['max.connections'] // as it is when a connection comes: it can be altered
      },
      get perAddress() {
        return config['max.connections.per.ip']
      },
      get ofAddress() {
        return config['max.connections.per.ip.overrides']
      },
    },
  }
}

interface Running {
  readonly server: Server
  readonly metadataLog: MetadataLog
  readonly catalog: Catalog
  readonly records: RecordStore
  /** Closes everything below the server. */
  readonly stop: () => Promise<void>
}

/** How a client on this machine reaches a listener: by a name of this machine where it listens on several addresses. */
function reachedAt({ name, host }: Endpoint, { addresses }: Server): string {
  const { port } = addresses.find(({ listenerName }) => listenerName === name)!
  return `${isEveryInterface(host) ? 'localhost' : bracketed(host)}:${port}`
}

function runningBroker(parts: Parts, { server, metadataLog, catalog, records, stop }: Running): Broker {
  let stopped: Promise<void> | undefined
  let resolveClosed: () => void
  let rejectClosed: (error: Error) => void
  const closed = new Promise<void>((onResolve, onReject) => {
    resolveClosed = onResolve
    rejectClosed = onReject
  })
  closed.catch(() => undefined) // whoever watches gets it; nobody has to
  const close = async (graceMs = GRACE_MS): Promise<void> => {
    const ended = server.stop(graceMs)
    stopped ??= ended.then(stop)
    try {
      await Promise.all([ended, stopped])
    } catch (error) {
      rejectClosed(error as Error)
      throw error
    }
    resolveClosed()
  }
  metadataLog.failed.catch((error: unknown) => {
    rejectClosed(new Error('the metadata log could not be written, so the broker stopped', { cause: error }))
    close(0).catch(() => undefined) // `closed` has told already
  })
  const bootstrapServers = parts.config.listeners.map((listener) => reachedAt(listener, server)).join(',')
  const summary = (): BrokerSummary => ({
    topics: [...catalog.topics].length,
    partitions: records.partitions.length,
    bytes: records.partitions.reduce((sum, { log }) => sum + log.sizeBytes, 0),
  })
  return {
    bootstrapServers,
    get summary() {
      return summary()
    },
    status: () => ({
      runId: parts.lock.token,
      startedMs: parts.startedMs,
      timeMs: parts.clock.now(),
      bootstrapServers,
      dataFolder: parts.folder.path,
      ...summary(),
      metrics: parts.counters.snapshot(),
    }),
    closed,
    close,
  }
}
