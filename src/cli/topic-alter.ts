// ottla topic alter

import { type Command, InvalidArgumentError } from 'commander'
import { alterTopicConfigs, type ConfigChange, createPartitions } from '../client/admin.ts'
import type { Cluster } from '../client/cluster.ts'
import { addBootstrapOption, type BootstrapOption, findTopic, withCluster } from './brokers.ts'
import { Failure } from './failure.ts'
import { collectPairs, examples, positive } from './options.ts'
import { formatCount, type Terminal, writeLine } from './terminal.ts'

interface AlterOptions extends BootstrapOption {
  readonly partitions?: number
  readonly set?: Readonly<Record<string, string>>
  readonly unset?: readonly string[]
  readonly json?: boolean
}

export function addAlter(topic: Command, { output }: Terminal): void {
  const command = topic
    .command('alter <name>')
    .description('give a topic more partitions, or other configs')
    .option('-p, --partitions <count>', 'how many partitions it is to have, all in all', positive)
    .option('-s, --set <name=value>', 'a topic config to set; may be repeated', collectPairs)
    .option('-u, --unset <name>', "a topic config to leave to the broker's default; may be repeated", collectNames)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        'ottla topic alter orders --partitions 12',
        'ottla topic alter orders --set retention.ms=3600000 --set durability=os --unset flush.ms',
      ),
    )
  addBootstrapOption(command).action(async (name: string, options: AlterOptions) => {
    const changes = changesOf(options)
    if (options.partitions === undefined && changes.length === 0)
      throw new Failure('usage', 'there is nothing to alter. Give --partitions, --set or --unset')
    await withCluster(options, async (cluster) => {
      await findTopic(cluster, name, options)
      await alter(cluster, name, options.partitions, changes)
      const { partitions, set = {}, unset = [] } = options
      const line = options.json === true ? JSON.stringify({ name, partitions: partitions ?? null, set, unset }) : sentence(name, options)
      await writeLine(output, line)
    })
  })
}

/** Both or, as far as the broker can tell beforehand, neither. */
async function alter(cluster: Cluster, name: string, partitions: number | undefined, changes: readonly ConfigChange[]): Promise<void> {
  if (partitions !== undefined) await createPartitions(cluster, name, partitions, { validateOnly: true })
  if (changes.length > 0) await alterTopicConfigs(cluster, name, changes)
  if (partitions !== undefined) await createPartitions(cluster, name, partitions)
}

function changesOf({ set = {}, unset = [] }: AlterOptions): ConfigChange[] {
  return [...Object.entries(set).map(([name, value]) => ({ name, value })), ...unset.map((name) => ({ name, value: null }))]
}

function sentence(name: string, { partitions, set = {}, unset = [] }: AlterOptions): string {
  const changes = [
    ...(partitions === undefined ? [] : [formatCount(partitions, 'partition')]),
    ...Object.entries(set).map(([config, value]) => `${config}=${value}`),
    ...unset.map((config) => `${config} unset`),
  ]
  return `altered topic "${name}": ${changes.join(', ')}`
}

function collectNames(text: string, earlier: readonly string[] = []): string[] {
  if (text.includes('=')) throw new InvalidArgumentError('It must be a name alone, as flush.ms.')
  return [...earlier, text]
}
