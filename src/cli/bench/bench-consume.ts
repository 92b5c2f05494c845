// ottla bench consume: fetches onwards, looking at nothing but the batches' headers.

import type { Command } from 'commander'
import { EARLIEST, LATEST, offsetsAt } from '../../client/admin.ts'
import { FetchLoad, type Range } from '../../client/load/fetch-load.ts'
import { Measurement } from '../../client/load/measurement.ts'
import { findTopic, withCluster } from '../brokers.ts'
import { Failure } from '../failure.ts'
import { examples, positive, wholeNumber } from '../options.ts'
import { formatCount, type Terminal, writeLine } from '../terminal.ts'
import { addBenchOptions, type BenchOptions } from './bench-options.ts'
import { runLoad } from './bench-run.ts'
import { resultOf, summary } from './bench-text.ts'

interface ConsumeOptions extends BenchOptions {
  readonly connections: number
  readonly fetchBytes: number
  readonly maxWaitMs: number
  readonly eachReadsAll?: boolean
  readonly repeat?: boolean
  readonly follow?: boolean
}

export function addBenchConsume(bench: Command, terminal: Terminal): void {
  const command = bench
    .command('consume')
    .description('how many records a broker gives: from the beginning of a topic to what is there now')
    .option('--connections <count>', 'how many connections read; they share the partitions', positive, 4)
    .option('--each-reads-all', 'every connection reads every partition')
    .option('--repeat', 'begin again at the end, until the time is over')
    .option('--follow', 'read what comes from now on, until the time is over')
    .option('--warm-up-seconds <count>', 'how long to run before measuring; for --repeat and --follow', wholeNumber, 0)
    .option('--fetch-bytes <bytes>', 'of a partition in one answer, at most (max.partition.fetch.bytes)', positive, 1 << 20)
    .option('--max-wait-ms <ms>', 'how long a broker may wait for records (fetch.max.wait.ms)', wholeNumber, 500)
    .addHelpText(
      'after',
      examples(
        'ottla bench produce --keep-topic && ottla bench consume',
        'ottla bench consume --repeat --seconds 30',
        'ottla bench consume --follow --each-reads-all --connections 100 --json',
      ),
    )
  addBenchOptions(command).action((options: ConsumeOptions) => benchConsume(options, terminal))
}

async function benchConsume(options: ConsumeOptions, terminal: Terminal): Promise<void> {
  const { topic: name, connections, fetchBytes, maxWaitMs, eachReadsAll = false, repeat = false, follow = false, bootstrap } = options
  if (repeat && follow) throw new Failure('usage', '--repeat and --follow do not go together')
  await withCluster(options, async (cluster) => {
    const topic = await findTopic(cluster, name, options)
    const partitions = topic.partitions.map(({ partition }) => partition)
    const ends = await offsetsAt(cluster, topic, partitions, LATEST)
    const starts = follow ? ends : await offsetsAt(cluster, topic, partitions, EARLIEST)
    const ranges = partitions.map((partition): Range => {
      const end = follow ? Infinity : ends.get(partition)!.offset
      return { partition, begin: starts.get(partition)!.offset, end }
    })
    if (ranges.every(({ begin, end }) => begin >= end))
      throw new Failure('refused', `topic "${name}" is empty. Write to it with: ottla bench produce --topic ${name}`)
    const measurement = new Measurement()
    const result = await runLoad(options, terminal, measurement, (onEnd) =>
      FetchLoad.start({
        cluster,
        topic,
        ranges,
        connections,
        eachReadsAll,
        repeats: repeat,
        partitionBytesMax: fetchBytes,
        maxWaitMs,
        measurement,
        onEnd,
      }),
    )
    const asked = { topic: name, partitions: partitions.length, connections, eachReadsAll, repeat, follow, fetchBytes, maxWaitMs }
    if (options.json === true) await writeLine(terminal.output, JSON.stringify({ benchmark: 'consume', ...asked, ...resultOf(result) }))
    else {
      const who = `${formatCount(connections, 'connection')}${eachReadsAll ? ' that read all of it each' : ''}`
      const title = `consumed "${name}" from ${bootstrap}: ${formatCount(partitions.length, 'partition')}, ${who}`
      await writeLine(terminal.output, summary(title, result, 'from request to the end of its answer'))
    }
  })
}
