// ottla topic create|list|describe|delete, and the place of alter among them (topic-alter.ts)

import type { Command } from 'commander'
import { createTopic, deleteTopic, EARLIEST, LATEST, offsetsAt, topicConfigs } from '../client/admin.ts'
import type { Cluster, TopicMetadata } from '../client/cluster.ts'
import { Refusal } from '../wire/error-codes.ts'
import { addBootstrapOption, type BootstrapOption, findTopic, isMissing, noSuchTopic, withCluster } from './brokers.ts'
import { Failure } from './failure.ts'
import { collectPairs, examples, positive } from './options.ts'
import { formatCount, formatTable, type Terminal, writeLine } from './terminal.ts'
import { addAlter } from './topic-alter.ts'

interface CommonOptions extends BootstrapOption {
  readonly json?: boolean
}

export function addTopicCommands(program: Command, terminal: Terminal): void {
  const topic = program.command('topic').description('create, list, describe, alter and delete topics')
  addCreate(topic, terminal)
  addList(topic, terminal)
  addDescribe(topic, terminal)
  addAlter(topic, terminal)
  addDelete(topic, terminal)
}

function addCreate(topic: Command, { output }: Terminal): void {
  const command = topic
    .command('create <name...>')
    .description('create topics')
    .option('-p, --partitions <count>', 'the number of partitions (default: what the broker has as num.partitions)', positive)
    .option('-r, --replication-factor <count>', 'the number of replicas (default: what the broker has)', positive)
    .option('-c, --config <name=value>', 'a topic config; may be repeated', collectPairs)
    .option('--if-not-exists', 'be content when the topic is there already')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        'ottla topic create orders',
        'ottla topic create orders --partitions 12 --config cleanup.policy=compact --config durability=os',
      ),
    )
  addBootstrapOption(command).action(async (names: string[], options: CreateOptions) =>
    withCluster(options, async (cluster) => {
      const created = []
      for (const name of names) created.push(await create(cluster, name, options))
      if (options.json === true) await writeLine(output, JSON.stringify(created))
      else for (const about of created) await writeLine(output, createdSentence(about))
    }),
  )
}

interface CreateOptions extends CommonOptions {
  readonly partitions?: number
  readonly replicationFactor?: number
  readonly config?: Readonly<Record<string, string>>
  readonly ifNotExists?: boolean
}

interface Created {
  readonly name: string
  readonly topicId: string
  readonly partitions: number
  readonly replicationFactor: number
  readonly isNew: boolean
}

async function create(cluster: Cluster, name: string, options: CreateOptions): Promise<Created> {
  try {
    const { topicId, partitionCount, replicationFactor } = await createTopic(cluster, {
      name,
      partitionCount: options.partitions ?? -1,
      replicationFactor: options.replicationFactor ?? -1,
      configs: options.config ?? {},
    })
    return { name, topicId, partitions: partitionCount, replicationFactor, isNew: true }
  } catch (error) {
    if (!(error instanceof Refusal) || error.error !== 'TOPIC_ALREADY_EXISTS') throw error
    if (options.ifNotExists !== true)
      throw new Failure('refused', `topic "${name}" exists already on ${options.bootstrap}. To be content with that: --if-not-exists`)
    const { topicId, partitions } = await findTopic(cluster, name, options)
    return { name, topicId, partitions: partitions.length, replicationFactor: partitions[0]?.replicaIds.length ?? 0, isNew: false }
  }
}

function createdSentence({ name, partitions, isNew }: Created): string {
  return `${isNew ? 'created' : 'found'} topic "${name}" with ${formatCount(partitions, 'partition')}`
}

function addList(topic: Command, { output }: Terminal): void {
  const command = topic
    .command('list')
    .description('list topics')
    .option('--internal', 'internal ones too')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('ottla topic list', 'ottla topic list --bootstrap kafka.example:9092 --json'))
  addBootstrapOption(command).action(async (options: CommonOptions & { internal?: boolean }) =>
    withCluster(options, async (cluster) => {
      const topics = (await cluster.topics(null))
        .filter(({ isInternal }) => options.internal === true || !isInternal)
        .sort((a, b) => (a.name < b.name ? -1 : 1))
      const rows = topics.map(({ name, topicId, partitions, isInternal }) => ({
        name,
        partitions: partitions.length,
        replicationFactor: partitions[0]?.replicaIds.length ?? 0,
        topicId,
        isInternal,
      }))
      if (options.json === true) await writeLine(output, JSON.stringify(rows))
      else if (rows.length === 0) await writeLine(output, `no topics on ${options.bootstrap}. Create one with: ottla topic create orders`)
      else
        await writeLine(
          output,
          formatTable(
            ['name', 'partitions', 'replicas'],
            rows.map((row) => [row.name, row.partitions, row.replicationFactor]),
          ),
        )
    }),
  )
}

function addDescribe(topic: Command, { output }: Terminal): void {
  const command = topic
    .command('describe <name>')
    .description('show the partitions, offsets and configs of a topic')
    .option('--all-configs', 'also configs that have their default')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('ottla topic describe orders', 'ottla topic describe orders --json'))
  addBootstrapOption(command).action(async (name: string, options: CommonOptions & { allConfigs?: boolean }) =>
    withCluster(options, async (cluster) => {
      const about = await describe(cluster, await findTopic(cluster, name, options))
      const configs = about.configs.filter(
        ({ source }) => source === 'topic' || options.allConfigs === true || (options.json === true && source !== 'default'),
      )
      await writeLine(output, options.json === true ? JSON.stringify({ ...about, configs }) : described({ ...about, configs }))
    }),
  )
}

async function describe(cluster: Cluster, topic: TopicMetadata) {
  const numbers = topic.partitions.filter(({ leaderId }) => leaderId !== -1).map(({ partition }) => partition)
  const earliest = await offsetsAt(cluster, topic, numbers, EARLIEST)
  const latest = await offsetsAt(cluster, topic, numbers, LATEST)
  const configs = await topicConfigs(cluster, topic.name)
  const partitions = topic.partitions.map(({ partition, leaderId, leaderEpoch, replicaIds, inSyncReplicaIds }) => {
    const [logStartOffset, highWatermark] = [earliest.get(partition)?.offset ?? null, latest.get(partition)?.offset ?? null]
    return { partition, leaderId, leaderEpoch, replicaIds, inSyncReplicaIds, logStartOffset, highWatermark }
  })
  return { name: topic.name, topicId: topic.topicId, isInternal: topic.isInternal, partitions, configs }
}

function described({ name, topicId, partitions, configs }: Awaited<ReturnType<typeof describe>>): string {
  const rows = partitions.map(({ partition, leaderId, replicaIds, logStartOffset, highWatermark }) => [
    partition,
    leaderId === -1 ? 'none' : leaderId,
    replicaIds.join(','),
    logStartOffset ?? '?',
    highWatermark ?? '?',
  ])
  const lines = [
    `topic "${name}", id ${topicId}`,
    '',
    formatTable(['partition', 'leader', 'replicas', 'first offset', 'next offset'], rows),
  ]
  if (configs.length > 0)
    lines.push(
      '',
      formatTable(
        ['config', 'value', 'set by'],
        configs.map(({ name, value, source }) => [name, value ?? '', source]),
      ),
    )
  return lines.join('\n')
}

function addDelete(topic: Command, { output }: Terminal): void {
  const command = topic
    .command('delete <name...>')
    .description('delete topics, with all their records')
    .option('--if-exists', 'be content when the topic is not there')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('ottla topic delete orders', 'ottla topic delete --if-exists orders payments'))
  addBootstrapOption(command).action(async (names: string[], options: CommonOptions & { ifExists?: boolean }) =>
    withCluster(options, async (cluster) => {
      const deleted: string[] = []
      for (const name of names) {
        try {
          await deleteTopic(cluster, name)
          deleted.push(name)
        } catch (error) {
          if (!isMissing(error)) throw error
          if (options.ifExists !== true) throw await noSuchTopic(cluster, name, options.bootstrap, 'To be content with that: --if-exists')
        }
        if (options.json !== true) await writeLine(output, `${deleted.includes(name) ? 'deleted' : 'did not find'} topic "${name}"`)
      }
      if (options.json === true) await writeLine(output, JSON.stringify({ deleted }))
    }),
  )
}
