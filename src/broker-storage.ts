// Everything of a broker below its sockets, in the order in which it is there again after a start: the checkpoints; what exists (the metadata log); what the
// data folder holds, without looking into the partitions. Each is recovered at its first use; after a crash, all of them are in the background. Closes in
// reverse. broker.ts puts the front end on it; crash tests run it on disks of their own.

import { join } from 'node:path'
import type { BrokerConfig } from './config/resolve.ts'
import type { Disk } from './disk/disk.ts'
import { FilePool } from './disk/file-pool.ts'
import { openFilesMax } from './disk/open-files-max.ts'
import { BufferPool } from './lib/buffer-pool.ts'
import type { Clock } from './lib/clock.ts'
import type { Diagnostics } from './lib/diagnostics.ts'
import { TurnShare } from './lib/turn-share.ts'
import { LogCheckpoints } from './log/checkpoints.ts'
import { Deletions } from './log/deletions.ts'
import { SyncSchedule } from './log/durability/sync-schedule.ts'
import { WriteGate } from './log/durability/write-gate.ts'
import { isDeletedFolderName, JOURNAL_FOLDER } from './log/file-names.ts'
import {
  deleteLogFolder,
  type FoundLog,
  logFoldersAmong,
  type NamedLog,
  readLogFolders,
  removeDeletedLogFolders,
} from './log/log-folders.ts'
import { Journal } from './log/journal/journal.ts'
import { type JournalReplayOptions, type JournalToReplay, replayJournal, surveyJournal } from './log/journal/journal-replay.ts'
import type { PartitionLog } from './log/partition-log.ts'
import type { LogCounters, LogServices } from './log/log-settings.ts'
import { ReadAhead } from './log/segments/read-ahead.ts'
import { TailCache } from './log/tail-cache.ts'
import { Catalog } from './topics/catalog.ts'
import { type DataFolder, randomUuid } from './topics/data-folder.ts'
import { DynamicConfigs } from './topics/dynamic-configs.ts'
import { MetadataLog } from './topics/metadata-log.ts'
import { PartitionFolders, type PartitionFoldersOptions } from './topics/partition-folders.ts'
import { BackgroundRecovery } from './topics/partitions/background-recovery.ts'
import { sizesAtRest, toRecover } from './topics/partitions/found-partitions.ts'
import { RecordStore } from './topics/record-store.ts'
import { METADATA_TOPIC } from './topics/topic-names.ts'
import { upkeepJobs } from './topics/upkeep-jobs.ts'
import { ProducerIds } from './transactions/producer-ids.ts'
import { CleanerOffsets } from './upkeep/compaction/cleaner-offsets.ts'
import { Scheduler } from './upkeep/scheduler.ts'
import { UpkeepCounters } from './upkeep/upkeep-counters.ts'

export interface StorageParts {
  readonly config: BrokerConfig
  readonly clock: Clock
  readonly disk: Disk
  readonly diagnostics: Diagnostics
  readonly folder: DataFolder
  readonly counters: LogCounters
  /** Of a journal file, where it is not to have its usual size. */
  readonly journalFileBytes?: number
  /** Of a segment of the metadata log, likewise. */
  readonly metadataSegmentBytes?: number
}

export interface Storage {
  readonly services: LogServices
  readonly metadataLog: MetadataLog
  readonly dynamicConfigs: DynamicConfigs
  readonly catalog: Catalog
  readonly records: RecordStore
  readonly producerIds: ProducerIds
  readonly leaderEpoch: number
  readonly upkeep: UpkeepCounters
  /** Syncs and closes every log: the next start has nothing to recover. */
  close(): Promise<void>
  /** Leaves everything as it is, to be recovered. */
  abandon(): Promise<void>
}

const TAIL_CACHE_BYTES = 64 << 20

/** Everything that was acknowledged is there for whoever looks, once this resolves. */
export async function openStorage(parts: StorageParts): Promise<Storage> {
  const { clock, disk, diagnostics, folder, counters } = parts
  const journalLeft = parts.config.storage === 'memory' ? undefined : await surveyJournal(disk, journalFolder(folder))
  const filePool = new FilePool(disk, openFilesMax())
  const checkpoints = await LogCheckpoints.open({ dataFolder: folder.path, disk, clock, diagnostics })
  const turnShare = new TurnShare(clock)
  const durability = { writeGate: new WriteGate(diagnostics), syncSchedule: new SyncSchedule(clock, diagnostics) }
  try {
    const bufferPool = new BufferPool()
    const tailCache = new TailCache(TAIL_CACHE_BYTES, bufferPool)
    const shared = {
      filePool,
      bufferPool,
      readAhead: new ReadAhead(clock, bufferPool),
      checkpoints,
      tailCache,
      deletions: new Deletions({ disk, clock, turnShare, diagnostics }),
    }
    return await openWith(parts, journalLeft, {
      disk,
      clock,
      turnShare,
      diagnostics,
      ...shared,
      ...durability,
      journal: undefined,
      counters,
    })
  } catch (error) {
    await abandon({ ...durability, checkpoints, filePool })
    throw error
  }
}

async function abandon({
  syncSchedule,
  checkpoints,
  filePool,
}: Pick<LogServices, 'syncSchedule' | 'checkpoints' | 'filePool'>): Promise<void> {
  syncSchedule.stop()
  await checkpoints.abandon()
  await filePool.close()
}

async function openWith(parts: StorageParts, journalLeft: JournalToReplay | undefined, shared: LogServices): Promise<Storage> {
  const { clock, diagnostics, folder } = parts
  const { turnShare, bufferPool, checkpoints, filePool, syncSchedule } = shared
  const cleanerOffsets = await CleanerOffsets.open(parts.disk, folder.path)
  const wasCompacted: PartitionFoldersOptions['wasCompacted'] = (log) => cleanerOffsets.of(log) !== undefined
  const found = await readMetadata(parts, shared, wasCompacted)
  const { metadataLog, dynamicConfigs, catalog, leaderEpoch, nextProducerId } = found
  const { config } = dynamicConfigs
  const journal = config.storage === 'memory' ? undefined : journalOf(parts, shared, config)
  const services = { ...shared, journal }
  checkpoints.whenForgetting((log) => cleanerOffsets.forget(log))
  const folders = new PartitionFolders({ dataFolder: folder.path, services, config, leaderEpoch, wasCompacted })
  const maxDecompressedBytes = config['max.decompressed.batch.bytes']
  const records = new RecordStore({ folders, clock, turnShare, bufferPool, maxDecompressedBytes })
  await findPartitions(parts, catalog, records, services)
  if (journal !== undefined)
    journal.start(await replayJournal(journalLeft, { ...services, folder: journalFolder(folder), find: foundIn(records, checkpoints) }))
  const recovery = new BackgroundRecovery(clock, toRecover(records.partitions))
  catalog.follow(records)
  dynamicConfigs.follow(() => catalog.reconfigure())
  const producerIds = new ProducerIds({
    firstFree: nextProducerId,
    reserve: (reserved) => metadataLog.append([{ type: 'producer-ids', nextProducerId: reserved }]),
  })
  const upkeep = new UpkeepCounters()
  const compacted = [metadataLog.compacted]
  const scheduler = scheduled({ clock, diagnostics, config, records, compacted, checkpoints, cleanerOffsets, counters: upkeep })
  const close = async (): Promise<void> => {
    await scheduler.close()
    await recovery.stop()
    journal?.endWaits()
    await records.close()
    await journal?.close()
    syncSchedule.stop()
    await services.deletions.close()
    await metadataLog.close()
    await checkpoints
      .close(records.sizesAtRest)
      .catch((error: unknown) =>
        diagnostics.warn('the checkpoints could not be written; the next start has more to recover', { error: String(error) }),
      )
    await filePool.close()
  }
  const abandonAll = async (): Promise<void> => {
    await scheduler.close()
    await recovery.stop()
    await journal?.abandon()
    await abandon(services)
  }
  recovery.start()
  const state = { metadataLog, dynamicConfigs, catalog, leaderEpoch }
  return { ...state, services, records, producerIds, upkeep, close, abandon: abandonAll }
}

function scheduled(options: Parameters<typeof upkeepJobs>[0]): Scheduler {
  const scheduler = new Scheduler(options)
  for (const job of upkeepJobs(options)) scheduler.add(job)
  return scheduler
}

const journalFolder = ({ path }: DataFolder): string => join(path, JOURNAL_FOLDER)

function journalOf({ folder, counters, journalFileBytes }: StorageParts, services: LogServices, config: BrokerConfig): Journal {
  return new Journal({
    ...services,
    folder: journalFolder(folder),
    syncs: counters.syncs,
    maxBytes: () => config['journal.max.bytes'],
    checkpointIntervalMs: () => config['journal.checkpoint.interval.ms'],
    ...(journalFileBytes === undefined ? {} : { fileBytes: journalFileBytes }),
  })
}

function foundIn(records: RecordStore, checkpoints: LogCheckpoints): JournalReplayOptions['find'] {
  return (topicId, partitionIndex) => {
    const partition = records.partitionOf(topicId, partitionIndex)
    if (partition === undefined) return undefined
    const { recoveryPoint } = checkpoints.of(partition.topic.name, partitionIndex)
    const open = (): Promise<PartitionLog> => {
      partition.hold()
      return partition.open()
    }
    return { recoveryPoint, open, letGo: () => partition.letGo() }
  }
}

/** What exists, as of the last run. */
async function readMetadata(
  { config, folder, metadataSegmentBytes: segmentBytes }: StorageParts,
  services: LogServices,
  wasCompacted: PartitionFoldersOptions['wasCompacted'],
) {
  const isCompacted = wasCompacted({ topic: METADATA_TOPIC, partition: 0 })
  const options = { wasCompacted: isCompacted, segmentBytes }
  const metadataLog = await MetadataLog.open(join(folder.path, `${METADATA_TOPIC}-0`), services, options)
  const dynamicConfigs = new DynamicConfigs({ metadataLog, config })
  const catalog = new Catalog({
    metadataLog,
    turnShare: services.turnShare,
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

async function findPartitions(
  parts: StorageParts,
  catalog: Catalog,
  records: RecordStore,
  { checkpoints, deletions }: LogServices,
): Promise<void> {
  const { disk, diagnostics, folder } = parts
  const names = (await disk.list(folder.path)) ?? []
  for (const name of names.filter(isDeletedFolderName))
    deletions.later(0, () => removeDeletedLogFolders({ disk, diagnostics }, folder.path, [name])) // there may be 10,000 of them
  await removeLeftovers(parts, catalog, checkpoints, names)
  const sizeAtRest = sizesAtRest(names, checkpoints)
  for (const topic of catalog.topics) records.topicFound(topic, (index) => sizeAtRest(topic.name, index))
}

/** What a crash left of deleted topics goes; a folder of a topic that never existed here is left alone. */
async function removeLeftovers(
  { disk, diagnostics, folder }: StorageParts,
  catalog: Catalog,
  checkpoints: LogCheckpoints,
  names: readonly string[],
): Promise<void> {
  const isInPlace = ({ topic, partition }: NamedLog): boolean => topic === METADATA_TOPIC || catalog.hasAlwaysHad(topic, partition)
  const others = logFoldersAmong(names).filter((log) => !isInPlace(log))
  const removeIfGone = async (found: FoundLog): Promise<void> => {
    if (found.topicId !== undefined && catalog.wasDeleted(found.topicId)) {
      await checkpoints.forgetUnopened(found)
      await deleteLogFolder({ disk, diagnostics }, found.folder)
    } else if (!catalog.has(found.topic))
      diagnostics.warn('left alone a folder of no known topic', { folder: found.folder, topicId: found.topicId })
  }
  await Promise.all((await readLogFolders(disk, folder.path, others)).map(removeIfGone)) // together: they share the syncs
}
