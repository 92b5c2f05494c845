// What is left in the journal of a folder whose broker did not stop as it should. Reads only.

import { join } from 'node:path'
import type { ReadingDisk } from '../disk/disk.ts'
import { JOURNAL_FOLDER } from '../log/file-names.ts'
import { JournalReader } from '../log/journal/journal-reader.ts'
import type { Report } from './finding.ts'

export async function checkJournal(disk: ReadingDisk, dataFolder: string, report: Report): Promise<void> {
  const journal = await JournalReader.open(disk, join(dataFolder, JOURNAL_FOLDER))
  let batchCount = 0
  await journal?.read({
    entry: ({ batches }) => void (batchCount += batches.length),
    lost: ({ fromNumber, toNumber }) =>
      report({
        level: 'damage',
        file: JOURNAL_FOLDER,
        message: `entries ${fromNumber} to ${toNumber - 1}, which were acknowledged, cannot be read`,
      }),
  })
  if (batchCount > 0)
    report({ level: 'note', file: JOURNAL_FOLDER, message: `${batchCount} batches; the next start appends those that their logs lack` })
}
