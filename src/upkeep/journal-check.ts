// What is left in the journal of a folder whose broker did not stop as it should. Reads only.

import { basename, join } from 'node:path'
import type { ReadingDisk } from '../disk/disk.ts'
import { JOURNAL_FOLDER } from '../log/file-names.ts'
import { FIRST_NUMBER } from '../log/journal/journal-files.ts'
import { JournalReader } from '../log/journal/journal-reader.ts'
import type { Report } from './finding.ts'

export async function checkJournal(disk: ReadingDisk, dataFolder: string, report: Report): Promise<void> {
  const journal = await JournalReader.open(disk, join(dataFolder, JOURNAL_FOLDER))
  let batchCount = 0
  for (const path of journal?.unreadable ?? [])
    report({ level: 'damage', file: join(JOURNAL_FOLDER, basename(path)), message: 'the header is damaged, and what the file holds' })
  if (journal?.isFirstNumberSound === false)
    report({
      level: 'note',
      file: join(JOURNAL_FOLDER, FIRST_NUMBER),
      message: 'it is not as it was written; the next start replays all that the journal holds',
    })
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
