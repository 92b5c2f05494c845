// Repairs what `verify` finds, in a folder that no broker uses: plans it all first, and does it in an order in which it may be stopped anywhere and begun
// again. What it takes out is kept in side files. Everything that can be made from the batches is; records that are damaged cannot.
// Steps: the clean-shutdown marker goes, because sizes change; then each partition, its segments before what is made from them; then the data folder's own
// files. The journal comes before the partitions; what it holds is for the next start to replay.

import { join } from 'node:path'
import type { Disk } from '../../disk/disk.ts'
import { checkpointText, CLEAN_SHUTDOWN, LOG_START_OFFSETS, parseCheckpoint, RECOVERY_POINTS } from '../../log/checkpoints.ts'
import { LEADER_EPOCH_CHECKPOINT, parseLogFolderName, parseOffsetFileName } from '../../log/file-names.ts'
import { LeaderEpochs } from '../../log/leader-epochs.ts'
import type { Finding } from '../finding.ts'
import { checkDataFolder, type MetadataLogFacts } from '../folder-check.ts'
import type { PartitionFacts, Totals } from '../partition-check.ts'
import { type FolderKind, NOTHING_KNOWN, verify } from '../verify.ts'
import { planPartition } from './repair-partition.ts'
import { planJournal, type Unreplayed } from './repair-journal.ts'
import type { RepairAction } from './repair-segments.ts'
import { SideFiles } from './side-files.ts'

export interface RepairOptions {
  readonly disk: Disk
  readonly metadata: MetadataLogFacts
  /** Counts what has been read, as it goes on. */
  readonly totals: Totals
}

export interface RepairPlan {
  /** What is damaged. */
  readonly findings: readonly Finding[]
  /** What an earlier start could not append to a log, and kept. */
  readonly unreplayed: readonly Finding[]
  /** In order; their files are named below the folder. */
  readonly actions: readonly RepairAction[]
}

export async function planRepair(kind: FolderKind, { disk, metadata, totals }: RepairOptions): Promise<RepairPlan> {
  const findings: Finding[] = []
  const unreplayed: Finding[] = []
  const report = (finding: Finding): void => {
    if (finding.level === 'damage') findings.push(finding)
    else if (finding.file.endsWith('.unreplayed')) unreplayed.push(finding)
  }
  if (kind.kind === 'partition') {
    await verify(kind, { disk, metadata, report, totals })
    const damagedFiles = new Set(findings.map(({ file }) => file))
    return { findings, unreplayed, actions: await planPartition({ disk, folder: kind.folder, facts: NOTHING_KNOWN, damagedFiles }) }
  }
  const { dataFolder } = kind
  const partitions = new Map<string, PartitionFacts>()
  const partition = (name: string, facts: PartitionFacts): void => void partitions.set(name, facts)
  await checkDataFolder({ ...kind, disk, metadata, report, totals, partition })
  const actions: RepairAction[] = []
  if (kind.only === undefined)
    actions.push(
      ...(await planJournal({
        disk,
        dataFolder,
        unreplayed: await readUnreplayed(disk, dataFolder, partitions, findings),
        find: (...id) => findLog(partitions, ...id),
      })),
    )
  for (const [folderName, facts] of partitions) {
    const damagedFiles = new Set(filesBelow(folderName, findings))
    if (damagedFiles.size === 0) continue
    for (const action of await planPartition({ disk, folder: join(dataFolder, folderName), facts, damagedFiles }))
      actions.push({ ...action, file: join(folderName, action.file) })
  }
  actions.push(...(await planCheckpoints(disk, dataFolder, findings)))
  const isMarkerWrong = actions.length > 0 || findings.some(({ file }) => file === CLEAN_SHUTDOWN)
  return { findings, unreplayed, actions: isMarkerWrong ? [withoutMarker(disk, dataFolder), ...actions] : [] }
}

function findLog(partitions: ReadonlyMap<string, PartitionFacts>, topicId: string, partition: number) {
  for (const [name, facts] of partitions)
    if (facts.topicId === topicId && parseLogFolderName(name)?.partition === partition)
      return { name, recoveryPoint: facts.recoveryPoint ?? 0 }
  return undefined
}

async function readUnreplayed(
  disk: Disk,
  dataFolder: string,
  partitions: ReadonlyMap<string, PartitionFacts>,
  findings: readonly Finding[],
): Promise<Unreplayed[]> {
  const found: Unreplayed[] = []
  for (const [name, { topicId }] of partitions) {
    for (const file of filesBelow(name, findings).filter((one) => parseOffsetFileName(one)?.kind === 'unreplayed')) {
      const [folder, { partition }] = [join(dataFolder, name), parseLogFolderName(name)!]
      const bytes = await disk.readFile(join(folder, file))
      const fromOffset = parseOffsetFileName(file)!.offset
      if (topicId !== undefined && bytes !== undefined) found.push({ topicId, partition, folder, file, fromOffset, bytes })
    }
  }
  return found
}

function filesBelow(folderName: string, findings: readonly Finding[]): string[] {
  const prefix = join(folderName, '/')
  return findings.filter(({ file }) => file.startsWith(prefix)).map(({ file }) => file.slice(prefix.length))
}

function withoutMarker(disk: Disk, dataFolder: string): RepairAction {
  return {
    file: CLEAN_SHUTDOWN,
    message: 'it goes, if it is there, so that the next start looks at what was repaired',
    async apply() {
      await disk.unlink(join(dataFolder, CLEAN_SHUTDOWN))
      await disk.syncFolder(dataFolder)
    },
  }
}

const LOST: Readonly<Record<string, string>> = {
  [RECOVERY_POINTS]: 'the next start checks every log from its start',
  [LOG_START_OFFSETS]: 'logs begin where their leader epochs do',
}

/** The first epoch of a log begins where the log does. */
async function startsByEpochs(disk: Disk, dataFolder: string, names: Iterable<string>): Promise<[string, number][]> {
  const starts: [string, number][] = []
  for (const name of names) {
    const parsed = parseLogFolderName(name)
    const text = parsed && (await disk.readFile(join(dataFolder, name, LEADER_EPOCH_CHECKPOINT)))?.toString()
    const startOffset = (text === undefined ? undefined : LeaderEpochs.parse(text)?.entries[0]?.startOffset) ?? 0
    if (parsed !== undefined && startOffset > 0) starts.push([`${parsed.topic} ${parsed.partition}`, startOffset])
  }
  return starts
}

/** A file that cannot be read begins afresh; of one that can, what names a log that is gone. */
async function planCheckpoints(disk: Disk, dataFolder: string, findings: readonly Finding[]): Promise<RepairAction[]> {
  const names = new Set(await disk.list(dataFolder))
  const sideFiles = new SideFiles(disk, dataFolder, names)
  const actions: RepairAction[] = []
  for (const name of [RECOVERY_POINTS, LOG_START_OFFSETS]) {
    if (!findings.some(({ file }) => file === name)) continue
    const text = (await disk.readFile(join(dataFolder, name)))?.toString()
    const offsets = text === undefined ? undefined : parseCheckpoint(text)
    const kept = new Map(name === LOG_START_OFFSETS ? await startsByEpochs(disk, dataFolder, names) : [])
    const wrong = new Set(findings.filter(({ file }) => file === name).map(({ offset }) => offset)) // behind the end of a log
    for (const [key, offset] of offsets ?? []) if (names.has(key.replace(' ', '-')) && !wrong.has(offset)) kept.set(key, offset)
    const sideName = text === undefined ? undefined : sideFiles.nameFor(name)
    const told = offsets === undefined ? `it begins afresh: ${LOST[name]}` : 'what names a log that is gone, or cannot be, is left out'
    actions.push({
      file: name,
      message: sideName === undefined ? told : `${told}; the old one is kept in ${sideName}`,
      async apply() {
        if (sideName !== undefined) await sideFiles.keepWhole(name, sideName)
        const lines = [...kept].map(([key, offset]) => `${key} ${offset}\n`)
        await disk.replaceFile(join(dataFolder, name), Buffer.from(checkpointText(lines)))
      },
    })
  }
  return actions
}
