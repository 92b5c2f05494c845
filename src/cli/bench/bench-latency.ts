// ottla bench latency: how soon a consumer that waits has a record, counted from when the record was due to be sent.

import type { Command } from 'commander'
import { LatencyLoad } from '../../client/load/latency-load.ts'
import { Measurement } from '../../client/load/measurement.ts'
import { withCluster } from '../brokers.ts'
import { examples, positive } from '../options.ts'
import { formatCount, formatNumber, type Terminal, writeLine } from '../terminal.ts'
import { ACKS, type Acks, addBenchOptions, addWriteOptions, positiveNumber, type TopicOptions } from './bench-options.ts'
import { runLoad } from './bench-run.ts'
import { latenciesOf, resultOf, summary } from './bench-text.ts'
import { withBenchTopic } from './bench-topic.ts'
import { steadyPace } from './pace.ts'
import { sampleBatch } from './sample-batch.ts'

interface LatencyOptions extends TopicOptions {
  readonly acks: Acks
  readonly recordBytes: number
  readonly rate: number
}

const PARTITIONS = 1

export function addBenchLatency(bench: Command, terminal: Terminal): void {
  const command = bench
    .command('latency')
    .description('how soon a record is with a consumer that waits for it: one record a request, at a steady pace')
    .option('--record-bytes <bytes>', 'how large a record is', positive, 1024)
    .option('-r, --rate <records>', 'records a second', positiveNumber, 1000)
    .addHelpText(
      'after',
      examples('ottla bench latency', 'ottla bench latency --rate 10000 --seconds 60', 'ottla bench latency --config durability=os --json'),
    )
  addWriteOptions(addBenchOptions(command), { partitions: PARTITIONS }).action((options: LatencyOptions) => benchLatency(options, terminal))
}

async function benchLatency(options: LatencyOptions, terminal: Terminal): Promise<void> {
  const { recordBytes, rate, acks, bootstrap } = options
  const { batch } = await sampleBatch({ recordBytes, batchBytes: recordBytes }, 'none')
  await withCluster(options, async (cluster) =>
    withBenchTopic(cluster, { ...options, partitionsByDefault: PARTITIONS }, terminal, async ({ topic, endOffsets }) => {
      const [measurement, acknowledgements] = [new Measurement(), new Measurement()]
      const start = (onEnd: (error: Error) => void) =>
        LatencyLoad.start({
          cluster,
          topic,
          endOffsets,
          acks: ACKS[acks],
          batch,
          pace: steadyPace(rate),
          measurement,
          acknowledgements,
          onEnd,
        })
      const result = await runLoad(options, terminal, measurement, start, () => {
        measurement.restart()
        acknowledgements.restart()
      })
      const { latencies: ackLatencies } = acknowledgements.total()
      const asked = { topic: topic.name, partitions: topic.partitions.length, recordBytes, rate, acks }
      const acknowledgement = ackLatencies.count === 0 ? undefined : latenciesOf(ackLatencies)
      if (options.json === true)
        await writeLine(terminal.output, JSON.stringify({ benchmark: 'latency', ...asked, ...resultOf(result), acknowledgement }))
      else {
        const title = `end to end through "${topic.name}" on ${bootstrap}: ${formatCount(asked.partitions, 'partition')}, ${formatNumber(rate)} records/s, acks=${acks}`
        await writeLine(terminal.output, summary(title, result, 'from when it was due until the consumer had it'))
      }
    }),
  )
}
