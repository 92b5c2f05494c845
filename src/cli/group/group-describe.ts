// ottla group describe: what a group is, who is in it, how far it is behind, and what happened to it of late.

import type { Command } from 'commander'
import type { Cluster } from '../../client/cluster.ts'
import { formatAddress } from '../../client/connection.ts'
import { Coordinators } from '../../client/groups/coordinators.ts'
import { listGroups } from '../../client/groups/group-admin.ts'
import { partitionLags } from '../../client/groups/lag.ts'
import { addBootstrapOption, type BootstrapOption, withCluster } from '../brokers.ts'
import { Failure } from '../failure.ts'
import { examples } from '../options.ts'
import { type Terminal, writeLine } from '../terminal.ts'
import { type GroupReport, reportText, type Section } from './describe-text.ts'
import { findGroup } from './groups.ts'

interface DescribeOptions extends BootstrapOption {
  readonly all?: boolean
  readonly offsets?: boolean
  readonly members?: boolean
  readonly history?: boolean
  readonly json?: boolean
}

export function addDescribe(group: Command, { output }: Terminal): void {
  const command = group
    .command('describe [group...]')
    .description('show the state of groups, what they have committed and how far they are behind, their members, and what happened of late')
    .option('--all', 'every group that can be described')
    .option('--offsets', 'show what is committed, and the lag; of several of these options, all that are given')
    .option('--members', 'show the members, with all that they have and are to have')
    .option('--history', 'show all that is known of what happened, and why; Ottla alone tells that')
    .option('--json', 'print JSON, always with all of it')
    .addHelpText(
      'after',
      examples('ottla group describe billing', 'ottla group describe billing --members --history', 'ottla group describe --all --json'),
    )
  addBootstrapOption(command).action(async (named: string[], options: DescribeOptions) =>
    withCluster(options, async (cluster) => {
      if (named.length === 0 && options.all !== true) throw new Failure('usage', 'name a group, or give --all')
      const groupIds = options.all === true ? await describable(cluster) : named
      const coordinators = new Coordinators(cluster)
      const reports: GroupReport[] = []
      for (const groupId of groupIds) reports.push(await report(coordinators, groupId, options))
      if (options.json === true) await writeLine(output, JSON.stringify(reports.map(asJson)))
      else if (reports.length === 0) await writeLine(output, `no groups on ${options.bootstrap}`)
      else await writeLine(output, reports.map((about) => reportText(about, sectionsOf(options))).join('\n\n'))
    }),
  )
}

async function describable(cluster: Cluster): Promise<string[]> {
  return (await listGroups(cluster, () => true)).filter(({ members }) => members !== null).map(({ groupId }) => groupId)
}

async function report(coordinators: Coordinators, groupId: string, options: BootstrapOption): Promise<GroupReport> {
  const group = await findGroup(coordinators, groupId, options)
  return { group, coordinator: await coordinators.of(groupId), offsets: await partitionLags(coordinators, group) }
}

function sectionsOf({ offsets, members, history }: DescribeOptions): ReadonlySet<Section> | undefined {
  const given = Object.entries({ offsets, members, history }).filter(([, isGiven]) => isGiven === true)
  return given.length === 0 ? undefined : new Set(given.map(([section]) => section as Section))
}

function asJson({ group, coordinator: { brokerId, ...address }, offsets }: GroupReport): object {
  const { members, history, ...about } = group
  return {
    ...about,
    coordinator: { brokerId, address: formatAddress(address) },
    members,
    offsets: offsets.map(({ member, ...offset }) => ({ ...offset, memberId: member?.memberId ?? null })),
    totalLag: offsets.reduce((sum, { lag }) => sum + (lag ?? 0), 0),
    history: history.map(({ timeMs, ...event }) => ({ time: new Date(timeMs).toISOString(), ...event })),
  }
}
