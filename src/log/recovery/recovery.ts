// Opens what is in a log's folder. The recovery point divides it: everything below was synced, so that a bad batch there is damage: the log is
// left as it is, for people to look at. From it on pages may have reached the disk in any order: the first batch that is bad, or does not follow
// its predecessor, ends the log; it and what follows move to `.cut` files. Offsets past the recovery point have no gaps.
// Indexes, producers and epochs are taken from their files where those agree with the batches, and made again from the batches where not.
// The end that is found is synced before anyone sees it. Stopped anywhere and started again, it comes to the same result.

import type { LogCheckpoint } from '../checkpoints.ts'
import { LEADER_EPOCH_CHECKPOINT, offsetFileName } from '../file-names.ts'
import { LeaderEpochs } from '../leader-epochs.ts'
import type { LogFolder } from '../log-folder.ts'
import type { LogServices, LogSettings } from '../log-settings.ts'
import { restoreRecentBatches } from '../producers/look-back.ts'
import { decodeSnapshot } from '../producers/producer-snapshot.ts'
import { ProducerStates } from '../producers/producer-state.ts'
import { Segment } from '../segments/segment.ts'
import { moveToCutFiles } from './cut.ts'
import { Damaged } from './damaged.ts'
import { LogFiles } from './log-files.ts'
import { type LogEnd, scanToEnd } from './recovery-scan.ts'

export interface RecoveryOptions {
  readonly folder: LogFolder
  readonly settings: LogSettings
  readonly services: LogServices
  readonly checkpoint: LogCheckpoint
}

export interface RecoveredLog {
  /** By base offset; at least one, the last of them active. */
  readonly segments: Segment[]
  readonly logStartOffset: number
  readonly logEndOffset: number
  readonly producers: ProducerStates
  readonly epochs: LeaderEpochs
  /** Whether the epochs are other than in their file. */
  readonly hasNewEpochs: boolean
  /** The next open would have as little to read as this one. */
  readonly isSaved: boolean
}

/** Rejects with Damaged, and has touched nothing then. */
export async function recoverLog(options: RecoveryOptions): Promise<RecoveredLog> {
  const { settings, checkpoint } = options
  const { recoveryPoint } = checkpoint
  const files = await LogFiles.find(options.services.disk, options.folder)
  const { segments, unused } = await findSegments(options, files)
  if (segments.length === 0) {
    const log = emptyLog(options)
    if (options.folder.exists) await options.folder.make()
    await files.removeLeftovers()
    return log
  }
  const lostBefore = segments[0]!.baseOffset
  if (recoveryPoint > 0 && lostBefore > checkpoint.logStartOffset && !settings.mayHaveGaps)
    throw new Damaged(`offsets ${checkpoint.logStartOffset} to ${lostBefore - 1}, with which the log begins, are missing`)
  const known = await loadProducers(options, files, segments[0]!.baseOffset)
  const epochs = await loadEpochs(options, files)
  const end = await scanToEnd({
    segments,
    from: Math.min(recoveryPoint, known.before, epochs.from),
    recoveryPoint,
    mayHaveGaps: settings.mayHaveGaps,
    indexIntervalBytes: settings.indexIntervalBytes,
    segmentIndexBytes: settings.segmentIndexBytes,
    readIndexes: async ({ baseOffset }) => ({
      index: (await files.readOf(baseOffset, 'index')) ?? NO_BYTES,
      timeIndex: (await files.readOf(baseOffset, 'timeindex')) ?? NO_BYTES,
    }),
    visit(view) {
      if (view.baseOffset >= known.before) known.producers.add(view)
      epochs.list.assign(view.partitionLeaderEpoch, view.baseOffset)
    },
  })
  refuseDamaged(checkpoint, files, end)
  await options.folder.make() // its partition.metadata, which a power loss may have taken
  await applyEnd(options, segments, end)
  const beginsAfresh = checkpoint.logStartOffset > end.offset
  if (!beginsAfresh) for (const segment of unused) await segment.remove()
  await files.removeLeftovers()
  await removeStaleSnapshots(options, files.offsetsOf('snapshot'), known.torn, end)
  const kept = segments.slice(0, segments.indexOf(end.rescanned.at(-1)!.segment) + 1)
  await restoreRecentBatches(kept, known.before, known.producers)
  const logStartOffset = Math.max(checkpoint.logStartOffset, kept[0]!.baseOffset)
  epochs.list.truncateFromStart(logStartOffset)
  epochs.list.truncateFromEnd(end.offset)
  const hasNewEpochs = epochs.list.format() !== epochs.text
  if (beginsAfresh) await keepApart(options, [...unused, ...kept], logStartOffset)
  return startingAt(logStartOffset, options, {
    segments: kept,
    logEndOffset: end.offset,
    producers: known.producers,
    epochs: epochs.list,
    hasNewEpochs,
    isSaved: known.before === end.offset,
  })
}

const NO_BYTES = Buffer.alloc(0)

/**
 * An empty file is what a segment leaves whose first write failed, or that was never written: it counts only where the log begins. What lies below the
 * start of the log as a whole was being removed, and in no order when the power failed.
 */
async function findSegments(options: RecoveryOptions, files: LogFiles): Promise<{ segments: Segment[]; unused: Segment[] }> {
  const found: Segment[] = []
  for (const baseOffset of files.offsetsOf('log')) found.push(newSegment(options, baseOffset, await files.sizeOf(baseOffset, 'log')))
  const { logStartOffset } = options.checkpoint
  const isAtStart = ({ baseOffset }: Segment): boolean => baseOffset <= logStartOffset
  const filled = found.filter((segment) => segment.size > 0)
  const first = filled.some(isAtStart) ? filled.findLast(isAtStart)! : (found.findLast(isAtStart) ?? found[0])
  const segments = found.filter((segment) => segment === first || (segment.size > 0 && segment.baseOffset > first!.baseOffset))
  return { segments, unused: found.filter((segment) => !segments.includes(segment)) }
}

function newSegment({ folder, services, settings }: RecoveryOptions, baseOffset: number, existingSize?: number): Segment {
  const { disk, filePool, clock } = services
  const options = { baseOffset, folder, disk, filePool, settings, nowMs: clock.now() }
  return new Segment(existingSize === undefined ? options : { ...options, existingSize })
}

function emptyLog(options: RecoveryOptions): RecoveredLog {
  const { logStartOffset, recoveryPoint } = options.checkpoint
  if (recoveryPoint > logStartOffset) throw new Damaged(`the log's files are gone; it was synced up to offset ${recoveryPoint}`)
  return unopenedLog(options)
}

/** A log without a file. */
export function unopenedLog(options: RecoveryOptions): RecoveredLog {
  const { logStartOffset } = options.checkpoint
  return {
    segments: [newSegment(options, logStartOffset)],
    logStartOffset,
    logEndOffset: logStartOffset,
    producers: newProducers(options.services, options.settings),
    epochs: new LeaderEpochs(),
    hasNewEpochs: false,
    isSaved: true,
  }
}

/** The newest snapshot that is whole and speaks of nothing but what was synced; `torn` are those behind it that are not whole. */
async function loadProducers(
  { services, settings, checkpoint }: RecoveryOptions,
  files: LogFiles,
  firstOffset: number,
): Promise<{ producers: ProducerStates; before: number; torn: readonly number[] }> {
  const producers = newProducers(services, settings)
  const torn: number[] = []
  for (const offset of files.offsetsOf('snapshot').toReversed()) {
    if (offset < firstOffset) continue
    const bytes = (await files.readOf(offset, 'snapshot')) ?? NO_BYTES
    if (offset <= checkpoint.recoveryPoint && producers.load(bytes)) return { producers, before: offset, torn }
    if (decodeSnapshot(bytes) === undefined) torn.push(offset)
  }
  return { producers, before: firstOffset, torn }
}

function newProducers({ clock }: LogServices, settings: LogSettings): ProducerStates {
  return new ProducerStates(() => clock.now(), settings.producerIdExpirationMs)
}

/** `from`: what the file cannot know, or does not. Epochs that began past the recovery point may never have reached the log. */
async function loadEpochs({ checkpoint }: RecoveryOptions, files: LogFiles): Promise<{ list: LeaderEpochs; from: number; text: string }> {
  const text = String((await files.read(LEADER_EPOCH_CHECKPOINT)) ?? '')
  const list = LeaderEpochs.parse(text)
  list?.truncateFromEnd(checkpoint.recoveryPoint)
  return { list: list ?? new LeaderEpochs(), from: list === undefined ? 0 : checkpoint.recoveryPoint, text }
}

/** Cuts what lies behind the end, makes the rescanned segments what they are, and syncs them. */
async function applyEnd(options: RecoveryOptions, segments: readonly Segment[], end: LogEnd): Promise<void> {
  const { folder, services, checkpoint } = options
  const last = end.rescanned.at(-1)!
  const behind = segments.slice(segments.indexOf(last.segment) + 1)
  if (last.size < last.segment.size || behind.length > 0) {
    const cut = { last: last.segment, position: last.size, offset: end.offset, behind }
    const cutBytes = await moveToCutFiles(services.disk, folder, cut)
    services.diagnostics.warn('cut off the end of a log, as a crash left it; what was cut is kept in .cut files', {
      folder: folder.path,
      logEndOffset: end.offset,
      cutBytes,
      reason: end.damage,
    })
    await last.segment.removeIndexes() // they may know of more; a stop writes them anew
  }
  for (const { segment, indexes, size, firstTimestamp } of end.rescanned) {
    segment.activate(indexes, size, firstTimestamp)
    if (segment !== last.segment) await segment.seal()
    if (end.offset > checkpoint.recoveryPoint) await segment.file.sync()
  }
  if (end.offset > checkpoint.recoveryPoint) await folder.sync()
}

/** Kafka keeps one per segment, and the newest. */
async function removeStaleSnapshots(
  { folder, services }: RecoveryOptions,
  snapshots: readonly number[],
  torn: readonly number[],
  end: LogEnd,
): Promise<void> {
  const baseOffsets = new Set(end.rescanned.map(({ segment }) => segment.baseOffset))
  const newest = snapshots.findLast((offset) => offset <= end.offset && !torn.includes(offset))
  for (const offset of snapshots) {
    const isStray = offset > end.rescanned[0]!.segment.baseOffset && offset !== newest && !baseOffsets.has(offset)
    if (isStray || torn.includes(offset)) await services.disk.unlink(folder.file(offsetFileName(offset, 'snapshot')))
  }
}

function refuseDamaged({ recoveryPoint, logStartOffset }: LogCheckpoint, files: LogFiles, { offset, damage }: LogEnd): void {
  if (offset < recoveryPoint)
    throw new Damaged(`the log ends at offset ${offset}, but was synced up to ${recoveryPoint}: ${damage ?? 'the rest is missing'}`)
  const unreplayed = files.offsetsOf('unreplayed').find((from) => from > offset)
  if (unreplayed !== undefined) throw new Damaged(`offsets ${offset} to ${unreplayed - 1}, which the journal had, are missing`)
  // Before the start of a log is moved, everything is synced: but for the segments below, which were being removed, it cannot be behind the end.
  if (logStartOffset > offset && recoveryPoint === offset && offset > 0)
    throw new Damaged(`the log is said to begin at offset ${logStartOffset}, but ends at ${offset}`)
}

/** A log whose start was moved past everything that is left of it begins afresh there. What is left is kept: the start may be wrong. */
function startingAt(logStartOffset: number, options: RecoveryOptions, log: Omit<RecoveredLog, 'logStartOffset'>): RecoveredLog {
  if (logStartOffset <= log.logEndOffset) return { ...log, logStartOffset }
  return { ...log, segments: [newSegment(options, logStartOffset)], logStartOffset, logEndOffset: logStartOffset }
}

async function keepApart({ folder, services }: RecoveryOptions, segments: readonly Segment[], logStartOffset: number): Promise<void> {
  for (const segment of segments) if (segment.size === 0) await segment.remove()
  const [last, ...behind] = segments.filter(({ size }) => size > 0)
  if (last === undefined) return
  const cutBytes = await moveToCutFiles(services.disk, folder, { last, position: 0, offset: last.baseOffset, behind })
  await last.remove()
  const fields = { folder: folder.path, logStartOffset, cutBytes }
  services.diagnostics.warn('all that is left of a log lies below its start; it is kept in .cut files', fields)
}
