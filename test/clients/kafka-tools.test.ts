// Kafka's own command-line tools, and the Java client below them.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { brokerUnderTest, newTopic, type TestBroker } from '../support/broker-process.ts'
import { describeWith } from '../support/test-clients.ts'
import { consumeWithConsole, offsetForTimestamp, produceWithConsole } from './drivers/console-tools.ts'
import { KafkaTools } from './drivers/kafka-tools.ts'
import { record } from './drivers/records.ts'

describeWith('kafka')("Kafka's tools", () => {
  let broker: TestBroker
  let tools: KafkaTools

  beforeAll(async () => {
    broker = await brokerUnderTest()
    tools = new KafkaTools()
  })

  afterAll(async () => {
    tools?.close()
    await broker?.stop()
  })

  const topicCommand = (...options: string[]): Promise<string> =>
    tools.output('TopicCommand', ['--bootstrap-server', broker.bootstrap, ...options])

  async function createTopic(partitionCount: number, ...options: string[]): Promise<string> {
    const topic = newTopic('tools')
    await topicCommand('--create', '--topic', topic, '--partitions', String(partitionCount), ...options)
    return topic
  }

  describe('TopicCommand', () => {
    it('creates a topic with configs, and describes it', async () => {
      const topic = await createTopic(
        3,
        '--replication-factor',
        '1',
        '--config',
        'retention.ms=3600000',
        '--config',
        'cleanup.policy=compact',
      )
      const [summary, ...partitions] = (await topicCommand('--describe', '--topic', topic)).trim().split('\n')
      expect(summary).toMatch(
        new RegExp(`^Topic: ${topic}\\s+TopicId: [\\w-]{22}\\s+PartitionCount: 3\\s+ReplicationFactor: 1\\s+Configs: `),
      )
      const configs = summary!.split('Configs: ')[1]!.split(',')
      expect(configs).toEqual(expect.arrayContaining(['retention.ms=3600000', 'cleanup.policy=compact']))
      expect(partitions.map((line) => /Partition: (\d+)\s+Leader: (\d+)\s+Replicas: (\d+)\s+Isr: (\d+)/.exec(line)?.slice(1))).toEqual([
        ['0', '1', '1', '1'],
        ['1', '1', '1', '1'],
        ['2', '1', '1', '1'],
      ])
    })

    it('lists topics', async () => {
      const topics = [await createTopic(1), await createTopic(1)]
      expect((await topicCommand('--list')).split('\n')).toEqual(expect.arrayContaining(topics))
    })

    it('deletes a topic, whose name is then free for a new and empty one', async () => {
      const topic = await createTopic(1)
      await produceWithConsole(tools, broker.bootstrap, topic, [record('old', 'record')])
      await topicCommand('--delete', '--topic', topic)
      expect((await topicCommand('--list')).split('\n')).not.toContain(topic)
      await topicCommand('--create', '--topic', topic, '--partitions', '1')
      await produceWithConsole(tools, broker.bootstrap, topic, [record('new', 'record')])
      const [first] = await consumeWithConsole(tools, broker.bootstrap, topic, { offset: 0 }, 1)
      expect(first).toMatchObject({ offset: 0, key: 'new' })
    })

    it.each([
      { title: 'that exists', options: (topic: string) => ['--topic', topic], says: 'TopicExistsException' },
      { title: 'with an illegal name', options: () => ['--topic', 'what/ever'], says: 'InvalidTopicException' },
      {
        title: 'with two replicas',
        options: () => ['--topic', newTopic('no'), '--replication-factor', '2'],
        says: 'InvalidReplicationFactorException',
      },
      { title: 'with an unknown config', options: () => ['--topic', newTopic('no'), '--config', 'no.such=1'], says: 'no.such' },
    ])('fails to create a topic $title', async ({ options, says }) => {
      const exists = await createTopic(1)
      const result = await tools.run('TopicCommand', ['--bootstrap-server', broker.bootstrap, '--create', ...options(exists)])
      expect(result.exitCode).toBe(1)
      expect(result.errors + result.output).toContain(says)
    })
  })

  describe('GetOffsetShell', () => {
    it('answers earliest, latest and the offset of the largest timestamp, of every partition', async () => {
      const topic = await createTopic(2)
      await produceWithConsole(tools, broker.bootstrap, topic, [record('a', '1')])
      await produceWithConsole(tools, broker.bootstrap, topic, [record('a', '2')])
      const ask = async (time: string): Promise<string[]> =>
        (await tools.output('GetOffsetShell', ['--bootstrap-server', broker.bootstrap, '--topic', topic, '--time', time]))
          .trim()
          .split('\n')
      const written = (await ask('latest')).find((line) => line.endsWith(':2'))!.split(':')[1]!
      const other = written === '0' ? '1' : '0'
      expect(await ask('latest')).toEqual(expect.arrayContaining([`${topic}:${written}:2`, `${topic}:${other}:0`]))
      expect(await ask('earliest')).toEqual([`${topic}:0:0`, `${topic}:1:0`])
      expect(await ask('earliest-local')).toEqual([`${topic}:0:0`, `${topic}:1:0`])
      expect(await ask('max-timestamp')).toContain(`${topic}:${written}:1`)
    })

    it('answers the first offset at or after a timestamp', async () => {
      const topic = await createTopic(1)
      await produceWithConsole(tools, broker.bootstrap, topic, [record('a', '1')])
      await new Promise((resolve) => setTimeout(resolve, 5))
      const between = Date.now()
      await produceWithConsole(tools, broker.bootstrap, topic, [record('a', '2')])
      expect(await offsetForTimestamp(tools, broker.bootstrap, topic, between)).toBe(1)
      expect(await offsetForTimestamp(tools, broker.bootstrap, topic, 0)).toBe(0)
    })
  })

  describe('ProducerPerformance', () => {
    it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'])('sends its records to every partition with %s', async (codec) => {
      const topic = await createTopic(4)
      const command = [
        '--topic',
        topic,
        '--num-records',
        '20000',
        '--record-size',
        '500',
        '--throughput',
        '-1',
        '--bootstrap-server',
        broker.bootstrap,
      ]
      const output = await tools.output('ProducerPerformance', [...command, '--command-property', 'acks=all', `compression.type=${codec}`])
      expect(output).toContain('20000 records sent')
      const offsets = await tools.output('GetOffsetShell', ['--bootstrap-server', broker.bootstrap, '--topic', topic])
      const counts = offsets
        .trim()
        .split('\n')
        .map((line) => Number(line.split(':')[2]))
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(20_000)
    })
  })

  describe('BrokerApiVersionsCommand', () => {
    it('lists what the broker speaks', async () => {
      const output = await tools.output('BrokerApiVersionsCommand', ['--bootstrap-server', broker.bootstrap])
      expect(output).toMatch(/Produce\(0\): 0 to 13/)
      expect(output).toMatch(/Fetch\(1\): 4 to 18/)
    })
  })
})
