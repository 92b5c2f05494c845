// ottla dump: what is in the files of a data folder, of a partition, or in one file. Changes nothing, and may be used while a broker runs: then the end of
// a file may look cut short.

import type { Command } from 'commander'
import { stat } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { fileSystem } from '../../disk/disk.ts'
import { parseLogFolderName } from '../../log/file-names.ts'
import { type DumpEntry, dumpFile } from '../../upkeep/dump.ts'
import { Failure } from '../failure.ts'
import { examples } from '../options.ts'
import { formatCount, type Terminal, writeLine } from '../terminal.ts'
import { entryAsJson, entryAsText } from './dump-text.ts'
import { METADATA_LOG, metadataOf } from './metadata.ts'

interface DumpCommandOptions {
  readonly records?: boolean
  readonly json?: boolean
}

export function addDumpCommand(program: Command, terminal: Terminal): void {
  program
    .command('dump <path...>')
    .description('print what is in files of a data folder: batches, indexes, snapshots, checkpoints; of a folder, all of them')
    .option('--records', 'the records of each batch, too')
    .option('--json', 'print JSON lines')
    .addHelpText(
      'after',
      `${examples('ottla dump ./ottla-data/orders-0', 'ottla dump ./ottla-data/orders-0/00000000000000000000.log --records --json')}

What cannot be read is said where it is found, and the exit code is 1 then.`,
    )
    .action((paths: string[], options: DumpCommandOptions) => dump(paths, options, terminal))
}

async function dump(paths: readonly string[], { records = false, json = false }: DumpCommandOptions, { output }: Terminal): Promise<void> {
  let damagedCount = 0
  for (const path of paths) {
    const files = await filesUnder(path)
    for (const file of files) {
      let isDamaged = false
      const isMetadata = basename(dirname(file)) === METADATA_LOG.folderName
      const emit = async (entry: DumpEntry): Promise<boolean> => {
        isDamaged ||= entry.kind === 'damage'
        const metadata = isMetadata && entry.kind === 'record' ? metadataOf(entry) : undefined
        if (json) await writeLine(output, JSON.stringify({ ...entryAsJson(file, entry), ...(metadata && { metadata }) }))
        else await writeLine(output, `${entryAsText(entry)}${metadata === undefined ? '' : `  says ${JSON.stringify(metadata)}`}`)
        return !output.destroyed
      }
      if (!json && files.length > 1) await writeLine(output, relative(path, file))
      const isKnown = await dumpFile(file, { disk: fileSystem, withRecords: records, emit })
      if (!isKnown && files.length === 1) throw new Failure('usage', `${file} is not a file of a data folder, by its name`)
      if (!isKnown && !json) await writeLine(output, '  not shown')
      if (isDamaged) damagedCount++
    }
  }
  if (damagedCount > 0) throw new Failure('failed', `${formatCount(damagedCount, 'file')} could not be read as a whole`)
}

/** The file itself, or what is in a folder, and in the partitions' folders in it. */
async function filesUnder(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path]
  const names = (await fileSystem.list(path)) ?? []
  const files: string[] = []
  for (const name of names.toSorted()) {
    if (parseLogFolderName(name) === undefined) files.push(join(path, name))
    else files.push(...(await filesUnder(join(path, name))))
  }
  return files
}
