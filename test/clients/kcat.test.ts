// kcat, the command line of librdkafka.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { brokerUnderTest, newTopic, type TestBroker } from '../support/broker-process.ts'
import { describeWith } from '../support/test-clients.ts'
import { createTopic } from './drivers/kafkajs.ts'
import { Kcat } from './drivers/kcat.ts'
import { record } from './drivers/records.ts'

interface KcatMetadata {
  brokers: { id: number; name: string }[]
  topics: { topic: string; partitions: { partition: number; leader: number; replicas: { id: number }[] }[] }[]
}

describeWith('kcat')('kcat', () => {
  let broker: TestBroker
  let kcat: Kcat

  beforeAll(async () => {
    broker = await brokerUnderTest()
    kcat = new Kcat(broker.bootstrap)
  })

  afterAll(() => broker?.stop())

  async function newPartitions(partitionCount: number): Promise<string> {
    const topic = newTopic('kcat')
    await createTopic(broker.bootstrap, topic, partitionCount)
    return topic
  }

  it('lists the broker under the address that it was reached at, and the partitions of a topic', async () => {
    const topic = await newPartitions(3)
    const metadata = JSON.parse(await kcat.run(['-L', '-J', '-t', topic])) as KcatMetadata
    expect(metadata.brokers).toHaveLength(1)
    expect(metadata.brokers[0]!.name).toBe(broker.bootstrap)
    const [listed] = metadata.topics
    expect(listed!.partitions.map(({ partition }) => partition)).toEqual([0, 1, 2])
    for (const partition of listed!.partitions) expect(partition.leader).toBe(metadata.brokers[0]!.id)
  })

  it('makes a topic by producing to it', async () => {
    const topic = newTopic('auto-created')
    await kcat.run(['-P', '-t', topic], 'first\nsecond\n')
    expect((await kcat.consume(topic, { offset: 0 }, 2)).map(({ value }) => value)).toEqual(['first', 'second'])
  })

  it('reads a missing topic as unknown', async () => {
    await expect(kcat.run(['-C', '-e', '-t', newTopic('missing'), '-X', 'allow.auto.create.topics=false'])).rejects.toThrow(/Unknown topic/)
  })

  it.each(['0', '1', 'all'])('produces with acks=%s', async (acks) => {
    const topic = await newPartitions(1)
    const records = Array.from({ length: 1000 }, (_, index) => record(`key ${index}`, `value ${index}`))
    await kcat.produce(topic, records, ['-X', `acks=${acks}`, '-X', 'batch.num.messages=10'])
    const read = await kcat.consume(topic, { offset: 0 }, 1000)
    expect(read.map(({ value }) => value)).toEqual(records.map(({ value }) => value))
  })

  it('produces as an idempotent producer', async () => {
    const topic = await newPartitions(1)
    const records = Array.from({ length: 1000 }, (_, index) => record(null, `value ${index}`))
    await kcat.produce(topic, records, ['-X', 'enable.idempotence=true', '-X', 'batch.num.messages=7'])
    const read = await kcat.consume(topic, { offset: 0 }, 1000)
    expect(read.map(({ offset, value }) => [offset, value])).toEqual(records.map(({ value }, index) => [index, value]))
  })

  it('reads the last records, and ends at the end of a partition', async () => {
    const topic = await newPartitions(1)
    await kcat.run(['-P', '-t', topic], 'a\nb\nc\nd\n')
    expect(await kcat.run(['-C', '-q', '-e', '-t', topic, '-p', '0', '-o', '-2', '-f', '%o %s\n'])).toBe('2 c\n3 d\n')
    expect(await kcat.run(['-C', '-q', '-e', '-t', topic, '-p', '0', '-o', 'end', '-f', '%o %s\n'])).toBe('')
  })

  it('reads every partition of a topic', async () => {
    const topic = await newPartitions(3)
    for (const partition of ['0', '1', '2']) await kcat.run(['-P', '-t', topic, '-p', partition], `of ${partition}\n`)
    const output = await kcat.run(['-C', '-q', '-e', '-t', topic, '-o', 'beginning', '-f', '%p %o %s\n'])
    expect(output.trim().split('\n').toSorted()).toEqual(['0 0 of 0', '1 0 of 1', '2 0 of 2'])
  })

  it('asks for the offset of a timestamp', async () => {
    const topic = await newPartitions(1)
    await kcat.run(['-P', '-t', topic], 'a\nb\n')
    const [first] = await kcat.consume(topic, { offset: 0 }, 2)
    const offsetFor = async (timestamp: number): Promise<string> => (await kcat.run(['-Q', '-t', `${topic}:0:${timestamp}`])).trim()
    expect(await offsetFor(first!.timestamp)).toBe(`${topic} [0] offset 0`)
    expect(await offsetFor(-1)).toBe(`${topic} [0] offset 2`)
    expect(await offsetFor(-2)).toBe(`${topic} [0] offset 0`)
  })

  it('waits at the end of a partition, and reads what arrives', async () => {
    const topic = await newPartitions(1)
    await kcat.run(['-P', '-t', topic], 'before\n')
    const waiting = kcat.run([
      '-C',
      '-q',
      '-t',
      topic,
      '-p',
      '0',
      '-o',
      'beginning',
      '-c',
      '2',
      '-X',
      'fetch.wait.max.ms=10000',
      '-f',
      '%s\n',
    ])
    await new Promise((resolve) => setTimeout(resolve, 500))
    await kcat.run(['-P', '-t', topic], 'after\n')
    expect(await waiting).toBe('before\nafter\n')
  })
})
