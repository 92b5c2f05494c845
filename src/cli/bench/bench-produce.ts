// ottla bench produce: the same batches over and over, encoded once, so that the broker is measured and not the client.

import { type Command, Option } from 'commander'
import { Measurement } from '../../client/load/measurement.ts'
import { ProduceLoad } from '../../client/load/produce-load.ts'
import { type Codec, CODECS } from '../../wire/records/codecs.ts'
import { withCluster } from '../brokers.ts'
import { examples, positive } from '../options.ts'
import { formatCount, type Terminal, writeLine } from '../terminal.ts'
import { ACKS, type Acks, addBenchOptions, addWriteOptions, positiveNumber, type TopicOptions } from './bench-options.ts'
import { runLoad } from './bench-run.ts'
import { type Measured, resultOf, summary } from './bench-text.ts'
import { withBenchTopic } from './bench-topic.ts'
import { steadyPace } from './pace.ts'
import { sampleBatch } from './sample-batch.ts'

interface ProduceOptions extends TopicOptions {
  readonly acks: Acks
  readonly recordBytes: number
  readonly batchBytes: number
  readonly codec: Codec
  readonly connections: number
  readonly inFlight: number
  readonly partitionsPerRequest: number
  readonly rate?: number
}

const PARTITIONS = 8

export function addBenchProduce(bench: Command, terminal: Terminal): void {
  const command = bench
    .command('produce')
    .description('how many records a broker takes: valid batches, encoded beforehand, on pipelined connections')
    .option('--record-bytes <bytes>', 'how large a record is', positive, 1024)
    .option('--batch-bytes <bytes>', 'how large a batch is before compression; one record if that is less', positive, 64 << 10)
    .addOption(new Option('-z, --codec <codec>', 'how batches are compressed').choices(CODECS).default('none'))
    .option('--connections <count>', 'how many connections write', positive, 4)
    .option('--in-flight <count>', 'how many requests of each wait for their answer', positive, 5)
    .option('--partitions-per-request <count>', 'how many partitions a request has a batch for', positive, 1)
    .option('-r, --rate <records>', 'records a second; latencies count from when one was due (default: as fast as it goes)', positiveNumber)
    .addHelpText(
      'after',
      examples(
        'ottla bench produce',
        'ottla bench produce --record-bytes 100 --batch-bytes 100 --connections 64 --in-flight 1',
        'ottla bench produce --codec lz4 --partitions 64 --bootstrap kafka.example:9092',
        'ottla bench produce --rate 50000 --seconds 60 --json',
        'ottla bench produce --config durability=os --keep-topic',
      ),
    )
  addWriteOptions(addBenchOptions(command), { partitions: PARTITIONS }).action((options: ProduceOptions) => benchProduce(options, terminal))
}

async function benchProduce(options: ProduceOptions, terminal: Terminal): Promise<void> {
  const { connections, inFlight, rate, acks } = options
  const { batch, records } = await sampleBatch(options, options.codec)
  await withCluster(options, async (cluster) =>
    withBenchTopic(cluster, { ...options, partitionsByDefault: PARTITIONS }, terminal, async ({ topic }) => {
      const partitions = topic.partitions.length
      const partitionsPerRequest = Math.min(options.partitionsPerRequest, partitions)
      const measurement = new Measurement()
      const result = await runLoad(options, terminal, measurement, (onEnd) =>
        ProduceLoad.start({
          cluster,
          topic,
          connections,
          inFlight,
          acks: ACKS[acks],
          partitionsPerRequest,
          batch,
          recordsPerBatch: records,
          ...(rate === undefined ? {} : { pace: steadyPace(rate / (records * partitionsPerRequest)) }),
          measurement,
          onEnd,
        }),
      )
      const asked = { partitions, partitionsPerRequest, recordsPerBatch: records, batchBytes: batch.length }
      await writeLine(terminal.output, options.json === true ? asJson(options, asked, result) : asText(options, partitions, result))
    }),
  )
}

function asJson(options: ProduceOptions, asked: object, result: Measured): string {
  const { topic, recordBytes, codec, acks, connections, inFlight, rate } = options
  return JSON.stringify({
    benchmark: 'produce',
    topic,
    recordBytes,
    codec,
    acks,
    connections,
    inFlight,
    rate,
    ...asked,
    ...resultOf(result),
  })
}

function asText({ topic, bootstrap, connections, inFlight, acks, rate }: ProduceOptions, partitions: number, result: Measured): string {
  const who = `${formatCount(connections, 'connection')} with ${formatCount(inFlight, 'request')} in flight`
  const title = `produced to "${topic}" on ${bootstrap}: ${formatCount(partitions, 'partition')}, ${who}, acks=${acks}`
  return summary(title, result, `from ${rate === undefined ? 'request' : 'when it was due'} to answer`)
}
