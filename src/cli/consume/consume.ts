// ottla consume: records from an offset or a time on, or as a member of a group, to standard output. Without --follow it ends at what was there when it began.

import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Cluster, TopicMetadata } from '../../client/cluster.ts'
import { replay } from '../../client/fetch.ts'
import { addBootstrapOption, type BootstrapOption, findTopic, withCluster } from '../brokers.ts'
import { EXIT_CODES, Failure } from '../failure.ts'
import { LOG_POINTS, type LogPoint, parseLogPoint } from '../log-point.ts'
import { examples, separator, wholeNumber } from '../options.ts'
import { type Format, FORMATS, recordFormatter, type RecordPrinter } from '../record-text.ts'
import { type Terminal, write, writeLine } from '../terminal.ts'
import { consumeInGroup, GROUP_PROTOCOLS, type GroupProtocol } from './consume-group.ts'
import { startPositions } from './start-positions.ts'

interface ConsumeOptions extends BootstrapOption {
  readonly from: LogPoint
  readonly partition?: readonly number[]
  readonly group?: string
  readonly groupProtocol?: GroupProtocol
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
    .option('-g, --group <group>', 'read as a member of this group: from where it has come to (else --from), and commit what was printed')
    .addOption(
      new Option(
        '--group-protocol <protocol>',
        'by which protocol to join (default: that of the group, else consumer if the broker has it)',
      ).choices(GROUP_PROTOCOLS),
    )
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
        'ottla consume orders --group billing',
        'ottla consume orders --group billing --follow --json',
      ),
    )
  addBootstrapOption(command).action((topic: string, options: ConsumeOptions) => consume(topic, options, terminal))
}

async function consume(name: string, options: ConsumeOptions, terminal: Terminal): Promise<void> {
  const { group: groupId, partition, groupProtocol } = options
  if (groupId !== undefined && partition !== undefined)
    throw new Failure('usage', 'a group parts the partitions among its members: --group and --partition do not go together')
  if (groupId === undefined && groupProtocol !== undefined) throw new Failure('usage', '--group-protocol is for --group')
  const stop = new AbortController()
  terminal.onInterrupt(() => {
    if (stop.signal.aborted) terminal.exit(EXIT_CODES.failed)
    stop.abort()
  })
  terminal.output.once('close', () => stop.abort())
  const print = recordFormatter(formatOf(options), options.keySeparator ?? ':', name)
  await withCluster(options, async (cluster) => {
    const topic = await findTopic(cluster, name, options)
    if (groupId === undefined) await consumeAlone(cluster, topic, options, terminal, print, stop.signal)
    else await consumeInGroup(cluster, topic, { ...options, group: groupId }, terminal, print, stop.signal)
  })
}

async function consumeAlone(
  cluster: Cluster,
  topic: TopicMetadata,
  options: ConsumeOptions,
  { output, errors }: Terminal,
  print: RecordPrinter,
  signal: AbortSignal,
): Promise<void> {
  const { from, follow, max = Infinity } = options
  const starts = await startPositions(cluster, topic, options.partition ?? topic.partitions.map(({ partition }) => partition), from)
  const notes = starts.flatMap(({ note }) => note ?? [])
  if (from.kind === 'offset' && starts.every(({ logEndOffset }) => logEndOffset < from.offset))
    throw new Failure('refused', `there is no offset ${from.offset}: ${notes.join('; ')}`)
  for (const note of notes) await writeLine(errors, note)
  const positions = starts.map(({ partition, offset, logEndOffset }) => ({
    partition,
    offset,
    ...(follow === true ? {} : { until: logEndOffset }),
  }))
  let left = max
  for await (const { partition, records } of replay(cluster, topic, left === 0 ? [] : positions, { signal })) {
    const wanted = records.slice(0, left)
    left -= wanted.length
    await write(output, Buffer.concat(wanted.map((record) => print(partition, record))))
    if (left === 0) return
  }
}

function formatOf({ json, keySeparator, format }: ConsumeOptions): Format {
  if (json === true) return 'json'
  return keySeparator === undefined ? format : 'key:value'
}

function partitionList(text: string): number[] {
  if (!/^\d{1,9}(,\d{1,9})*$/.test(text)) throw new InvalidArgumentError('It must be a partition number, or several with commas.')
  return [...new Set(text.split(',').map(Number))]
}
