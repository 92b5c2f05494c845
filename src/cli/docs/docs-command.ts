// ottla docs: writes the generated pages of docs/, or checks that they are what would be written. For a source checkout, in its folder.

import type { Command } from 'commander'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { configsMarkdown } from '../../config/docs.ts'
import { apisMarkdown } from './apis-page.ts'
import { commandsMarkdown } from './commands-page.ts'
import { metricsMarkdown } from './metrics-page.ts'
import { Failure } from '../failure.ts'
import { type Terminal, writeLine } from '../terminal.ts'

const HANDLERS_FOLDER = 'src/handlers'

export function addDocsCommand(program: Command, { output }: Terminal): void {
  program
    .command('docs', { hidden: true })
    .description('write docs/configs.md, docs/cli.md, docs/apis.md and docs/metrics.md of a source checkout')
    .option('--check', 'write nothing; fail when a page is stale')
    .action(async ({ check = false }: { check?: boolean }) => {
      const checkout = process.cwd()
      if (!existsSync(join(checkout, HANDLERS_FOLDER)))
        throw new Failure('usage', `there is no ${HANDLERS_FOLDER} here: run this in a source checkout`)
      const stale = stalePages(checkout, program)
      if (check && stale.length > 0) {
        throw new Failure(
          'failed',
          `${stale.map(([page]) => page).join(', ')}: not what the source says. Run: npm run build && node bin/ottla.cjs docs`,
        )
      }
      if (check) return
      for (const [page, text] of stale) {
        writeFileSync(join(checkout, page), text)
        await writeLine(output, `wrote ${page}`)
      }
    })
}

/** The pages that are missing or differ, each with the text that it should have. */
function stalePages(checkout: string, program: Command): [page: string, text: string][] {
  const pages = {
    'docs/configs.md': configsMarkdown(),
    'docs/cli.md': commandsMarkdown(program),
    'docs/apis.md': apisMarkdown(join(checkout, HANDLERS_FOLDER)),
    'docs/metrics.md': metricsMarkdown(),
  }
  return Object.entries(pages).filter(
    ([page, text]) => !existsSync(join(checkout, page)) || readFileSync(join(checkout, page), 'utf8') !== text,
  )
}
