// ottla consume: records from an offset or a time on, to standard output. Without --follow it ends at what was there when it began.

import { type Command, InvalidArgumentError, Option } from 'commander'
import { EARLIEST, LATEST, offsetsAt } from '../../client/admin.ts'
import type { Cluster, TopicMetadata } from '../../client/cluster.ts'
import { type Position, replay } from '../../client/fetch.ts'
import { addBootstrapOption, type BootstrapOption, findTopic, withCluster } from '../brokers.ts'
import { Failure } from '../failure.ts'
import { LOG_POINTS, type LogPoint, parseLogPoint } from '../log-point.ts'
import { examples, separator, wholeNumber } from '../options.ts'
import { type Format, FORMATS, recordFormatter } from '../record-text.ts'
import { type Terminal, write, writeLine } from '../terminal.ts'

interface ConsumeOptions extends BootstrapOption {
  readonly from: LogPoint
  readonly partition?: readonly number[]
  readonly follow?: boolean
  readonly max?: number
  readonly format: Format
  readonly keySeparator?: string
  readonly json?: boolean
}

export function addConsumeCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('consume <topic>')
    .description('print the records of a topic, up to what is there now, or on and on with --follow')
    .addOption(new Option('--from <start>', LOG_POINTS).argParser(parseLogPoint).default({ kind: 'earliest' }, 'earliest'))
    .option('-p, --partition <numbers>', 'partitions, with commas (default: all)', partitionList)
    .option('--follow', 'wait for further records')
    .option('-n, --max <count>', 'end after so many records', wholeNumber)
    .addOption(new Option('-f, --format <format>', 'what is printed of a record').choices(FORMATS).default('value'))
    .option('-k, --key-separator <text>', 'what parts key and value (default: ":"); means --format key:value', separator)
    .option('--json', 'short for --format json')
    .addHelpText(
      'after',
      examples(
        'ottla consume orders',
        'ottla consume orders --from latest --follow --key-separator :',
        'ottla consume orders --from 2026-01-31T12:00 --json',
        'ottla consume orders --partition 0 --from 1200 --max 10',
      ),
    )
  addBootstrapOption(command).action((topic: string, options: ConsumeOptions) => consume(topic, options, terminal))
}

async function consume(name: string, options: ConsumeOptions, terminal: Terminal): Promise<void> {
  const { output, errors } = terminal
  const stop = new AbortController()
  terminal.onInterrupt(() => stop.abort())
  output.once('close', () => stop.abort())
  await withCluster(options, async (cluster) => {
    const topic = await findTopic(cluster, name, options)
    const { positions, notes } = await positionsOf(cluster, topic, options)
    for (const note of notes) await writeLine(errors, note)
    const print = recordFormatter(formatOf(options), options.keySeparator ?? ':', name)
    let left = options.max ?? Infinity
    for await (const { partition, records } of replay(cluster, topic, left === 0 ? [] : positions, { signal: stop.signal })) {
      const wanted = records.slice(0, left)
      left -= wanted.length
      await write(output, Buffer.concat(wanted.map((record) => print(partition, record))))
      if (left === 0) return
    }
  })
}

function formatOf({ json, keySeparator, format }: ConsumeOptions): Format {
  if (json === true) return 'json'
  return keySeparator === undefined ? format : 'key:value'
}

/** Where to begin in each partition, and, unless it is to be followed, its end. */
async function positionsOf(
  cluster: Cluster,
  topic: TopicMetadata,
  { from, partition: asked, follow }: ConsumeOptions,
): Promise<{ positions: Position[]; notes: string[] }> {
  const partitions = asked ?? topic.partitions.map(({ partition }) => partition)
  const latest = await offsetsAt(cluster, topic, partitions, LATEST)
  const earliest = await offsetsAt(cluster, topic, partitions, EARLIEST)
  const atTime = from.kind === 'time' ? await offsetsAt(cluster, topic, partitions, from.timeMs) : undefined
  const notes: string[] = []
  const positions = partitions.map((partition) => {
    const [first, next] = [earliest.get(partition)!.offset, latest.get(partition)!.offset]
    const found = atTime?.get(partition)?.offset ?? -1
    const begin = { earliest: first, latest: next, offset: from.kind === 'offset' ? from.offset : next, time: found === -1 ? next : found }[
      from.kind
    ]
    if (begin < first) notes.push(`partition ${partition} of "${topic.name}" begins at offset ${first}; the records before it are gone`)
    if (begin > next) notes.push(`partition ${partition} of "${topic.name}" ends before offset ${next}`)
    const offset = Math.min(Math.max(begin, first), next)
    return { partition, offset, ...(follow === true ? {} : { until: next }) }
  })
  if (from.kind === 'offset' && partitions.every((partition) => latest.get(partition)!.offset < from.offset)) {
    throw new Failure('refused', `there is no offset ${from.offset}: ${notes.join('; ')}`)
  }
  return { positions, notes }
}

function partitionList(text: string): number[] {
  if (!/^\d{1,9}(,\d{1,9})*$/.test(text)) throw new InvalidArgumentError('It must be a partition number, or several with commas.')
  return [...new Set(text.split(',').map(Number))]
}
