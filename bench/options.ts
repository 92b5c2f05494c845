// What a benchmark was told on its command line. Each says at the top of its file what it measures and what it takes: that is its help.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs, type ParseArgsConfig } from 'node:util'

/** Ends the process after `--help`, and with exit code 2 where it does not understand. `url` is the benchmark's. */
export function optionsOf<const Options extends NonNullable<ParseArgsConfig['options']>>(url: string, options: Options) {
  if (process.argv.includes('--help')) {
    console.log(helpOf(url))
    process.exit(0)
  }
  try {
    return parseArgs({ options, allowNegative: true }).values
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${helpOf(url)}`)
    process.exit(2)
  }
}

function helpOf(url: string): string {
  const lines = readFileSync(fileURLToPath(url), 'utf8').split('\n')
  const end = lines.findIndex((line) => !line.startsWith('//'))
  return lines
    .slice(0, end)
    .map((line) => line.slice('// '.length))
    .join('\n')
}
