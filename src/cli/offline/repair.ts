// ottla repair: mends what `ottla verify` finds. Says what it would do; with --execute, does it.

import type { Command } from 'commander'
import { dirname } from 'node:path'
import { fileSystem } from '../../disk/disk.ts'
import { lockFolder } from '../../disk/folder-lock.ts'
import type { Finding } from '../../upkeep/finding.ts'
import { planRepair } from '../../upkeep/repair/repair.ts'
import { kindOfFolder, verify } from '../../upkeep/verify.ts'
import { Failure } from '../failure.ts'
import { examples } from '../options.ts'
import { formatCount, type Terminal, writeLine } from '../terminal.ts'
import { METADATA_LOG } from './metadata.ts'

export function addRepairCommand(program: Command, terminal: Terminal): void {
  program
    .command('repair <folder>')
    .description('mend what ottla verify finds in a data folder, or in one partition of it, while no broker runs there')
    .option('--execute', 'do it; without, only say what would be done')
    .option('--json', 'print JSON lines: what is, or would be, done, what is left, and a summary')
    .addHelpText(
      'after',
      `${examples('ottla repair ./ottla-data', 'ottla repair ./ottla-data --execute', 'ottla repair ./ottla-data/orders-0 --execute --json')}

Records that are damaged are lost: an empty batch takes the place of their offsets, so that offsets go on without a gap. A batch of which only the
offset or the leader epoch was wrong is put back. Everything else is made again from the batches. Nothing is thrown away: what is taken out of a file
is kept beside it, in a .cut file, and no such file is ever overwritten; a journal of which a part cannot be read is kept as a whole, in a folder
journal.damaged-<n>, and the next start replays the rest of it. Copy the folder before, if you can.
Exit codes: 0 nothing is damaged, or all of it was repaired; 1 damage is left; 2 the folder is not one that can be repaired.`,
    )
    .action((folder: string, { execute = false, json = false }: { execute?: boolean; json?: boolean }) =>
      repairFolder(folder, { isExecuted: execute, isJson: json }, terminal),
    )
}

interface RepairChoice {
  readonly isExecuted: boolean
  readonly isJson: boolean
}

async function repairFolder(folder: string, choice: RepairChoice, terminal: Terminal): Promise<void> {
  const kind = await kindOfFolder(fileSystem, folder)
  if (kind === undefined) throw new Failure('usage', `${folder} is neither a data folder of Ottla nor the folder of a partition`)
  const lock = await lockFolder(kind.kind === 'data folder' ? kind.dataFolder : dirname(kind.folder))
  try {
    const left: Finding[] = []
    const options = { disk: fileSystem, metadata: METADATA_LOG, totals: { bytes: 0, batches: 0, records: 0 } }
    const { findings, unreplayed, actions } = await planRepair(kind, options)
    for (const { file, message } of unreplayed)
      await writeLine(terminal.output, choice.isJson ? JSON.stringify({ kind: 'note', file, message }) : `note  ${file}: ${message}`)
    for (const action of actions) {
      const { file, message } = action
      if (choice.isExecuted) await action.apply()
      const line = { kind: choice.isExecuted ? 'done' : 'would do', file, message }
      await writeLine(terminal.output, choice.isJson ? JSON.stringify(line) : `${line.kind}  ${file}: ${message}`)
    }
    if (choice.isExecuted) {
      const report = (finding: Finding): void => void (finding.level === 'damage' && left.push(finding))
      await verify(kind, { ...options, report })
    } else left.push(...findings)
    await conclude({ folder, damage: findings.length, left, choice }, terminal)
  } finally {
    await lock.release()
  }
}

interface Conclusion {
  readonly folder: string
  readonly damage: number
  readonly left: readonly Finding[]
  readonly choice: RepairChoice
}

async function conclude({ folder, damage, left, choice: { isExecuted, isJson } }: Conclusion, { output }: Terminal): Promise<void> {
  for (const finding of isExecuted ? left : []) {
    const { file, message } = finding
    await writeLine(output, isJson ? JSON.stringify({ kind: 'left', ...finding }) : `left  ${file}: ${message}`)
  }
  if (isJson) await writeLine(output, JSON.stringify({ kind: 'summary', folder, isExecuted, damage, left: left.length }))
  else if (damage === 0) await writeLine(output, 'nothing is damaged')
  else if (left.length === 0) await writeLine(output, `repaired ${formatCount(damage, 'piece')} of damage`)
  if (left.length === 0) return
  const pieces = formatCount(left.length, 'piece')
  if (isExecuted) throw new Failure('failed', `${pieces} of damage in ${folder} could not be repaired`)
  throw new Failure('failed', `${pieces} of damage in ${folder}. Nothing was changed: to do what is listed, add --execute`)
}
