// runBroker: builds every part, joins them, and stops them in reverse. With broker-storage.ts the only file that knows all rooms.
// Order at start: the folder and its lock; what exists and the data (broker-storage.ts); the sockets. A partition is
// recovered at its first use, before anybody sees anything of it: whatever was acknowledged is there for whoever looks.

import { join, resolve } from 'node:path'
import { BrokerCounters } from './broker-counters.ts'
import { openStorage, type Storage } from './broker-storage.ts'
import { bracketed, type Endpoint, isEveryInterface } from './config/endpoints.ts'
import type { BrokerConfig } from './config/resolve.ts'
import { fileSystem } from './disk/disk.ts'
import type { Disk } from './disk/disk.ts'
import { MemoryDisk } from './disk/memory-disk.ts'
import { withSpareRoom } from './disk/spare-room.ts'
import { lockFolder } from './disk/folder-lock.ts'
import type { FolderLock } from './disk/folder-lock.ts'
import { GroupCoordinator } from './groups/coordinator.ts'
import { FetchSessions } from './handlers/fetch-sessions.ts'
import { servedApis } from './handlers/served-apis.ts'
import { ByteBudget } from './lib/byte-budget.ts'
import { systemClock } from './lib/clock.ts'
import type { Clock } from './lib/clock.ts'
import { createDiagnostics } from './lib/diagnostics.ts'
import type { Diagnostics, LogLine } from './lib/diagnostics.ts'
import type { MetricSamples } from './lib/counters.ts'
import { watchEventLoop } from './lib/event-loop.ts'
import { StorageWatch } from './log/durability/storage-watch.ts'
import { Server, type ServerOptions } from './server/listener.ts'
import { openDataFolder, randomUuid } from './topics/data-folder.ts'
import type { DataFolder } from './topics/data-folder.ts'
import { partitionTroubles } from './topics/partition-troubles.ts'
import { Placement } from './topics/placement.ts'

export interface RunOptions {
  readonly config: BrokerConfig
  /** Gets every log line from `log.level` on. */
  readonly log: (line: LogLine) => void
}

interface BrokerSummary {
  readonly topics: number
  readonly partitions: number
  /** Of all record batches, but for those of the partitions that are not counted. */
  readonly bytes: number
  /** Partitions that were not looked at since a crash. */
  readonly uncountedPartitions: number
}

/** Plain data, as `ottla status --json` prints it. */
export interface BrokerStatus extends BrokerSummary {
  /** Different for every start. */
  readonly runId: string
  readonly startedMs: number
  readonly timeMs: number
  readonly bootstrapServers: string
  readonly dataFolder: string
  /** What is not as it should be, a sentence each: why no records are taken, which partitions are offline or take no more. */
  readonly troubles: readonly string[]
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

const GRACE_MS = 10_000
const SPARE_ROOM = '.ottla-spare-room.tmp'
/** A memory is nobody else's. */
const lockMemory = (): FolderLock => ({ token: randomUuid(), isHeld: async () => true, release: async () => undefined })

/**
 * Starts a broker on the data folder of the config. Rejects, and leaves nothing behind, with CannotListen, FolderInUse or UnusableDataFolder, or with
 * the disk's own error.
 */
export async function runBroker({ config, log }: RunOptions): Promise<Broker> {
  const clock = systemClock
  const isInMemory = config.storage === 'memory'
  const diagnostics = createDiagnostics(clock, config['log.level'], log)
  const path = resolve(config['log.dirs'])
  const disk = isInMemory ? new MemoryDisk(() => clock.now()) : withSpareRoom(fileSystem, join(path, SPARE_ROOM))
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
  const { diagnostics, clock, counters, startedMs } = parts
  const storage = await openStorage({ ...parts, counters: counters.log })
  const { dynamicConfigs, catalog, records, leaderEpoch, services } = storage
  const { turnShare } = services
  const { config } = dynamicConfigs
  const storageWatch = watchStorage(parts, storage)
  await storageWatch.look()
  const responseBudget = new ByteBudget(config['queued.max.response.bytes'])
  const fetchSessions = new FetchSessions({ slots: config['max.incremental.fetch.session.cache.slots'], clock })
  const placement = placementOf(parts, leaderEpoch)
  const groups = new GroupCoordinator({
    clock,
    turnShare,
    diagnostics,
    config,
    groupConfig: (groupId) => dynamicConfigs.ofGroup(groupId),
    catalog,
    records,
    randomId: randomUuid,
  })
  const server = await Server.listen({
    listeners: config.listeners,
    served: servedApis({ ...storage, config, clock, turnShare, groups, placement, fetchSessions, responseBudget }),
    diagnostics,
    clock,
    turnShare,
    counters: counters.server,
    bufferPool: services.bufferPool,
    responseBudget,
    ...serverLimits(config),
  }).catch(async (error: unknown) => {
    storageWatch.stop()
    await storage.abandon()
    throw error
  })
  counters.name({
    ...services,
    storageWatch,
    upkeep: storage.upkeep,
    records,
    fetchSessions,
    groups,
    topicCount: () => [...catalog.topics].length,
    startedMs,
  })
  groups.start()
  const eventLoop = watchEventLoop(clock, counters.eventLoopDelays)
  const stop = async (): Promise<void> => {
    eventLoop.stop()
    storageWatch.stop()
    await groups.close()
    await storage.close()
    await parts.disk.unlink(join(parts.folder.path, SPARE_ROOM)).catch(() => undefined) // it is made anew
    await parts.lock.release()
  }
  return runningBroker(parts, { server, storage, stop })
}

function watchStorage({ disk, clock, diagnostics, folder, lock }: Parts, { services, dynamicConfigs }: Storage): StorageWatch {
  return new StorageWatch({
    gate: services.writeGate,
    dataFolder: folder.path,
    disk,
    clock,
    diagnostics,
    minFreeBytes: () => dynamicConfigs.config['min.free.bytes'],
    isFolderHeld: () => lock.isHeld(),
  })
}

/** What is not as it should be, a sentence each. */
function troublesOf({ services, records }: Storage): string[] {
  const { closedReason } = services.writeGate
  return [...(closedReason === undefined ? [] : [`No records are taken: ${closedReason}.`]), ...partitionTroubles(records.partitions)]
}

function placementOf({ config, folder }: Parts, leaderEpoch: number): Placement {
  const advertised = new Map((config['advertised.listeners'] ?? []).map(({ name, host, port }) => [name, { host, port }]))
  return new Placement({ brokerId: config['node.id'], clusterId: folder.clusterId, leaderEpoch, advertised })
}

function serverLimits(
  config: BrokerConfig,
): Pick<ServerOptions, 'maxRequestBytes' | 'queuedRequestBytes' | 'maxIdleMs' | 'connectionLimits' | 'backlog'> {
  const [queuedRequestBytes, maxIdleMs] = [config['queued.max.request.bytes'], config['connections.max.idle.ms']]
  return {
    backlog: config['socket.listen.backlog.size'],
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
  readonly storage: Storage
  /** Closes everything below the server. */
  readonly stop: () => Promise<void>
}

/** How a client on this machine reaches a listener: by a name of this machine where it listens on several addresses. */
function reachedAt({ name, host }: Endpoint, { addresses }: Server): string {
  const { port } = addresses.find(({ listenerName }) => listenerName === name)!
  return `${isEveryInterface(host) ? 'localhost' : bracketed(host)}:${port}`
}

function runningBroker(parts: Parts, { server, storage, stop }: Running): Broker {
  const { metadataLog, catalog, records } = storage
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
    ...records.size,
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
      troubles: troublesOf(storage),
      metrics: parts.counters.snapshot(),
    }),
    closed,
    close,
  }
}
