// What Kafka's own tools print of `__consumer_offsets`: the same of Ottla as of a real Kafka for the same history, tombstones too. ConsoleConsumer with the
// formatters for offsets and for group metadata reads it as a topic; DumpLogSegments, which knows the records of the consumer protocol too, reads its files.

import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listOffsets } from '../../../src/wire/messages/list-offsets.ts'
import { startOttla, temporaryFolder } from '../../support/broker-process.ts'
import { startKafka } from '../../support/kafka-process.ts'
import { describeWith } from '../../support/test-clients.ts'
import { WireConnection } from '../../support/wire-connection.ts'
import { KafkaTools } from '../drivers/kafka-tools.ts'
import { complaintsOf, segmentFiles } from '../drivers/segment-dump.ts'
import { live } from './printed-history.ts'
import { comparable, dumpedRecords, formattedRecords, type PrintedRecord } from './printed-record.ts'

const OFFSETS = '__consumer_offsets'
/** One partition, no member that waits for others, and none that waits for its assignment. */
const SETTINGS = {
  'offsets.topic.num.partitions': 1,
  'group.initial.rebalance.delay.ms': 0,
  'group.consumer.min.assignment.interval.ms': 0,
  'group.consumer.assignment.interval.ms': 0,
}
const settings = Object.entries(SETTINGS).map(([name, value]) => `${name}=${value}`)

const BROKERS = {
  Kafka: () => startKafka(join(temporaryFolder(), 'kafka'), settings),
  Ottla: () => startOttla({ durability: 'os', flags: settings.flatMap((setting) => ['--set', setting]) }),
}

const PRINTED = ['OffsetsMessageFormatter', 'GroupMetadataMessageFormatter', 'DumpLogSegments'] as const
type Printed = Record<(typeof PRINTED)[number], PrintedRecord[]>

describeWith('kafka')('the records of groups, as Kafka’s tools print them', () => {
  const printed = new Map<string, Printed>()
  let tools: KafkaTools

  beforeAll(async () => {
    tools = new KafkaTools()
    for (const [name, start] of Object.entries(BROKERS)) {
      const broker = await start()
      try {
        const history = await live(broker.bootstrap)
        const consumed = async (formatter: string): Promise<PrintedRecord[]> =>
          formattedRecords(comparable(await consumedWith(formatter, broker.bootstrap), history))
        printed.set(name, {
          OffsetsMessageFormatter: await consumed('OffsetsMessageFormatter'),
          GroupMetadataMessageFormatter: await consumed('GroupMetadataMessageFormatter'),
          DumpLogSegments: dumpedRecords(comparable(await dumped(broker.dataFolder), history)),
        })
      } finally {
        await broker.stop()
      }
    }
  })
  afterAll(() => tools?.close())

  async function consumedWith(formatter: string, bootstrap: string): Promise<string> {
    const where = ['--bootstrap-server', bootstrap, '--topic', OFFSETS, '--partition', '0', '--from-beginning']
    const count = ['--max-messages', String(await recordCount(bootstrap))]
    const how = ['--formatter', `org.apache.kafka.tools.consumer.${formatter}`]
    return tools.output('consumer.ConsoleConsumer', [...where, ...count, ...how])
  }

  async function dumped(dataFolder: string): Promise<string> {
    const files = segmentFiles(join(dataFolder, `${OFFSETS}-0`), '.log').join(',')
    const { output, errors } = await tools.run('DumpLogSegments', ['--offsets-decoder', '--deep-iteration', '--files', files])
    expect(complaintsOf(output + errors)).toEqual([])
    return output
  }

  it.each(PRINTED)('are the same in %s', (what) => {
    const [kafka, ottla] = [printed.get('Kafka')![what], printed.get('Ottla')![what]]
    expect(kafka.filter(({ value }) => value === null)).not.toEqual([])
    expect(kafka.filter(({ value }) => value !== null).length).toBeGreaterThan(4)
    expect(ottla).toEqual(kafka)
  })
})

async function recordCount(bootstrap: string): Promise<number> {
  const connection = await WireConnection.connect(bootstrap)
  const topics = [{ name: OFFSETS, partitions: [{ partitionIndex: 0, timestamp: -1 }] }]
  const answer = await connection.request(listOffsets, 4, { replicaId: -1, topics })
  connection.close()
  return answer.topics[0]!.partitions[0]!.offset
}
