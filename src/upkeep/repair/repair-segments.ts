// Writes the segments of one partition anew where they are damaged. A file is written beside the old one, as `.cleaned`, which a start removes, and takes
// its name once it is synced, and once all that is not in it any more is in side files: stopped anywhere, the repair can be begun again.

import { join } from 'node:path'
import type { Disk } from '../../disk/disk.ts'
import { type OffsetFileKind, offsetFileName } from '../../log/file-names.ts'
import { LeaderEpochs } from '../../log/leader-epochs.ts'
import { type After, type Before, NOTHING_AFTER } from '../../log/soundness/batch-order.ts'
import type { LogOrder } from '../../log/soundness/inspect.ts'
import { type SegmentPlan, planSegment, type RepairedPart } from './segment-plan.ts'
import { type SideFiles, writeAll } from './side-files.ts'

export interface RepairAction {
  /** In the partition's folder. */
  readonly file: string
  readonly message: string
  apply(): Promise<void>
}

export interface LogToRepair {
  readonly disk: Disk
  readonly folder: string
  readonly sideFiles: SideFiles
  /** Base offsets of the .log files, ascending. */
  readonly baseOffsets: readonly number[]
  readonly logStartOffset: number
  readonly recoveryPoint: number
  readonly mayHaveGaps: boolean
  readonly listedEpochs: LeaderEpochs | undefined
}

const COPY_BYTES = 1 << 20

/** In the order in which they are to be applied. */
export async function planSegments(log: LogToRepair): Promise<RepairAction[]> {
  const { disk, folder, baseOffsets, logStartOffset, recoveryPoint } = log
  if (baseOffsets.length === 0) return recoveryPoint > logStartOffset ? [await replaceMissingLog(log)] : []
  const order = orderOf(log)
  const actions: RepairAction[] = []
  if (!log.mayHaveGaps && recoveryPoint > 0 && baseOffsets[0]! > logStartOffset)
    actions.push(await replaceMissingLog({ ...log, recoveryPoint: baseOffsets[0]! }))
  let before: Before = { nextOffset: 0, epoch: -1 }
  for (const [index, baseOffset] of baseOffsets.entries()) {
    const path = join(folder, offsetFileName(baseOffset, 'log'))
    const size = await disk.fileSize(path)
    const nextBaseOffset = baseOffsets[index + 1]
    const start = { nextOffset: Math.max(before.nextOffset, baseOffset), epoch: before.epoch }
    const plan = await disk.openFor(path, 'reading', (file) =>
      planSegment({
        file,
        size,
        baseOffset,
        before: start,
        after: nextBaseOffset === undefined ? endOfSynced(log) : { baseOffset: nextBaseOffset, epoch: -1 },
        isLast: nextBaseOffset === undefined,
        endsAtLeast: recoveryPoint,
        order,
      }),
    )
    if (plan.parts.length > 0) actions.push(rewriting(log, baseOffset, plan))
    before = plan.before
  }
  return actions
}

/** A batch that passes it, and does not continue the one before it, lies. */
function endOfSynced({ recoveryPoint }: LogToRepair): After {
  return recoveryPoint === 0 ? NOTHING_AFTER : { baseOffset: recoveryPoint, epoch: -1 }
}

function orderOf({ mayHaveGaps, listedEpochs }: LogToRepair): LogOrder {
  return { mayHaveGaps: () => mayHaveGaps, epochAt: (offset) => listedEpochs?.epochAt(offset) ?? -1 }
}

async function replaceMissingLog(log: LogToRepair): Promise<RepairAction> {
  const { disk, folder, logStartOffset, recoveryPoint } = log
  const name = offsetFileName(logStartOffset, 'log')
  const empty = { read: () => Promise.resolve(0) }
  const plan = await planSegment({
    file: empty,
    size: 0,
    baseOffset: logStartOffset,
    before: { nextOffset: logStartOffset, epoch: -1 },
    after: endOfSynced(log),
    isLast: true,
    endsAtLeast: recoveryPoint,
    order: orderOf(log),
  })
  return {
    file: name,
    message: `its segment is gone; offsets ${logStartOffset} to ${recoveryPoint - 1} are lost, and an empty batch takes their place`,
    async apply() {
      await setIndexesAside(disk, folder, log.sideFiles, logStartOffset)
      await writePieces(disk, folder, undefined, name, plan)
      await disk.syncFolder(folder)
    },
  }
}

function rewriting({ disk, folder, sideFiles }: LogToRepair, baseOffset: number, plan: SegmentPlan): RepairAction {
  const name = offsetFileName(baseOffset, 'log')
  const newName = offsetFileName(plan.firstOffset ?? baseOffset, 'log')
  const kept = plan.parts
    .filter(({ size }) => size > 0)
    .map((part) => ({ part, sideName: sideFiles.nameFor(String(part.fromOffset).padStart(20, '0')) }))
  const sentences = plan.parts.map((part) => sentenceOf(part, kept.find((one) => one.part === part)?.sideName))
  return {
    file: name,
    message: sentences.join('; '),
    async apply() {
      const path = join(folder, name)
      for (const { part, sideName } of kept) await sideFiles.keepPart(path, part.position, part.size, sideName)
      await setIndexesAside(disk, folder, sideFiles, baseOffset)
      if (plan.pieces.length > 0) {
        await writePieces(disk, folder, path, `${newName}.cleaned`, plan)
        await disk.rename(join(folder, `${newName}.cleaned`), join(folder, newName))
      }
      if (newName !== name || plan.pieces.length === 0) await disk.unlink(path)
      await disk.syncFolder(folder)
    },
  }
}

/** An index of the old file must not be there when the new one is. */
async function setIndexesAside(disk: Disk, folder: string, sideFiles: SideFiles, baseOffset: number): Promise<void> {
  const names = new Set(await disk.list(folder))
  for (const kind of INDEXES) {
    const name = offsetFileName(baseOffset, kind)
    if (names.has(name)) await sideFiles.keepWhole(name, sideFiles.nameFor(name))
  }
}

const INDEXES: readonly OffsetFileKind[] = ['index', 'timeindex']

function sentenceOf({ position, size, fromOffset, toOffset, message, isRestored }: RepairedPart, sideName: string | undefined): string {
  const where = size === 0 ? message : `at byte ${position}, ${message}: ${size} bytes, kept in ${sideName}`
  if (toOffset === fromOffset) return where
  if (isRestored) return `${where}; its records are put back at offsets ${fromOffset} to ${toOffset - 1}`
  return `${where}; an empty batch takes the place of offsets ${fromOffset} to ${toOffset - 1}`
}

async function writePieces(
  disk: Disk,
  folder: string,
  sourcePath: string | undefined,
  name: string,
  { pieces }: SegmentPlan,
): Promise<void> {
  await disk.openFor(join(folder, name), 'create', async (target) => {
    await target.truncate(0)
    let position = 0
    for (const piece of pieces) {
      if ('bytes' in piece) {
        await writeAll(target, piece.bytes, position, name)
        position += piece.bytes.length
        continue
      }
      await disk.openFor(sourcePath!, 'reading', async (source) => {
        for (let at = piece.start; at < piece.end; at += COPY_BYTES) {
          const chunk = Buffer.allocUnsafe(Math.min(COPY_BYTES, piece.end - at))
          await source.read(chunk, at)
          await writeAll(target, chunk, position, name)
          position += chunk.length
        }
      })
    }
    await target.sync()
  })
}
