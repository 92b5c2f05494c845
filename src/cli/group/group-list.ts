// ottla group list

import type { Command } from 'commander'
import { listGroups } from '../../client/groups/group-admin.ts'
import { addBootstrapOption, type BootstrapOption, withCluster } from '../brokers.ts'
import { examples } from '../options.ts'
import { formatTable, type Terminal, writeLine } from '../terminal.ts'

interface ListOptions extends BootstrapOption {
  readonly state?: readonly string[]
  readonly type?: readonly string[]
  readonly json?: boolean
}

export function addList(group: Command, { output }: Terminal): void {
  const command = group
    .command('list')
    .description('list groups')
    .option(
      '--state <states>',
      'only of these states, with commas: Empty, Stable, PreparingRebalance, CompletingRebalance, Assigning, Reconciling',
      commaList,
    )
    .option('--type <types>', 'only of these types, with commas: classic, consumer, share, streams', commaList)
    .option('--json', 'print JSON')
    .addHelpText('after', examples('ottla group list', 'ottla group list --state empty --json', 'ottla group list --type classic,consumer'))
  addBootstrapOption(command).action(async ({ state: states, type: types, ...options }: ListOptions) =>
    withCluster(options, async (cluster) => {
      const groups = await listGroups(cluster, ({ state, type }) => isAmong(states, state) && isAmong(types, type))
      const isFiltered = states !== undefined || types !== undefined
      if (options.json === true) await writeLine(output, JSON.stringify(groups))
      else if (groups.length === 0) await writeLine(output, `no ${isFiltered ? 'such groups' : 'groups'} on ${options.bootstrap}`)
      else
        await writeLine(
          output,
          formatTable(
            ['group', 'state', 'type', 'protocol', 'members'],
            groups.map(({ groupId, state, type, protocolType, members }) => [groupId, state, type, protocolType, members ?? '?']),
          ),
        )
    }),
  )
}

const commaList = (text: string): string[] => text.split(',').map((part) => part.trim().toLowerCase())

function isAmong(wanted: readonly string[] | undefined, value: string): boolean {
  return wanted === undefined || wanted.includes(value.toLowerCase())
}
