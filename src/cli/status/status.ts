// ottla status: what a running broker has counted, asked by a signal, so that neither a port nor a client is needed.

import type { Command } from 'commander'
import { resolve } from 'node:path'
import { resolveBrokerConfig } from '../../config/resolve.ts'
import { Failure } from '../failure.ts'
import { examples } from '../options.ts'
import { type Terminal, writeLine } from '../terminal.ts'
import { requestStatus } from './status-file.ts'
import { statusText } from './status-text.ts'

const ANSWER_WITHIN_MS = 5_000

export function addStatusCommand(program: Command, { output, env, askForStatus }: Terminal): void {
  program
    .command('status')
    .description('show what the broker of a data folder on this machine is doing')
    .option('--data <folder>', 'the data folder of the broker (default: as for ottla start)')
    .option('--json', 'print JSON, every metric of docs/metrics.md among it')
    .addHelpText('after', examples('ottla status', 'ottla status --data /var/lib/ottla --json'))
    .action(async ({ data, json }: { data?: string; json?: boolean }) => {
      if (askForStatus === undefined) throw new Failure('failed', 'ottla status asks by a signal, which this system does not have.')
      const { config } = resolveBrokerConfig({ env, flags: data === undefined ? {} : { 'log.dirs': data } })
      const status = await requestStatus(resolve(config['log.dirs']), askForStatus, ANSWER_WITHIN_MS)
      await writeLine(output, json === true ? JSON.stringify(status) : statusText(status))
    })
}
