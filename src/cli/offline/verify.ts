// ottla verify: whether every file of a data folder, or of one partition, is as it was written. Changes nothing.

import type { Command } from 'commander'
import { dirname } from 'node:path'
import { fileSystem } from '../../disk/disk.ts'
import { findLockHolder } from '../../disk/folder-lock.ts'
import type { Finding } from '../../upkeep/finding.ts'
import type { Totals } from '../../upkeep/partition-check.ts'
import { type FolderKind, kindOfFolder, verify } from '../../upkeep/verify.ts'
import { Failure } from '../failure.ts'
import { examples } from '../options.ts'
import { formatBytes, formatCount, type Terminal, write, writeLine } from '../terminal.ts'
import { METADATA_LOG } from './metadata.ts'

const PROGRESS_INTERVAL_MS = 200

export function addVerifyCommand(program: Command, terminal: Terminal): void {
  program
    .command('verify <folder>')
    .description('check every file of a data folder, or of one partition in it, while no broker runs there; changes nothing')
    .option('--json', 'print JSON lines: what was found, and a summary')
    .addHelpText(
      'after',
      `${examples('ottla verify ./ottla-data', 'ottla verify ./ottla-data/orders-0 --json')}

Damage is something that is not as it was written. A note is something that the next start mends by itself, or that does no harm.
Exit codes: 0 sound (there may be notes), 1 damage, 2 the folder is not one that can be checked, or a broker runs on it.`,
    )
    .action((folder: string, { json = false }: { json?: boolean }) => verifyFolder(folder, json, terminal))
}

async function verifyFolder(folder: string, isJson: boolean, { output, errors }: Terminal): Promise<void> {
  const kind = await kindOfFolder(fileSystem, folder)
  if (kind === undefined) throw new Failure('usage', `${folder} is neither a data folder of Ottla nor the folder of a partition`)
  await refuseRunning(kind)
  const totals: Totals = { bytes: 0, batches: 0, records: 0 }
  const findings: Finding[] = []
  const startedMs = performance.now()
  const progress = errors.isTTY === true ? setInterval(() => void errors.write(`\r\x1b[K${soFar()}`), PROGRESS_INTERVAL_MS) : undefined
  const soFar = (): string => {
    const { bytes, batches } = totals
    const perSecond = (1000 * bytes) / (performance.now() - startedMs)
    return `${formatBytes(bytes)}, ${formatCount(batches, 'batch', 'batches')} (${formatBytes(Math.round(perSecond))}/s)`
  }
  try {
    const report = (finding: Finding): void => void findings.push(finding)
    await verify(kind, { disk: fileSystem, metadata: METADATA_LOG, report, totals })
  } finally {
    clearInterval(progress)
    if (progress !== undefined) await write(errors, '\r\x1b[K')
  }
  const damageCount = findings.filter(({ level }) => level === 'damage').length
  for (const finding of findings) await writeLine(output, isJson ? JSON.stringify({ kind: 'finding', ...finding }) : sentenceOf(finding))
  const elapsedMs = Math.round(performance.now() - startedMs)
  const summary = { kind: 'summary', folder, damage: damageCount, notes: findings.length - damageCount, ...totals, elapsedMs }
  if (isJson) await writeLine(output, JSON.stringify(summary))
  else await writeLine(output, `checked ${formatCount(totals.records, 'record')}, ${soFar()}: ${damageCount === 0 ? 'sound' : 'damaged'}`)
  if (damageCount > 0)
    throw new Failure(
      'failed',
      `${formatCount(damageCount, 'piece')} of damage in ${folder}. Nothing was changed; keep a copy before you do.`,
    )
}

/** What a broker is writing looks torn to others. */
async function refuseRunning(kind: FolderKind): Promise<void> {
  const dataFolder = kind.kind === 'data folder' ? kind.dataFolder : dirname(kind.folder)
  const holder = await findLockHolder(dataFolder)
  if (holder === undefined) return
  const where = holder.hasOurPids ? '' : ` ${holder.where}`
  throw new Failure(
    'usage',
    `a broker, process ${holder.pid}${where}, runs on ${dataFolder}, and what it is writing would look damaged. Stop it, or check a copy or snapshot of the folder.`,
  )
}

function sentenceOf({ level, file, position, message }: Finding): string {
  return `${level.padEnd(6)}  ${file}${position === undefined ? '' : ` at byte ${position}`}: ${message}`
}
