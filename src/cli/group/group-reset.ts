// ottla group reset: moves what a group has committed, once it is told to --execute. A group with members is refused: they would commit over it.

import { type Command, InvalidArgumentError, Option } from 'commander'
import { readFile } from 'node:fs/promises'
import { EARLIEST, LATEST } from '../../client/admin.ts'
import {
  byPartition,
  byTopic,
  type CommittedOffset,
  commitOffsets,
  committedOffsets,
  type TopicPartition,
} from '../../client/groups/committed-offsets.ts'
import { Coordinators } from '../../client/groups/coordinators.ts'
import { describeGroup } from '../../client/groups/describe-groups.ts'
import { offsetsOf } from '../../client/groups/lag.ts'
import { addBootstrapOption, type BootstrapOption, findTopic, withCluster } from '../brokers.ts'
import { Failure } from '../failure.ts'
import { LOG_POINTS, parseLogPoint } from '../log-point.ts'
import { examples } from '../options.ts'
import { formatCount, formatTable, type Terminal, writeLine } from '../terminal.ts'
import { parseDuration } from './duration.ts'
import { isMissing, stillHasMembers } from './groups.ts'
import { offsetsCsv, parseOffsetsCsv } from './offsets-csv.ts'
import { isSamePlace, planReset, type ResetPlan, type ResetTarget } from './reset-plan.ts'
import { collectTopics, type TopicChoice } from './topic-choice.ts'

interface ResetOptions extends BootstrapOption {
  readonly to?: ResetTarget
  readonly byDuration?: number
  readonly shiftBy?: number
  readonly fromFile?: string
  readonly topic?: readonly TopicChoice[]
  readonly execute?: boolean
  readonly export?: boolean
  readonly json?: boolean
}

export function addReset(group: Command, terminal: Terminal): void {
  const command = group
    .command('reset <group>')
    .description('say where a group without members is to go on reading; changes nothing unless told to --execute')
    .option('--to <point>', `${LOG_POINTS}; or current, which is where it is`, (text) =>
      text === 'current' ? { kind: text } : parseLogPoint(text),
    )
    .option('--by-duration <duration>', 'so long before now, as PT1H or P7D', parseDuration)
    .option('--shift-by <count>', 'by so many records on, or back when it is negative', signedNumber)
    .option('--from-file <file>', 'as lines of a CSV file say: topic,partition,offset')
    .option(
      '-t, --topic <topic>',
      'a topic as orders, or some of its partitions as orders:0,1; may be repeated (default: all that the group has committed)',
      collectTopics,
    )
    .addOption(new Option('--dry-run', 'only say what it would do: the default').conflicts('execute'))
    .option('--execute', 'do it')
    .option('--export', 'print the new offsets as CSV, for --from-file')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        'ottla group reset billing --to earliest',
        'ottla group reset billing --to 2026-01-31T12:00:00Z --topic orders:0,1 --execute',
        'ottla group reset billing --shift-by -10 --execute',
        'ottla group reset billing --to current --export > offsets.csv',
        'ottla group reset billing --from-file offsets.csv --execute',
      ),
    )
  addBootstrapOption(command).action((groupId: string, options: ResetOptions) => reset(groupId, options, terminal))
}

async function reset(groupId: string, options: ResetOptions, { output, errors }: Terminal): Promise<void> {
  const target = await targetOf(groupId, options)
  await withCluster(options, async (cluster) => {
    const coordinators = new Coordinators(cluster)
    await refuseWithMembers(coordinators, groupId)
    const committed = await committedOffsets(coordinators, groupId)
    const places = await placesOf(coordinators, groupId, target, committed, options)
    const at = (timestamp: number) => offsetsOf(cluster, places, timestamp)
    const [earliest, latest] = [await at(EARLIEST), await at(LATEST)]
    const atTime = target.kind === 'time' ? await at(target.timeMs) : latest
    const plan = planReset(target, places, { committed, earliest, latest, atTime })
    for (const warning of plan.warnings) await writeLine(errors, `warning: ${warning}`)
    if (options.execute === true)
      await commitOffsets(
        coordinators,
        groupId,
        plan.offsets.map(({ topic, partition, newOffset: offset }) => ({ topic, partition, offset, leaderEpoch: -1, metadata: '' })),
      )
    await writeLine(output, planText(groupId, plan, options))
    if (options.execute !== true && options.json !== true && options.export !== true)
      await writeLine(errors, 'nothing was changed. To do it: --execute')
  })
}

/** Exactly one may be given. */
async function targetOf(groupId: string, { to, byDuration, shiftBy, fromFile }: ResetOptions): Promise<ResetTarget> {
  const targets: ResetTarget[] = [
    ...(to === undefined ? [] : [to]),
    ...(byDuration === undefined ? [] : [{ kind: 'time' as const, timeMs: Date.now() - byDuration }]),
    ...(shiftBy === undefined ? [] : [{ kind: 'shift' as const, by: shiftBy }]),
    ...(fromFile === undefined ? [] : [{ kind: 'each' as const, offsets: parseOffsetsCsv(await readFile(fromFile, 'utf8'), groupId) }]),
  ]
  const [target] = targets
  if (target === undefined || targets.length > 1) throw new Failure('usage', 'give one of --to, --by-duration, --shift-by and --from-file')
  return target
}

async function refuseWithMembers(coordinators: Coordinators, groupId: string): Promise<void> {
  try {
    const group = await describeGroup(coordinators, groupId)
    if (group.state !== 'Empty') throw stillHasMembers(groupId, group, 'its members would commit over it')
  } catch (error) {
    if (!isMissing(error)) throw error // a group that is not there yet may be told where to begin
  }
}

/** Those of the topics that were named, else those of the file, else what the group has committed. All of them are there. */
async function placesOf(
  coordinators: Coordinators,
  groupId: string,
  target: ResetTarget,
  committed: readonly CommittedOffset[],
  options: ResetOptions,
): Promise<TopicPartition[]> {
  const rows = target.kind === 'each' ? target.offsets : undefined
  if (options.topic === undefined && rows === undefined && committed.length === 0)
    throw new Failure('refused', `group "${groupId}" has committed nothing. Say where it is to begin with --topic`)
  const places = new Map<string, TopicPartition>()
  for (const { topic: name, partitions } of options.topic ?? choicesOf(rows ?? committed)) {
    const topic = await findTopic(coordinators.cluster, name, options)
    const there = topic.partitions.map(({ partition }) => partition)
    for (const partition of partitions ?? there) {
      if (!there.includes(partition))
        throw new Failure('refused', `topic "${name}" has no partition ${partition}, but ${formatCount(there.length, 'partition')}`)
      places.set(`${name}:${partition}`, { topic: name, partition })
    }
  }
  const isMeant = (place: TopicPartition): boolean => rows?.some((row) => isSamePlace(row, place)) ?? true
  return [...places.values()].filter(isMeant).sort(byPartition)
}

function choicesOf(places: readonly TopicPartition[]): TopicChoice[] {
  return [...byTopic(places)].map(([topic, ofTopic]) => ({ topic, partitions: ofTopic.map(({ partition }) => partition) }))
}

function planText(groupId: string, { offsets, warnings }: ResetPlan, options: ResetOptions): string {
  const isExecuted = options.execute === true
  if (options.json === true) return JSON.stringify({ groupId, isExecuted, offsets, warnings })
  if (options.export === true) return offsetsCsv(offsets.map(({ newOffset: offset, ...place }) => ({ ...place, offset })))
  return formatTable(
    ['topic', 'partition', isExecuted ? 'was' : 'is', isExecuted ? 'is' : 'would be'],
    offsets.map(({ topic, partition, committedOffset, newOffset }) => [topic, partition, committedOffset ?? '-', newOffset]),
  )
}

function signedNumber(text: string): number {
  if (!/^[+-]?\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number, as 10 or -10.')
  return Number(text)
}
